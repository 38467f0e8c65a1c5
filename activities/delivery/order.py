"""What is done for one message, in which order. Pure: all I/O is in an `Effects`, the real one or a rehearsal's.

A message with an outcome on record gets that outcome again. Else: is another attempt sending it, was it declined, does
the verdict allow it (verdict.py); then compose, ask for approval, take the right to send, send, record. The message is
handed over only after the ledger says *sending*, so that it is never sent twice (promise P1).
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from activities.delivery.verdict import Go, MessageFacts, judge
from activities.senders.sender import NotTaken, Rejected, Uncertain
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Held, Outcome, Refused, Sent, Stopped, Unknown
from schemas.reasons import Reason

BROADCAST_ROUND = 0
"""The round of a message to everyone on the waiting list; a thread's rounds begin with 1."""

MessageT = TypeVar("MessageT")


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a message before anything is done.

    Attributes:
        recorded: the outcome, if the message is settled already.
        leased_until: another attempt may be sending it until then; aware.
        declined: somebody looked at it and said no.
    """

    facts: MessageFacts
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


class Effects(Protocol[MessageT]):
    """All that delivering one message does outside this module; `MessageT` is the composed message."""

    def now(self) -> datetime:
        """The time, aware."""
        ...

    async def note(self) -> None:
        """Record that it is put off, so that it can be declined or skipped."""
        ...

    async def compose(self) -> MessageT | None:
        """The message for this contact; None when it cannot be rendered."""
        ...

    async def stop(self) -> None:
        """Record that it cannot be composed until somebody corrects its template."""
        ...

    async def hold(self) -> bool:
        """Hold it for approval; False when these words are approved already."""
        ...

    async def open(self) -> bool:
        """Take the right to send; False when another attempt has it."""
        ...

    async def send(self, message: MessageT) -> Sent:
        """Hand it to the provider.

        Raises:
            NotTaken, Rejected, Uncertain: see activities/senders/sender.py.
        """
        ...

    async def release(self) -> None:
        """Give the right to send back: the provider certainly did not take it."""
        ...

    async def settle(self, outcome: Sent | Refused | Unknown, *, sending: bool) -> Outcome | None:
        """Record its outcome.

        Args:
            sending: the caller holds the right to send.

        Returns:
            What is on record now: this outcome, or the one that was first. None: another attempt is sending.
        """
        ...


async def deliver_in_order(request: Deliver, before: Before, effects: Effects[MessageT]) -> Outcome:
    """Check, compose, send, record.

    Raises:
        InProgress: another attempt may be sending it.
        NotTaken: the provider certainly did not take it, and there is time to try again.
    """
    if before.recorded is not None:
        return before.recorded
    now = effects.now()
    if before.leased_until is not None:
        if now < before.leased_until:
            raise InProgress("another attempt may still be sending this message", before.leased_until - now)
        return await _settle(effects, Unknown())
    secondary = is_secondary(request, before.facts)
    if before.declined:
        return await _settle(
            effects, Refused(reason=Reason.DECLINED, then=AfterRefusal.GO_ON if secondary else AfterRefusal.LEAVE)
        )
    match judge(before.facts, now):
        case Deferred() as deferred:
            await effects.note()
            return deferred
        case Refused() as refused:
            return await _settle(effects, refused)
        case Go():
            return await _compose_and_send(request, effects, secondary=secondary)


async def _compose_and_send(request: Deliver, effects: Effects[MessageT], *, secondary: bool) -> Outcome:
    message = await effects.compose()
    if message is None:
        if request.round == BROADCAST_ROUND:
            # Nobody loses their place for a message that is not about it.
            return await _settle(effects, Refused(reason=Reason.MESSAGE_BROKEN, then=AfterRefusal.GO_ON))
        # It is broken for everyone: its journeys wait until somebody has corrected the template.
        await effects.stop()
        return Stopped(reason=Reason.MESSAGE_BROKEN)
    if request.step.manual and await effects.hold():
        return Held()
    if not await effects.open():
        raise InProgress("another attempt took this message first")
    try:
        sent = await effects.send(message)
    except asyncio.CancelledError:
        # A sender raises a cancellation only when nothing was handed over.
        await asyncio.shield(effects.release())
        raise
    except NotTaken:
        if effects.now() >= request.give_up_at:
            then = AfterRefusal.GO_ON if secondary else AfterRefusal.BACK_IN_LINE
            return await _settle(effects, Refused(reason=Reason.PROVIDER_UNAVAILABLE, then=then), sending=True)
        await effects.release()
        raise
    except Rejected:
        then = AfterRefusal.GO_ON if secondary else AfterRefusal.LEAVE
        return await _settle(effects, Refused(reason=Reason.PROVIDER_REFUSED, then=then), sending=True)
    except Uncertain:
        return await _settle(effects, Unknown())
    return await _settle(effects, sent)


async def _settle(effects: Effects[MessageT], outcome: Sent | Refused | Unknown, *, sending: bool = False) -> Outcome:
    """Record an outcome; returns what is on record, which is another attempt's outcome if that was first."""
    recorded = await effects.settle(outcome, sending=sending)
    if recorded is None:
        raise InProgress("another attempt is sending this message")
    return recorded


def is_secondary(request: Deliver, facts: MessageFacts) -> bool:
    """Whether no place depends on it: the contact was told before, or it is not the alert itself."""
    return facts.claim != "given" or request.event is not AlertEvent.ALERT
