"""What a recorded life would have heard on another version: each event once, in the order in which a journey hears."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from schemas.document.steps import Send, WaitFor
from schemas.ids import StepId, VersionId
from schemas.journey.outcome import Sent
from schemas.journey.program import Program
from schemas.journey.signals import PlaceGiven
from schemas.journey.state import JourneyStart
from tests.conversations.told import talk, thread
from tests.interpreter.journeys import DAWN, start_of, told_once
from tests.interpreter.talks import BEGIN
from workflows.compiler.compile import compile_document
from workflows.worlds.record import Record, replay_recorded
from workflows.worlds.recorded_run import Recorded, RecordedEvent
from workflows.worlds.rehearsal import Answering, Happening, Rehearsal, rehearse

DAY = timedelta(days=1)
FIRST, SECOND = "custom.first", "custom.second"


def _program(*steps: dict[str, Any]) -> Program:
    return compile_document(talk("quiz", thread(BEGIN, *steps)), VersionId("quiz@1"))


def _start(program: Program) -> JourneyStart:
    nothing = {"alert_id": None, "subject": None, "window_ends_at": None}
    return start_of(program).model_copy(update={**nothing, "entered_on": BEGIN})


def _waits(event: str) -> dict[str, Any]:
    return {"wait_for": [event], "within": "5 days", "id": f"for-{event.removeprefix('custom.')}"}


def _heard(
    start: JourneyStart, tried: Program, *events: RecordedEvent, happens: tuple[Happening, ...] = ()
) -> dict[str, str | None]:
    """What each wait of the tried version heard, by its step."""
    outside = Answering(lambda request, now: Sent(message_id=request.key, at=now))
    _, path = rehearse(start, Rehearsal(DAWN, happens, outside))
    recorded = Recorded(start, path, events=events)

    async def ask(_question: str) -> int | None:
        return None

    _, replayed = asyncio.run(replay_recorded(recorded, Record(recorded, tried, frozenset(), ask), tried))
    return {entry.step: entry.event for entry in replayed.entries if entry.step.startswith("for-")}


def _event(event: str, done: float, known: float) -> RecordedEvent:
    return RecordedEvent(event, DAWN + known * DAY, DAWN + done * DAY)


@pytest.mark.parametrize(
    ("events", "first", "second"),
    [
        pytest.param((_event(FIRST, 1, 1), _event(SECOND, 2, 2)), FIRST, SECOND, id="one after the other"),
        pytest.param((_event(FIRST, 1, 3), _event(SECOND, 2, 2)), FIRST, SECOND, id="told in another order"),
        pytest.param((_event(FIRST, 2, 2), _event(SECOND, 1, 1)), FIRST, None, id="done before it was waited for"),
        pytest.param((_event(FIRST, 2, 2), _event(SECOND, 1, 3)), FIRST, None, id="told late"),
        pytest.param((_event(SECOND, 6, 6),), None, SECOND, id="the first was never done"),
        pytest.param((_event(SECOND, 4, 4),), None, None, id="missed with the wait it came in"),
    ],
)
def test_a_wait_hears_what_was_done_after_the_one_before(
    events: tuple[RecordedEvent, ...], first: str | None, second: str | None
) -> None:
    start = _start(_program({"send": "hello"}))
    tried = _program({"send": "hello"}, _waits(FIRST), _waits(SECOND))
    assert _heard(start, tried, *events) == {"for-first": first, "for-second": second}


@pytest.mark.parametrize(("day", "heard"), [(1, None), (4, FIRST)])
def test_what_was_done_in_line_is_old_when_a_wait_comes_after_it(day: int, heard: str | None) -> None:
    start = told_once().start
    ((send_id, send),) = start.program.steps.items()
    assert isinstance(send, Send)
    wait = WaitFor(id=StepId("for-first"), events=(FIRST,), window=5 * DAY)
    steps = {send_id: send.model_copy(update={"next": wait.id}), wait.id: wait}
    tried = start.program.model_copy(update={"steps": steps})
    called = Happening(DAWN + 3 * DAY, PlaceGiven(claim_id=1))
    assert _heard(start, tried, _event(FIRST, day, day), happens=(called,)) == {"for-first": heard}
