"""What is done for one message, in which order: the right to send first, and one attempt at a time (P1, P3)."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.delivery.order import BROADCAST, Before, InProgress, deliver_in_order
from activities.delivery.verdict import Go, judge
from activities.senders.sender import NotTaken, Rejected, Uncertain
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
    """A effects that writes down what is asked of it, in order."""

    provider: BaseException | None = None
    breaks: bool = False
    waits_for_approval: bool = False
    done: list[str] = field(default_factory=list[str])
    settled: Outcome | None = None

    def now(self) -> datetime:
        return NOW

    async def note(self) -> None:
        self.done.append("note")

    async def compose(self) -> str | None:
        self.done.append("compose")
        return None if self.breaks else "text"

    async def stop(self) -> None:
        self.done.append("stop")

    async def hold(self) -> bool:
        self.done.append("hold")
        return self.waits_for_approval

    async def open(self) -> bool:
        self.done.append("open")
        return True

    async def send(self, message: str) -> Sent:
        self.done.append("send")
        if self.provider is not None:
            raise self.provider
        return TAKEN

    async def release(self) -> None:
        self.done.append("release")

    async def settle(self, outcome: Sent | Refused | Unknown, *, sending: bool) -> Outcome | None:
        self.done.append("settle")
        self.settled = outcome
        return outcome


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


effectss = st.builds(
    RecordingEffects,
    provider=st.sampled_from([None, NotTaken("down"), Rejected("no"), Uncertain("?")]),
    breaks=st.booleans(),
    waits_for_approval=st.booleans(),
)
befores = st.builds(
    Before,
    any_facts(),
    recorded=st.none() | st.just(TAKEN),
    leased_until=st.none() | st.timedeltas(timedelta(-1), timedelta(1)).map(lambda length: NOW + length),
    declined=st.booleans(),
)


def _outcome(asked: Deliver, before: Before, effects: RecordingEffects) -> Outcome | type[Exception]:
    try:
        return asyncio.run(deliver_in_order(asked, before, effects))
    except (InProgress, NotTaken) as error:
        return type(error)


@given(befores, effectss, st.booleans())
def test_nothing_is_handed_over_without_a_go_and_the_right_to_send(
    before: Before, effects: RecordingEffects, manual: bool
) -> None:
    _outcome(request(manual=manual), before, effects)
    assert effects.done.count("send") <= 1
    if "send" in effects.done:
        assert isinstance(judge(before.facts, NOW), Go)
        assert (before.recorded, before.leased_until, before.declined) == (None, None, False)
        asked = ["compose", *(["hold"] if manual else []), "open", "send"]
        assert effects.done[: len(asked)] == asked


@given(befores, effectss)
def test_what_was_handed_over_or_may_have_been_is_settled_and_what_certainly_was_not_is_released(
    before: Before, effects: RecordingEffects
) -> None:
    _outcome(request(), before, effects)
    if "send" in effects.done:
        assert effects.done[-1] == ("release" if isinstance(effects.provider, NotTaken) else "settle")


@given(befores, effectss)
def test_what_is_settled_is_answered_again_and_nothing_is_done(before: Before, effects: RecordingEffects) -> None:
    assert _outcome(request(), replace(before, recorded=TAKEN), effects) == TAKEN
    assert effects.done == []


def test_a_lease_that_still_runs_is_waited_for_and_one_that_ran_out_leaves_what_happened_unknown() -> None:
    lease = timedelta(seconds=20)
    with pytest.raises(InProgress) as waits:
        asyncio.run(deliver_in_order(request(), Before(ALL_WELL, leased_until=NOW + lease), RecordingEffects()))
    assert waits.value.lease_left == lease
    assert _outcome(request(), Before(ALL_WELL, leased_until=NOW), RecordingEffects()) == Unknown()


@pytest.mark.parametrize(
    ("claim", "then"),
    [("given", AfterRefusal.BACK_IN_LINE), ("used", AfterRefusal.GO_ON)],
    ids=["the alert", "told before"],
)
def test_a_provider_that_is_down_for_too_long_costs_nobody_their_place(
    claim: Literal["given", "used"], then: AfterRefusal
) -> None:
    before = Before(replace(ALL_WELL, claim=claim))
    given_up = _outcome(request(give_up_in=timedelta(0)), before, RecordingEffects(NotTaken("down")))
    assert given_up == Refused(reason=Reason.PROVIDER_UNAVAILABLE, then=then)


def test_a_broken_message_stops_its_journeys_but_a_broken_broadcast_does_not() -> None:
    assert _outcome(request(), Before(ALL_WELL), RecordingEffects(breaks=True)) == Stopped(reason=Reason.MESSAGE_BROKEN)
    broadcast = _outcome(request(round_=BROADCAST), Before(ALL_WELL), RecordingEffects(breaks=True))
    assert broadcast == Refused(reason=Reason.MESSAGE_BROKEN, then=AfterRefusal.GO_ON)


async def test_a_cancelled_attempt_gives_the_right_to_send_back() -> None:
    effects = RecordingEffects(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await deliver_in_order(request(), Before(ALL_WELL), effects)
    assert effects.done[-1] == "release"
