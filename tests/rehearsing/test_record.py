"""The record world: a lived life is lived the same on its version, and goes by what is known on another."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import ScenarioSection
from schemas.document.steps import Decide
from schemas.ids import VersionId
from schemas.journey.outcome import Held, Refused
from schemas.journey.path import JourneyPath
from schemas.journey.program import Program
from schemas.journey.signals import Broadcast, Move
from schemas.journey.state import JourneyStart
from schemas.reasons import Ending, Reason
from starter.documents import load_document
from starter.rehearsing.entrance import Entrance
from starter.rehearsing.run import RunTester
from starter.versioning.path_differences import difference_in_words
from tests.documents.starters import BACK
from tests.interpreter.journeys import DAWN, Life, lives, told_once
from tests.interpreter.talks import conversations, talks
from workflows.compiler.compile import compile_document
from workflows.worlds.record import Record, replay_recorded
from workflows.worlds.recorded_run import Recorded
from workflows.worlds.rehearsal import Happening, rehearse

thoroughly = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG_AFTER = timedelta(days=400)
REMINDER = "      - wait: 2 days\n        id: pause\n      - send: still-here"


def _questions(program: Program) -> frozenset[str]:
    steps = (step.id for step in program.steps.values() if isinstance(step, Decide))
    return frozenset({*steps, *(f"on {entry.event}" for entry in program.threads)})


async def _no(question: str) -> int | None:
    return None


async def lived_again(start: JourneyStart, path: JourneyPath, tried: Program) -> tuple[JourneyPath, list[str]]:
    """The path of this record on a version, and the messages that are not on record; questions are asked the same."""
    until = None if path.ending is not None else start.entered_at + LONG_AFTER
    same = _questions(tried) & _questions(start.program)
    recorded = Recorded(start, path, until)
    world = Record(recorded, tried, same, _no)
    return (await replay_recorded(recorded, world, tried))[1], world.new_messages


def _again(start: JourneyStart, path: JourneyPath, tried: Program) -> tuple[JourneyPath, list[str]]:
    return asyncio.run(lived_again(start, path, tried))


def _staying(life: Life) -> Life:
    return replace(life, happenings=tuple(each for each in life.happenings if not isinstance(each.signal, Move)))


def _asked_to_speak_twice_at_once() -> Life:
    asked = (Happening(DAWN, Broadcast(message="news")), Happening(DAWN, Broadcast(message="sorry")))
    return replace(told_once(), happenings=asked)


@thoroughly
@given(st.one_of(lives(), talks()))
@example(_asked_to_speak_twice_at_once())
def test_the_same_version_gives_the_same_path(life: Life) -> None:
    life = _staying(life)
    _, path = rehearse(life.start, life.world())
    event(str(path.ending))
    assert _again(life.start, path, life.start.program) == (path, [])


@thoroughly
@given(talks(), conversations(), conversations(general=True))
def test_any_record_can_be_lived_on_any_version(
    life: Life, other: ConversationDocument, general: ConversationDocument
) -> None:
    _, path = rehearse(life.start, life.world())
    tried = compile_document(general if life.start.alert_id is None else other, VersionId("v@3"))
    replayed, _ = _again(life.start, path, tried)
    event(f"{path.ending} {replayed.ending}")
    assert not replayed.entries or replayed.entries[0].entered_at == DAWN
    assert all(entry.left_at == following.entered_at for entry, following in pairwise(replayed.entries))


def _dry(changed: str, *happens: dict[str, object]) -> tuple[JourneyPath, JourneyPath, list[str], str | None]:
    """The starter lived with these happenings, and its record on a changed text."""
    before, after = load_document(BACK, "f"), load_document(changed, "f")
    scenario = ScenarioSection.model_validate({"name": "S", "happens": happens})
    path = RunTester(before).run(scenario).path
    start = Entrance.of(before, scenario).start(before, compile_document(before, VersionId("b@1")))
    replayed, new = _again(start, path, compile_document(after, VersionId("b@2")))
    return path, replayed, new, difference_in_words(path, replayed)


def test_a_removed_reminder_is_missed_by_whoever_got_it_and_by_nobody_in_line() -> None:
    shorter = (
        _scenarios_left_out(BACK)
        .replace("      - send: still-here ", "      # send: still-here ")
        .replace("        id: still-here\n", "")
    )
    *_, said = _dry(shorter, {"after": "3 days", "stock": 1})
    assert said is not None
    assert "would not get 'still-here' (sent 2026-03-07 09:00:00)" in said
    *_, said = _dry(shorter)
    assert said is None


def test_a_longer_wait_brings_the_same_message_later_with_what_became_of_it() -> None:
    longer = _scenarios_left_out(BACK).replace("- wait: 2 days", "- wait: 3 days")
    _, replayed, new, said = _dry(longer, {"after": "3 days", "stock": 1})
    assert new == []
    assert said is not None
    assert "would get 'still-here' 1 day later" in said
    assert "would rest 3 days instead of 2 days at 'pause'" in said
    path, replayed, _, said = _dry(longer, {"after": "3 days", "stock": 1}, {"after": "4 days", "stock": 0})
    refused = [entry.outcome for entry in replayed.entries if isinstance(entry.outcome, Refused)]
    assert [each.reason for each in refused] == [Reason.SOLD_OUT_AGAIN]
    assert path.ending is replayed.ending is Ending.COMPLETED


def test_a_message_that_is_not_on_record_counts_as_sent_and_is_told() -> None:
    more = (
        _scenarios_left_out(BACK)
        .replace(REMINDER, "      - wait: 1 day\n      - send: extra\n" + REMINDER)
        .replace("messages:\n", "messages:\n  extra: {channel: email, subject: More, text: More}\n")
    )
    _, replayed, new, said = _dry(more, {"after": "3 days", "stock": 1})
    assert new == ["extra"]
    assert said is not None
    assert "would get 'extra' (2026-03-06 09:00:00)" in said
    assert replayed.ending is Ending.COMPLETED


def test_a_message_that_somebody_has_to_approve_now_is_where_the_record_ends() -> None:
    manual = _scenarios_left_out(BACK).replace("- send: it-is-back", "- send: it-is-back\n        status: manual")
    _, replayed, _, said = _dry(manual, {"after": "3 days", "stock": 1})
    assert isinstance(replayed.entries[-1].outcome, Held)
    assert replayed.ending is None
    assert said is not None
    assert "wait for somebody to approve 'it-is-back'" in said


def test_the_same_conversation_without_its_scenarios_differs_for_nobody() -> None:
    path, replayed, _, said = _dry(_scenarios_left_out(BACK), {"after": "3 days", "stock": 1})
    assert said is None
    assert replayed == path.model_copy(update={"version": "b@2"})


def _scenarios_left_out(text: str) -> str:
    return text[: text.index("\nscenarios:")]
