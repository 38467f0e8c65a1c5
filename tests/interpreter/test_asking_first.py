"""A journey that asks first: the question, the rest until the yes, and then as any other."""

from datetime import timedelta

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send
from schemas.ids import AlertId, ContactId, JourneyId, StepId, StoreId, Subject, VersionId
from schemas.journey.activities import QUESTION_STEP
from schemas.journey.outcome import AfterRefusal, Deferred, Outcome, Refused, Sent, Stopped
from schemas.journey.path import JourneyPath
from schemas.journey.program import Program, ThreadStart
from schemas.journey.signals import CONFIRMED, ContactEvent, Leave, PlaceGiven, Skip, Wake
from schemas.journey.state import JourneyStart, JourneyState, Phase
from schemas.reasons import Ending, Reason
from tests.interpreter.journeys import DAWN, WINDOW
from workflows.interpreter.journey import Ended
from workflows.worlds.rehearsal import Answering, Happening, Rehearsal, rehearse

SENT = Sent(message_id="m@shop.example", at=DAWN)
DAY = timedelta(days=1)
PROGRAM = Program(
    version=VersionId("c@1"),
    conversation="c",
    threads=tuple(
        ThreadStart(event=f"back.{event}", first=StepId(event)) for event in (AlertEvent.SUBSCRIPTION, AlertEvent.ALERT)
    ),
    question="was-it-you",
    steps={
        StepId(event): Send(id=StepId(event), message=event) for event in (AlertEvent.SUBSCRIPTION, AlertEvent.ALERT)
    },
)
YES = Happening(DAWN + 3 * DAY, ContactEvent(event_id="confirmation/j", event=CONFIRMED, at=DAWN + 3 * DAY))
PLACE = Happening(DAWN + 3 * DAY, PlaceGiven(claim_id=1))


def start(state: JourneyState | None = None) -> JourneyStart:
    return JourneyStart(
        journey_id=JourneyId("j"),
        contact_id=ContactId("c"),
        store_id=StoreId("s"),
        subject=Subject(store_id=StoreId("s"), id="v"),
        alert_id=AlertId("back"),
        entered_at=DAWN,
        window_ends_at=DAWN + WINDOW,
        program=PROGRAM,
        state=state or JourneyState(phase=Phase.UNCONFIRMED),
    )


def lived(*happenings: Happening, question: Outcome = SENT) -> tuple[Ended | None, JourneyPath, Rehearsal]:
    world = Rehearsal(DAWN, happenings, Answering(lambda request, _: question if request.is_question else SENT))
    return *rehearse(start(), world), world


def steps(path: JourneyPath) -> list[str]:
    return [entry.step for entry in path.entries]


def test_nothing_but_the_question_is_said_until_the_yes_and_a_place_that_comes_with_it_is_taken() -> None:
    ended, path, world = lived(YES, PLACE)
    assert ended == Ended(Ending.COMPLETED)
    assert steps(path) == ["double-opt-in", "until-confirmed", "subscription", "waiting-list", "alert"]
    assert [(at, request.step.message) for at, request in world.delivered] == [
        (DAWN, "was-it-you"),
        (DAWN + 3 * DAY, "subscription"),
        (DAWN + 3 * DAY, "alert"),
    ]


def test_without_a_yes_it_rests_for_ever_whatever_operators_do() -> None:
    skips = [Happening(DAWN + DAY, Skip(step=StepId("until-confirmed"), to_end=to_end)) for to_end in (False, True)]
    ended, path, world = lived(*skips)
    assert ended is None
    assert {*steps(path)} == {"double-opt-in", "until-confirmed"}
    assert len(world.delivered) == 1


def test_it_leaves_when_its_time_is_up_without_a_farewell() -> None:
    for reason in (Reason.NOT_CONFIRMED, Reason.DISCONTINUED):
        ended, path, world = lived(Happening(DAWN + 7 * DAY, Leave(reason=reason)))
        assert ended == Ended(Ending.EXITED, reason)
        assert steps(path) == ["double-opt-in", "until-confirmed"]
        assert len(world.delivered) == 1


def test_who_may_not_be_asked_leaves_and_who_was_asked_by_another_sign_up_waits_for_the_same_yes() -> None:
    ended, _, _ = lived(YES, PLACE, question=Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.LEAVE))
    assert ended == Ended(Ending.EXITED, Reason.NO_CONSENT)
    ended, path, _ = lived(YES, PLACE, question=Refused(reason=Reason.ASKED_ALREADY, then=AfterRefusal.GO_ON))
    assert ended == Ended(Ending.COMPLETED)
    assert steps(path)[-1] == "alert"


def test_a_yes_that_comes_before_the_question_has_left_is_the_yes() -> None:
    until = DAWN + 4 * DAY
    for held_up in (Deferred(until=until, reason=Reason.QUIET_HOURS), Stopped(reason=Reason.MESSAGE_BROKEN)):
        ended, path, world = lived(YES, PLACE, question=held_up)
        assert ended == Ended(Ending.COMPLETED)
        assert steps(path) == ["double-opt-in", "subscription", "waiting-list", "alert"]
        assert path.entries[0].left_at == YES.at
        for state in world.rests:
            again = Rehearsal(DAWN, (YES, PLACE), Answering(lambda _request, _now: SENT))
            if state.phase is Phase.UNCONFIRMED and state.rest_until is not None:
                assert rehearse(start(state), again)[1] == path


def test_a_yes_of_the_moment_in_which_the_question_is_tried_again_is_kept_for_the_rest_that_awaits_it() -> None:
    again = Happening(YES.at, Wake(step=QUESTION_STEP))
    answers = [Stopped(reason=Reason.MESSAGE_BROKEN), Refused(reason=Reason.ASKED_ALREADY, then=AfterRefusal.GO_ON)]
    world = Rehearsal(
        DAWN, (again, YES, PLACE), Answering(lambda request, _: answers.pop(0) if request.is_question else SENT)
    )
    ended, path = rehearse(start(), world)
    assert ended == Ended(Ending.COMPLETED)
    assert steps(path) == ["double-opt-in", "until-confirmed", "subscription", "waiting-list", "alert"]


def test_cut_at_any_rest_it_goes_on_as_the_same_life() -> None:
    _, whole, world = lived(YES, PLACE)
    for state in world.rests:
        if state.phase is Phase.UNCONFIRMED:
            again = Rehearsal(DAWN, (YES, PLACE), Answering(lambda _request, _now: SENT))
            _, path = rehearse(start(state), again)
            assert path == whole
            assert "was-it-you" not in [request.step.message for _, request in again.delivered]
