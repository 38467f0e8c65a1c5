"""The machine holds its rules for any program, any happenings and any outcomes."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise, takewhile

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send, Wait
from schemas.journey.outcome import AfterRefusal, Deferred, Refused, Sent, Unknown
from schemas.journey.path import JourneyPath, Why
from schemas.journey.signals import Leave, PlaceGiven
from schemas.reasons import Ending, Reason
from tests.interpreter.journeys import DAWN, WINDOW, CuttableRehearsal, Life, at_any_moment, claims, lives, told_once
from workflows.interpreter.journey import UNTIL_REMINDER, WAITING_LIST, Ended
from workflows.interpreter.walk import PROVIDER_PATIENCE
from workflows.worlds.rehearsal import Happening, rehearse

thoroughly = settings(max_examples=150, deadline=None)


def _lived(life: Life) -> tuple[Ended, JourneyPath, CuttableRehearsal]:
    world = life.world()
    ended, path = rehearse(life.start, world)
    assert ended is not None, "nothing here rests until somebody does something"
    return ended, path, world


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


def _told(path: JourneyPath) -> bool:
    """Whether the alert's or a reminder's own messages told them anything, since they last stood in line."""
    since = takewhile(lambda entry: entry.step != WAITING_LIST, reversed(path.entries))
    return any(
        isinstance(entry.outcome, Sent | Unknown) and entry.step.startswith(("alert-", "follow-up-")) for entry in since
    )


@thoroughly
@given(lives())
def test_every_journey_ends_and_its_path_says_how(life: Life) -> None:
    ended, path, _ = _lived(life)
    assert (path.ending, path.reason) == (ended.ending, ended.reason)
    assert (ended.reason is None) == (ended.ending is Ending.COMPLETED and _told(path))


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
        between_steps = last.step in (WAITING_LIST, UNTIL_REMINDER) or last.step.startswith("broadcast/")
        assert cut.state.at == (None if between_steps else last.step)


@thoroughly
@given(lives())
def test_a_path_follows_its_program(life: Life) -> None:
    _, path, _ = _lived(life)
    steps = life.start.program.steps
    firsts = {entry.first for entry in life.start.program.threads}
    for entry, following in pairwise(path.entries):
        step = next((step for step in steps.values() if step.id == entry.step), None)
        if following.step == WAITING_LIST:
            came_back = isinstance(entry.outcome, Refused) and entry.outcome.then is AfterRefusal.BACK_IN_LINE
            assert came_back or entry.step.startswith(("broadcast/", "while-waiting/", "subscription-"))
        elif following.step in firsts:
            # Called forward, or gone while they entered: then the farewell's thread begins.
            assert entry.why in (Why.PLACE_GIVEN, Why.LEFT) or not isinstance(step, Send | Wait) or step.next is None
        elif following.step != UNTIL_REMINDER and not following.step.startswith(("broadcast/", "while-waiting/")):
            assert isinstance(step, Send | Wait)
            assert following.step == step.next


@thoroughly
@given(lives())
def test_no_more_reminders_than_the_alert_says_and_only_for_those_who_were_told(life: Life) -> None:
    _, path, _ = _lived(life)
    rests = [entry for entry in path.entries if entry.step == UNTIL_REMINDER]
    terms = life.start.program.terms["back"]
    assert len(rests) <= terms.reminders
    assert not rests or _told(path)
    for rest in rests:
        if rest.why is Why.TIME_PASSED and rest.left_at is not None:
            assert rest.left_at - rest.entered_at == terms.reminder_after


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
        if isinstance(answer, Deferred) and not request.says_still:  # which a place that was given overtakes
            assert (again.key, again_at) == (request.key, answer.until)


@thoroughly
@given(lives())
def test_a_wait_takes_exactly_as_long_as_it_says(life: Life) -> None:
    _, path, _ = _lived(life)
    for entry in path.entries:
        if (
            entry.kind == "wait"
            and entry.step != UNTIL_REMINDER
            and entry.why is Why.TIME_PASSED
            and entry.left_at is not None
        ):
            step = next(step for step in life.start.program.steps.values() if step.id == entry.step)
            assert isinstance(step, Wait)
            assert entry.left_at - entry.entered_at == step.length


@thoroughly
@given(lives())
def test_each_return_to_the_line_asks_for_the_same_message_under_another_key(life: Life) -> None:
    _, path, world = _lived(life)
    # What says that it is not back yet may be put off until it need not be said.
    said_in_line = {request.step.id for _, request in world.delivered if request.says_still}
    sends = [
        entry
        for entry in path.entries
        if entry.kind == "send" and entry.outcome is not None and entry.step not in said_in_line
    ]
    asked = list(dict.fromkeys(request.key for _, request in world.delivered if not request.says_still))
    assert [key.split("/", 1)[1].rsplit("/", 1)[0] for key in asked] == [entry.step for entry in sends]


@thoroughly
@given(lives(), _repeats)
def test_a_journey_may_continue_as_new_at_any_rest(life: Life, repeats: list[tuple[int, int]]) -> None:
    life = _told_again(life, repeats)
    ended, path, world = _lived(life)
    for cut in world.cuts:
        start = life.start.model_copy(update={"state": cut.state, "program": cut.program})
        resumed = CuttableRehearsal(cut.at, cut.ahead, life.answers, life.hearing, cut.program)
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
        Happening(DAWN + WINDOW + timedelta(days=2, minutes=1) + (happening.at - DAWN), happening.signal)
        for happening in late
    )
    life = replace(life, happenings=after_the_window)
    ended, path, world = _lived(life)
    assert not any(request.event is AlertEvent.ALERT for _, request in world.delivered)
    last = path.entries[-1]
    if isinstance(last.outcome, Refused):  # they may not be written to, as the confirmation found
        return
    assert ended == Ended(Ending.EXPIRED, Reason.WINDOW_ENDED)
    assert last.step == WAITING_LIST
    assert last.left_at is not None
    assert last.left_at >= DAWN + WINDOW


@given(st.integers(1, 47))
def test_a_claim_given_just_before_the_window_ended_still_counts(hours: int) -> None:
    life = told_once()
    claim = Happening(DAWN + WINDOW + timedelta(hours=hours), PlaceGiven(claim_id=1))
    ended, path, world = _lived(replace(life, happenings=(claim,), hearing=timedelta(hours=48)))
    assert ended == Ended(Ending.COMPLETED)
    assert path.entries[0].why is Why.PLACE_GIVEN
    assert [request.event for _, request in world.delivered] == [AlertEvent.ALERT]
