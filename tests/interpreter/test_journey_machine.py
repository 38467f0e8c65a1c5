"""The machine holds its rules for any program, any happenings and any outcomes."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.journey import Leave, Phase, PlaceGiven
from schemas.outcome import Deferred, Refused, Sent, Then, Unknown
from schemas.path import JourneyPath, Why
from schemas.program import Exit, Wait
from schemas.reasons import Ending, Reason
from tests.interpreter.journeys import DAWN, WINDOW, CuttableRehearsal, Life, at_any_moment, claims, lives, told_once
from workflows.interpreter.journey import PROVIDER_PATIENCE, WAITING_LIST, Ended
from workflows.interpreter.rehearsal import Happening, rehearse

thoroughly = settings(max_examples=150, deadline=None)


def _lived(life: Life) -> tuple[Ended, JourneyPath, CuttableRehearsal]:
    world = life.world()
    return *rehearse(life.start, world), world


_repeats = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5000)), max_size=6)


def _told_again(life: Life, repeats: list[tuple[int, int]]) -> Life:
    """The same life, in which some claims are told of once more, minutes later."""
    again = [
        Happening(first.at + timedelta(minutes=later), first.signal)
        for index, later in repeats
        if index < len(life.happenings)
        for first in (life.happenings[index],)
    ]
    return replace(life, happenings=(*life.happenings, *again))


@thoroughly
@given(lives())
def test_every_journey_ends_and_its_path_says_how(life: Life) -> None:
    ended, path, _ = _lived(life)
    assert (path.ending, path.reason) == (ended.ending, ended.reason)
    assert (ended.reason is None) == (
        ended.ending is Ending.COMPLETED and any(isinstance(e.outcome, Sent | Unknown) for e in path.entries)
    )


@thoroughly
@given(lives())
def test_a_path_has_no_gap_in_time_and_nothing_left_open(life: Life) -> None:
    _, path, _ = _lived(life)
    assert path.entries[0].entered_at == DAWN
    assert all(entry.left_at is not None and entry.why is not None for entry in path.entries)
    assert all(entry.left_at == following.entered_at for entry, following in pairwise(path.entries))
    assert all(entry.left_at is None or entry.entered_at <= entry.left_at for entry in path.entries)


@thoroughly
@given(lives())
def test_at_every_rest_only_the_last_entry_is_open(life: Life) -> None:
    _, _, world = _lived(life)
    for cut in world.cuts:
        *before, last = cut.state.path
        assert last.left_at is None
        assert all(entry.left_at is not None for entry in before)
        assert (last.step == WAITING_LIST) == (cut.state.phase is Phase.WAITING)
        assert cut.state.at == (None if cut.state.phase is Phase.WAITING else last.step)


@thoroughly
@given(lives())
def test_a_path_follows_its_program(life: Life) -> None:
    _, path, _ = _lived(life)
    steps = life.start.program.steps
    first = life.start.program.entries[0].first
    for entry, following in pairwise(path.entries):
        if following.step == WAITING_LIST:
            assert isinstance(entry.outcome, Refused)
            assert entry.outcome.then is Then.BACK_IN_LINE
        elif entry.step == WAITING_LIST:
            assert (entry.why, following.step) == (Why.PLACE_GIVEN, first)
        else:
            step = next(step for step in steps.values() if step.id == entry.step)
            assert not isinstance(step, Exit)
            assert following.step == step.next


@thoroughly
@given(lives())
def test_no_message_is_asked_for_again_once_it_was_answered(life: Life) -> None:
    _, _, world = _lived(life)
    answered = [request.key for at, request in world.delivered if not isinstance(life.answers(request, at), Deferred)]
    assert len(set(answered)) == len(answered)
    assert all(request.give_up_at == at + PROVIDER_PATIENCE for at, request in world.delivered)


@thoroughly
@given(lives())
def test_a_deferred_message_is_checked_again_exactly_when_it_said(life: Life) -> None:
    _, _, world = _lived(life)
    for (at, request), (again_at, again) in pairwise(world.delivered):
        answer = life.answers(request, at)
        if isinstance(answer, Deferred):
            assert (again.key, again_at) == (request.key, answer.until)


@thoroughly
@given(lives())
def test_a_wait_takes_exactly_as_long_as_it_says(life: Life) -> None:
    _, path, _ = _lived(life)
    for entry in path.entries:
        if entry.kind == "wait" and entry.why is Why.TIME_PASSED and entry.left_at is not None:
            step = next(step for step in life.start.program.steps.values() if step.id == entry.step)
            assert isinstance(step, Wait)
            assert entry.left_at - entry.entered_at == step.length


@thoroughly
@given(lives())
def test_each_return_to_the_line_begins_a_new_round(life: Life) -> None:
    _, path, world = _lived(life)
    stays = [entry for entry in path.entries if entry.step == WAITING_LIST]
    returned = [e for e in path.entries if isinstance(e.outcome, Refused) and e.outcome.then is Then.BACK_IN_LINE]
    assert len(stays) == 1 + len(returned)
    round_, sends = 0, list[tuple[str, int]]()
    for entry in path.entries:
        round_ += entry.why is Why.PLACE_GIVEN
        if entry.kind == "send":
            sends.append((entry.step, round_))
    assert list(dict.fromkeys((request.step.id, request.round) for _, request in world.delivered)) == sends


@thoroughly
@given(lives(), _repeats)
def test_a_journey_may_continue_as_new_at_any_rest(life: Life, repeats: list[tuple[int, int]]) -> None:
    life = _told_again(life, repeats)
    ended, path, world = _lived(life)
    for cut in world.cuts:
        start = life.start.model_copy(update={"state": cut.state})
        resumed = CuttableRehearsal(cut.at, cut.ahead, life.answers, life.hearing)
        assert rehearse(start, resumed) == (ended, path)
        assert resumed.delivered == world.delivered[cut.delivered :]


@thoroughly
@given(lives(leaves=False), at_any_moment())
def test_a_journey_asked_to_leave_ends_at_that_moment_if_it_rests_then(life: Life, moment: datetime) -> None:
    ended, path, world = _lived(life)
    asked = replace(life, happenings=(*life.happenings, Happening(moment, Leave(reason=Reason.CANCELLED))))
    left, left_path, _ = _lived(asked)
    if path.entries[-1].left_at is not None and path.entries[-1].left_at < moment:
        assert (left, left_path) == (ended, path)
    elif any(asleep < moment < woken for asleep, woken in world.slept):
        assert left == Ended(Ending.EXITED, Reason.CANCELLED)
        assert (left_path.entries[-1].left_at, left_path.entries[-1].why) == (moment, Why.LEFT)
        kept = left_path.entries[:-1]
        assert kept == path.entries[: len(kept)]


@thoroughly
@given(lives(leaves=False), _repeats)
def test_a_claim_told_again_or_an_older_one_changes_nothing(life: Life, repeats: list[tuple[int, int]]) -> None:
    life = replace(life, hearing=timedelta(0))
    assert _lived(_told_again(life, repeats))[:2] == _lived(life)[:2]


@thoroughly
@given(lives(leaves=False), claims())
def test_who_hears_of_no_claim_leaves_when_the_window_ends(life: Life, late: tuple[Happening, ...]) -> None:
    after_the_window = tuple(
        Happening(DAWN + WINDOW + timedelta(days=2) + (happening.at - DAWN), happening.signal) for happening in late
    )
    life = replace(life, happenings=after_the_window)
    ended, path, world = _lived(life)
    assert ended == Ended(Ending.EXPIRED, Reason.WINDOW_ENDED)
    assert [(entry.step, entry.left_at) for entry in path.entries] == [(WAITING_LIST, DAWN + WINDOW)]
    assert world.delivered == []


@given(st.integers(1, 47))
def test_a_claim_given_just_before_the_window_ended_still_counts(hours: int) -> None:
    life = told_once()
    claim = Happening(DAWN + WINDOW + timedelta(hours=hours), PlaceGiven(claim_id=1))
    ended, path, world = _lived(replace(life, happenings=(claim,), hearing=timedelta(hours=48)))
    assert ended == Ended(Ending.COMPLETED)
    assert path.entries[0].why is Why.PLACE_GIVEN
    assert [request.round for _, request in world.delivered] == [1]
