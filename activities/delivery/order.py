"""What is done for one message, in which order. Pure: what it asks for is done by a desk, the real or a rehearsal's.

What was settled before is answered again. Then: is another attempt at it, was it declined, what says the check
(verdict.py); then compose, ask for approval, take the right to send, send, record. Only after the record says *sending*
is the message handed over, so that a message is never sent twice (promise P1).
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from activities.delivery.verdict import Facts, Go, judge
from activities.senders.sender import NotTaken, Rejected, Uncertain
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Held, Outcome, Refused, Sent, Stopped, Unknown
from schemas.reasons import Reason

BROADCAST = 0
"""The round of a message to those in line; a thread's rounds begin with 1."""

MessageT = TypeVar("MessageT")


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of the message before anything is done.

    Attributes:
        recorded: the outcome, if the message is settled already.
        leased_until: another attempt may be sending it until then; aware.
        declined: somebody looked at it and said no.
    """

    facts: Facts
    recorded: Outcome | None = None
    leased_until: datetime | None = None
    declined: bool = False


class InProgress(Exception):
    """Another attempt is sending this message, or may be.

    Attributes:
        lease_left: how long its lease still runs, where that is known.
    """

    def __init__(self, message: str, lease_left: timedelta | None = None) -> None:
        super().__init__(message)
        self.lease_left = lease_left


class Desk(Protocol[MessageT]):
    """Who does what delivering one message asks for; `MessageT` is the message, composed."""

    def now(self) -> datetime:
        """The clock; aware."""
        ...

    async def note(self) -> None:
        """It is put off: keep a record of it, so that it can be declined or passed over."""
        ...

    async def compose(self) -> MessageT | None:
        """The message for this contact; None when it cannot be rendered."""
        ...

    async def stop(self) -> None:
        """It cannot be composed until somebody mends it: keep a record."""
        ...

    async def hold(self) -> bool:
        """Put it before somebody; False when they have approved these words."""
        ...

    async def open(self) -> bool:
        """Take the right to send; False when another attempt has it."""
        ...

    async def send(self, message: MessageT) -> Sent:
        """Hand it over.

        Raises:
            NotTaken, Rejected, Uncertain: as the senders do.
        """
        ...

    async def release(self) -> None:
        """The provider certainly did not take it: give the right to send back."""
        ...

    async def settle(self, outcome: Sent | Refused | Unknown, *, sending: bool) -> Outcome | None:
        """Record what became of it.

        Args:
            sending: it was found by the attempt that has the right to send.

        Returns:
            What is on record now: this outcome, or the one that was first. None: another attempt is sending.
        """
        ...


async def deliver_in_order(request: Deliver, before: Before, desk: Desk[MessageT]) -> Outcome:
    """Check, compose, send, record.

    Raises:
        InProgress: another attempt may be at it.
        NotTaken: the provider certainly did not take it, and there is time to try again.
    """
    if before.recorded is not None:
        return before.recorded
    now = desk.now()
    if before.leased_until is not None:
        if now < before.leased_until:
            raise InProgress("another attempt may still be sending this message", before.leased_until - now)
        return await _settle(desk, Unknown())
    secondary = is_secondary(request, before.facts)
    if before.declined:
        return await _settle(
            desk, Refused(reason=Reason.DECLINED, then=AfterRefusal.GO_ON if secondary else AfterRefusal.LEAVE)
        )
    match judge(before.facts, now):
        case Deferred() as deferred:
            await desk.note()
            return deferred
        case Refused() as refused:
            return await _settle(desk, refused)
        case Go():
            return await _compose_and_send(request, desk, secondary=secondary)


async def _compose_and_send(request: Deliver, desk: Desk[MessageT], *, secondary: bool) -> Outcome:
    message = await desk.compose()
    if message is None:
        if request.round == BROADCAST:
            # Nobody is to be passed over in line for what is said by the way.
            return await _settle(desk, Refused(reason=Reason.MESSAGE_BROKEN, then=AfterRefusal.GO_ON))
        # Everyone's is broken, and its journeys wait until somebody has mended it.
        await desk.stop()
        return Stopped(reason=Reason.MESSAGE_BROKEN)
    if request.step.manual and await desk.hold():
        return Held()
    if not await desk.open():
        raise InProgress("another attempt took this message first")
    try:
        sent = await desk.send(message)
    except asyncio.CancelledError:
        # Senders let a cancellation out only when nothing was handed over.
        await asyncio.shield(desk.release())
        raise
    except NotTaken:
        if desk.now() >= request.give_up_at:
            then = AfterRefusal.GO_ON if secondary else AfterRefusal.BACK_IN_LINE
            return await _settle(desk, Refused(reason=Reason.PROVIDER_UNAVAILABLE, then=then), sending=True)
        await desk.release()
        raise
    except Rejected:
        then = AfterRefusal.GO_ON if secondary else AfterRefusal.LEAVE
        return await _settle(desk, Refused(reason=Reason.PROVIDER_REFUSED, then=then), sending=True)
    except Uncertain:
        return await _settle(desk, Unknown())
    return await _settle(desk, sent)


async def _settle(desk: Desk[MessageT], outcome: Sent | Refused | Unknown, *, sending: bool = False) -> Outcome:
    """Record an outcome; the answer is what is on record, should another attempt have been first."""
    recorded = await desk.settle(outcome, sending=sending)
    if recorded is None:
        raise InProgress("another attempt is sending this message")
    return recorded


def is_secondary(request: Deliver, facts: Facts) -> bool:
    """Whether no place hangs on it: they were told before, or it is not the alert itself."""
    return facts.claim != "given" or request.event is not AlertEvent.ALERT
