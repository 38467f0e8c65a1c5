"""The record world: a life that was lived is lived the same on the same version, and goes by what is known on another."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from schemas.ids import StepId, VersionId
from schemas.journey import Hear, JourneyStart, Leave, Move, PlaceGiven
from schemas.outcome import Sent
from schemas.path import JourneyPath, Why
from schemas.program import Branch, Decide, Entry, Exit, Program, Send, Wait, WaitFor
from schemas.reasons import Ending, Reason
from tests.interpreter.journeys import DAWN, Answers, Life, lives, start_of
from tests.interpreter.talks import talks
from workflows.interpreter.record import Record, Recorded, live_again
from workflows.interpreter.rehearsal import Happening, rehearse

thoroughly = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _questions(program: Program) -> frozenset[str]:
    steps = (step.id for step in program.steps.values() if isinstance(step, Decide))
    return frozenset({*steps, *(f"on {entry.event}" for entry in program.entries)})


async def _nobody(question: str) -> int | None:
    raise AssertionError(f"{question} is asked in both versions")


def _again(start: JourneyStart, path: JourneyPath, tried: Program) -> tuple[JourneyPath, list[str]]:
    recorded = Recorded(start, path, until=None if path.ending is not None else DAWN + timedelta(days=400))
    world = Record(recorded, tried, _questions(tried) & _questions(start.program), _nobody)
    return asyncio.run(live_again(recorded, world, tried))[1], world.new_messages


@thoroughly
@given(st.one_of(lives(), talks()))
def test_the_same_version_gives_the_same_path(life: Life) -> None:
    staying = tuple(each for each in life.happenings if not isinstance(each.signal, Move))
    life = replace(life, happenings=staying)
    _, path = rehearse(life.start, life.world())
    event(str(path.ending))
    assert _again(life.start, path, life.start.program) == (path, [])
