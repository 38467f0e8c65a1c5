"""How two paths differ, in words: each difference is said with what was and what would be."""

from datetime import timedelta

import pytest

from schemas.ids import JourneyId, VersionId
from schemas.journey.path import JourneyPath, PathEntry, Why
from starter.versioning.path_differences import difference_in_words
from tests.interpreter.journeys import DAWN


def _path(*entries: PathEntry) -> JourneyPath:
    return JourneyPath(journey_id=JourneyId("j-1"), version=VersionId("v@1"), entries=entries)


def _decided(branch: str | None) -> PathEntry:
    return PathEntry(step="decide-vip", kind="decide", entered_at=DAWN, left_at=DAWN, why=Why.DECIDED, branch=branch)


def _waited(length: timedelta, heard: str | None = None) -> PathEntry:
    why = Why.TIME_PASSED if heard is None else Why.HAPPENED
    return PathEntry(step="w", kind="wait_for", entered_at=DAWN, left_at=DAWN + length, why=why, event=heard)


def test_a_changed_branch_is_said_with_both() -> None:
    said = difference_in_words(_path(_decided(None)), _path(_decided("VIP")))
    assert said == "j-1 would take 'VIP' instead of 'otherwise' at 'decide-vip'."


@pytest.mark.parametrize(
    ("was", "would_be", "words"),
    [
        (timedelta(days=2), timedelta(days=3), "3 days instead of 2 days"),
        (timedelta(days=14), timedelta(hours=25, minutes=5), "1 day 1 hour 5 minutes instead of 2 weeks"),
        (timedelta(0), timedelta(minutes=1), "1 minute instead of less than a minute"),
    ],
)
def test_a_changed_wait_is_said_with_both(was: timedelta, would_be: timedelta, words: str) -> None:
    said = difference_in_words(_path(_waited(was)), _path(_waited(would_be)))
    assert said == f"j-1 would rest {words} at 'w'."


def test_a_changed_wait_that_has_another_id_for_it_is_said_with_both() -> None:
    two = _waited(timedelta(days=2)).model_copy(update={"step": "wait-2-days"})
    three = _waited(timedelta(days=3)).model_copy(update={"step": "wait-3-days"})
    said = difference_in_words(_path(two), _path(three))
    assert said == "j-1 would rest 3 days instead of 2 days at 'wait-3-days'."
    still = {"left_at": None, "why": None}
    said = difference_in_words(_path(two.model_copy(update=still)), _path(three.model_copy(update=still)))
    assert said == "j-1 would rest at 'wait-3-days' instead of 'wait-2-days'."


def test_less_than_a_minute_is_no_difference() -> None:
    assert difference_in_words(_path(_waited(timedelta(0))), _path(_waited(timedelta(seconds=50)))) is None


def test_what_is_heard_now_and_was_not_is_named_and_the_other_way_round() -> None:
    quiet, heard = _path(_waited(timedelta(days=1))), _path(_waited(timedelta(hours=1), "ordered"))
    assert difference_in_words(quiet, heard) == "j-1 would hear 'ordered' at 'w'."
    assert difference_in_words(heard, quiet) == "j-1 would not hear 'ordered' at 'w'."
