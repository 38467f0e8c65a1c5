"""What is said to who still waits in line: at its time, at most once each, and never in the way of a place."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.journey.outcome import AfterRefusal, Deferred, Outcome, Refused, Sent
from schemas.journey.path import Why
from schemas.journey.program import StillWaiting, Terms
from schemas.journey.signals import Move, PlaceGiven
from schemas.reasons import Ending, Reason
from tests.interpreter.journeys import DAWN, ENDINGS, WINDOW, Answers, Life, told_once
from workflows.interpreter.journey import Ended
from workflows.worlds.rehearsal import Happening, rehearse

DAY = timedelta(days=1)
SENT = ENDINGS[0]


def _waiting(*said: StillWaiting, answers: Answers | None = None, happens: tuple[Happening, ...] = ()) -> Life:
    life = told_once()
    program = life.start.program.model_copy(update={"terms": {"back": Terms(while_waiting=said)}})
    start = life.start.model_copy(update={"program": program})
    return replace(life, start=start, happenings=happens, answers=answers or life.answers)


def _said(life: Life) -> tuple[list[tuple[str, timedelta]], Ended | None]:
    world = life.world()
    ended, _ = rehearse(life.start, world)
    return [(request.step.id, at - DAWN) for at, request in world.delivered], ended


EVERY_TWO_WEEKS = StillWaiting(after=14 * DAY, message="still", times=9)


def test_it_is_said_at_its_times_until_the_window_ends() -> None:
    said, ended = _said(_waiting(EVERY_TWO_WEEKS))
    weeks = [("while-waiting/2-weeks", 14), ("while-waiting/4-weeks", 28), ("while-waiting/6-weeks", 42)]
    assert said == [(step, days * DAY) for step, days in (*weeks, ("while-waiting/8-weeks", 56))]
    assert ended == Ended(Ending.EXPIRED, Reason.WINDOW_ENDED)
    assert 56 * DAY < WINDOW


def test_whom_it_was_said_to_is_told_as_ever_and_counts_as_told_by_the_alert_alone() -> None:
    told = _waiting(EVERY_TWO_WEEKS, happens=(Happening(DAWN + 20 * DAY, PlaceGiven(claim_id=1)),))
    world = told.world()
    ended, path = rehearse(told.start, world)
    assert ended == Ended(Ending.COMPLETED)
    assert [(entry.step, entry.why) for entry in path.entries] == [
        ("waiting-list", Why.STILL_WAITING),
        ("while-waiting/2-weeks", Why.ANSWERED),
        ("waiting-list", Why.PLACE_GIVEN),
        ("step-0", Why.ANSWERED),
    ]


def test_a_place_that_is_given_while_it_is_put_off_is_heard_of_at_once_and_it_is_said_no_more() -> None:
    night = 15 * DAY
    deferred = Answers((DAWN + night,), (SENT,))
    life = _waiting(
        replace_after(EVERY_TWO_WEEKS, night - timedelta(hours=5)),
        answers=deferred,
        happens=(Happening(DAWN + night - timedelta(hours=1), PlaceGiven(claim_id=1)),),
    )
    said, _ = _said(life)
    first = night - timedelta(hours=5)
    assert said == [
        ("while-waiting/355-hours", first),
        ("step-0", night - timedelta(hours=1)),
        ("step-0", night),
    ]


def test_what_is_put_off_is_said_later_in_its_place_in_the_path() -> None:
    life = _waiting(replace_after(EVERY_TWO_WEEKS, 20 * DAY), answers=Answers((DAWN + 20.25 * DAY,), (SENT,)))
    said, _ = _said(life)
    assert said[:2] == [("while-waiting/20-days", 20 * DAY), ("while-waiting/20-days", 20.25 * DAY)]


@pytest.mark.parametrize(
    ("outcome", "ending"),
    [
        (Refused(reason=Reason.IN_STOCK, then=AfterRefusal.GO_ON), Ending.EXPIRED),
        (Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.LEAVE), Ending.EXITED),
    ],
)
def test_who_is_refused_it_waits_on_or_leaves_as_the_refusal_says(outcome: Outcome, ending: Ending) -> None:
    _, ended = _said(_waiting(replace_after(EVERY_TWO_WEEKS, 40 * DAY), answers=Answers((), (outcome,))))
    assert ended is not None
    assert ended.ending is ending


def test_moved_to_a_version_that_says_it_they_hear_of_what_is_still_to_come_and_nothing_is_made_up_for() -> None:
    silent = told_once()
    program = silent.start.program.model_copy(
        update={"version": "v@2", "terms": {"back": Terms(while_waiting=(EVERY_TWO_WEEKS,))}}
    )
    moved = replace(silent, happenings=(Happening(DAWN + 30 * DAY, Move(program=program, operation_id=1)),))
    said, _ = _said(moved)
    assert [step for step, _ in said] == ["while-waiting/6-weeks", "while-waiting/8-weeks"]


def replace_after(said: StillWaiting, after: timedelta) -> StillWaiting:
    """Once, after another time."""
    return said.model_copy(update={"after": after, "times": 1})


def test_a_put_off_word_is_an_answer_of_the_check_and_no_stay() -> None:
    life = _waiting(replace_after(EVERY_TWO_WEEKS, 20 * DAY), answers=Answers((DAWN + 20.25 * DAY,), (SENT,)))
    _, path = rehearse(life.start, life.world())
    assert not any(isinstance(entry.outcome, Deferred) for entry in path.entries)
    assert [entry.outcome for entry in path.entries if isinstance(entry.outcome, Sent)] == [SENT]
