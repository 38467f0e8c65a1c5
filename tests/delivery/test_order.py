"""What is done for one message, in which order: facts last, then the right to send, one attempt at a time (P1, P3)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.delivery.order import BROADCAST_ROUND, InProgress, Known, deliver_in_order
from activities.delivery.verdict import Go, judge
from activities.senders.sender import NotTaken, NoTurn, Rejected, SenderAtFault, Uncertain
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Outcome, Refused, Sent, Stopped, Unknown
from schemas.reasons import Reason
from tests.delivery.test_verdict import ALL_WELL, any_facts

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TAKEN = Sent(message_id="m@shop", at=NOW)


@dataclass
class RecordingEffects:
    """Effects that write down what is asked of them, in order.

    Attributes:
        looks: what is true at each look; the last stays so.
        at: the step at which the provider, or whatever is asked then, ends in `failure`.
    """

    looks: list[Known] = field(default_factory=lambda: [Known(ALL_WELL)])
    at: str = "send"
    failure: BaseException | None = None
    breaks: bool = False
    waits_for_approval: bool = False
    taken_by_another: bool = False
    capped_until: datetime | None = None
    done: list[str] = field(default_factory=list[str])
    settled: Outcome | None = None
    by_holder: bool = False

    def now(self) -> datetime:
        return NOW

    async def look(self) -> Known:
        self._does("look")
        return self.looks[min(self.done.count("look"), len(self.looks)) - 1]

    async def note(self) -> None:
        self._does("note")

    async def put_off(self, until: datetime) -> datetime:
        self._does("put off")
        return until

    async def gather(self, until: datetime) -> datetime:
        self._does("gather")
        return until

    async def compose(self) -> str | None:
        self._does("compose")
        return None if self.breaks else "text"

    async def stop(self, fault: SenderAtFault | None = None) -> None:
        self._does("stop" if fault is None else "stop sender")

    async def hold(self) -> bool:
        self._does("hold")
        return self.waits_for_approval

    @asynccontextmanager
    async def ready(self, message: str) -> AsyncGenerator["RecordingEffects"]:
        self._does("ready")
        yield self

    async def begin(self, message: str) -> None:
        self._does("begin")

    async def open(self) -> bool | datetime:
        self._does("open")
        return self.capped_until or not self.taken_by_another

    async def send(self) -> None:
        self._does("send")

    async def release(self) -> None:
        self._does("release")

    async def settle(self, outcome: Sent | Refused | Unknown, *, sending: bool) -> Outcome | None:
        self._does("settle")
        self.settled, self.by_holder = outcome, sending
        return outcome

    def sent(self, message: str) -> Sent:
        return TAKEN

    def _does(self, what: str) -> None:
        self.done.append(what)
        if what == self.at and self.failure is not None:
            raise self.failure


def request(*, round_: int = 1, manual: bool = False, give_up_in: timedelta = timedelta(hours=1)) -> Deliver:
    step = Send(id=StepId("s"), message="m", next=None, manual=manual)
    return Deliver(
        journey_id=JourneyId("j"),
        version=VersionId("c@1"),
        step=step,
        event=AlertEvent.ALERT,
        round=round_,
        give_up_at=NOW + give_up_in,
    )


knowns = st.builds(
    Known,
    any_facts(),
    recorded=st.none() | st.just(TAKEN),
    lease_left=st.none() | st.timedeltas(timedelta(-1), timedelta(1)),
    declined=st.booleans(),
    sender_stopped=st.booleans(),
)
all_is_well = st.just(Known(ALL_WELL))
effectss = st.builds(
    RecordingEffects,
    looks=st.lists(all_is_well | knowns, min_size=1, max_size=2),
    at=st.sampled_from(["ready", "begin", "send"]),
    failure=st.sampled_from([None, NotTaken("down"), Rejected("no"), SenderAtFault("key", account=True)]),
    breaks=st.booleans(),
    waits_for_approval=st.booleans(),
    taken_by_another=st.booleans(),
) | st.builds(RecordingEffects, failure=st.just(Uncertain("?")))


def _outcome(asked: Deliver, effects: RecordingEffects) -> Outcome | type[Exception]:
    try:
        return asyncio.run(deliver_in_order(asked, effects))
    except (InProgress, NotTaken) as error:
        return type(error)


def _may_leave(known: Known) -> bool:
    undecided = (known.recorded, known.lease_left, known.declined) == (None, None, False)
    return undecided and not known.sender_stopped and isinstance(judge(known.facts, NOW), Go)


@given(effectss, st.booleans())
def test_nothing_is_handed_over_without_a_go_that_was_given_when_nothing_was_to_be_waited_for_any_more(
    effects: RecordingEffects, manual: bool
) -> None:
    _outcome(request(manual=manual), effects)
    check = ["look", "compose", *(["hold"] if manual else [])]
    if "ready" in effects.done:
        assert _may_leave(effects.looks[0])
        assert effects.done[: len(check) + 1] == [*check, "ready"]
    if "open" in effects.done:
        assert _may_leave(effects.looks[-1])
        assert effects.done[: 2 * len(check) + 3] == [*check, "ready", *check, "begin", "open"]
    assert ("send" in effects.done) == ("open" in effects.done and not effects.taken_by_another)


@given(effectss)
def test_whatever_becomes_true_while_the_provider_gets_ready_has_the_same_outcome_as_before(
    effects: RecordingEffects,
) -> None:
    now = effects.looks[-1]
    at_once, meanwhile = RecordingEffects([now]), RecordingEffects([Known(ALL_WELL), now])
    assert _outcome(request(), meanwhile) == _outcome(request(), at_once)


@given(effectss)
def test_what_was_handed_over_or_may_have_been_is_settled_and_what_certainly_was_not_is_released(
    effects: RecordingEffects,
) -> None:
    _outcome(request(), effects)
    if "send" in effects.done:
        after = effects.done[effects.done.index("send") + 1 :]
        match effects.failure:
            case SenderAtFault():
                assert after == ["release", "stop sender"]
            case NotTaken():
                assert after == ["release"]
            case _:
                assert after == ["settle"]
        assert effects.by_holder == (after == ["settle"])


@pytest.mark.parametrize("at", ["ready", "begin"])
def test_what_the_provider_would_not_even_begin_never_holds_the_right_to_send(at: str) -> None:
    later = RecordingEffects(at=at, failure=NotTaken("down"))
    assert _outcome(request(), later) is NotTaken
    never = RecordingEffects(at=at, failure=Rejected("no"))
    assert _outcome(request(), never) == Refused(reason=Reason.PROVIDER_REFUSED, then=AfterRefusal.LEAVE)
    assert {"open", "release"}.isdisjoint([*later.done, *never.done])
    assert later.done[-1] == "note"
    assert not never.by_holder


@pytest.mark.parametrize("at", ["ready", "begin", "send"])
def test_a_sender_at_fault_stops_whatever_time_is_left_and_nobody_loses_their_place(at: str) -> None:
    effects = RecordingEffects(at=at, failure=SenderAtFault("key", account=True))
    assert _outcome(request(give_up_in=timedelta(0)), effects) == Stopped(reason=Reason.SENDER_AT_FAULT)
    assert effects.done[-1] == "stop sender"
    assert effects.settled is None


def test_a_message_of_a_stopped_sender_is_not_even_composed() -> None:
    effects = RecordingEffects([Known(ALL_WELL, sender_stopped=True)])
    assert _outcome(request(), effects) == Stopped(reason=Reason.SENDER_AT_FAULT)
    assert effects.done == ["look", "stop"]


@given(effectss)
def test_what_is_settled_is_answered_again_and_nothing_is_done(effects: RecordingEffects) -> None:
    effects.looks[0] = replace(effects.looks[0], recorded=TAKEN)
    assert _outcome(request(), effects) == TAKEN
    assert effects.done == ["look"]


def test_a_lease_that_still_runs_is_waited_for_and_one_that_ran_out_leaves_what_happened_unknown() -> None:
    lease = timedelta(seconds=20)
    with pytest.raises(InProgress) as waits:
        asyncio.run(deliver_in_order(request(), RecordingEffects([Known(ALL_WELL, lease_left=lease)])))
    assert waits.value.lease_left == lease
    ran_out = RecordingEffects([Known(ALL_WELL, lease_left=timedelta(0))])
    assert _outcome(request(), ran_out) == Unknown()
    assert not ran_out.by_holder


@pytest.mark.parametrize("at", ["ready", "send"])
@pytest.mark.parametrize(
    ("claim", "then"),
    [("given", AfterRefusal.BACK_IN_LINE), ("used", AfterRefusal.GO_ON)],
    ids=["the alert", "told before"],
)
def test_a_provider_that_is_down_for_too_long_costs_nobody_their_place(
    claim: Literal["given", "used"], then: AfterRefusal, at: str
) -> None:
    effects = RecordingEffects([Known(replace(ALL_WELL, claim=claim))], at, NotTaken("down"))
    given_up = _outcome(request(give_up_in=timedelta(0)), effects)
    assert given_up == Refused(reason=Reason.PROVIDER_UNAVAILABLE, then=then)


@pytest.mark.parametrize("give_up_in", [timedelta(hours=1), timedelta(0), timedelta(days=-3)])
def test_for_want_of_a_turn_nothing_is_ever_given_up(give_up_in: timedelta) -> None:
    effects = RecordingEffects(at="ready", failure=NoTurn("its turn has not come"))
    assert _outcome(request(give_up_in=give_up_in), effects) is NoTurn
    assert (effects.done[-1], effects.settled) == ("note", None)


def test_a_broken_message_stops_its_journeys_but_a_broken_broadcast_does_not() -> None:
    assert _outcome(request(), RecordingEffects(breaks=True)) == Stopped(reason=Reason.MESSAGE_BROKEN)
    broadcast = _outcome(request(round_=BROADCAST_ROUND), RecordingEffects(breaks=True))
    assert broadcast == Refused(reason=Reason.MESSAGE_BROKEN, then=AfterRefusal.GO_ON)


@pytest.mark.parametrize("at", ["open", "send"])
@pytest.mark.parametrize(
    "failure", [asyncio.CancelledError(), OSError("PostgreSQL is gone")], ids=["cancelled", "failed"]
)
async def test_the_right_to_send_is_given_back_where_certainly_nothing_was_handed_over(
    at: str, failure: BaseException
) -> None:
    """A failed `open` may be on record. A sender is cancelled only before it hands over; other failures say nothing."""
    effects = RecordingEffects(at=at, failure=failure)
    with pytest.raises(type(failure)):
        await deliver_in_order(request(), effects)
    assert effects.done[-1] == ("send" if at == "send" and isinstance(failure, OSError) else "release")
