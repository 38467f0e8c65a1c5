"""What is done for one message, in which order. Pure: all I/O is in an `Effects`, the real one or a rehearsal's.

A message with an outcome on record gets that outcome again. Else: is another attempt sending it, was it declined, does
the verdict allow it (verdict.py); then compose, and ask for approval. What may leave waits for its turn and for a
provider that is ready for it. That may take minutes, so then everything is asked once more, and what is true by then
decides (promise P3). Last the right to send is taken, and at once the message is handed over: the ledger says
*sending* only while it may be leaving, and it says so first, so that nothing is sent twice (promise P1).
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from activities.delivery.verdict import Go, MessageFacts, judge
from activities.senders.sender import (
    BadAddress,
    Handover,
    NotTaken,
    NoTurn,
    OptedOut,
    Rejected,
    SenderAtFault,
    Uncertain,
)
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Held, Outcome, Refused, Sent, Stopped, Unknown
from schemas.reasons import Reason

BROADCAST_ROUND = 0
"""The round of a message to everyone on the waiting list; a thread's rounds begin with 1."""

FOLLOWING = timedelta(seconds=30)
"""How long after the first of those that are told together the others look again: by then it was said, mostly, and each
does not gather all the others."""

MessageT = TypeVar("MessageT")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a message at one look.

    Attributes:
        recorded: the outcome, if the message is settled already.
        lease_left: another attempt may be sending it for so long; nothing or less: its lease has run out.
        declined: somebody looked at it and said no.
        sender_stopped: its sender is at fault, and stopped until somebody has mended that.
    """

    facts: MessageFacts
    recorded: Outcome | None = None
    lease_left: timedelta | None = None
    declined: bool = False
    sender_stopped: bool = False


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

    async def look(self) -> Known:
        """What is true of the message now."""
        ...

    async def note(self) -> None:
        """Record that it is put off, so that it can be declined or skipped."""
        ...

    async def put_off(self, until: datetime) -> datetime:
        """Record that it is put off for a cap, `until` then or later. Returns until when."""
        ...

    async def gather(self, until: datetime) -> datetime:
        """Record that it waits for what else is to be told with it, until then at the latest. Returns until when."""
        ...

    async def compose(self) -> MessageT | None:
        """The message for this contact, of what was seen at the last look; None when it cannot be rendered."""
        ...

    async def stop(self, fault: SenderAtFault | None = None) -> None:
        """Record that it cannot leave until somebody mends its template, or its sender.

        Args:
            fault: its sender's, which is stopped for every message; None: that is on record, or it is the template.
        """
        ...

    async def hold(self) -> bool:
        """Hold it for approval; False when these words are approved already."""
        ...

    def ready(self, message: MessageT) -> AbstractAsyncContextManager[Handover[MessageT]]:
        """Wait for a turn and a provider that is ready for it: `Sender.ready`, with what it raises."""
        ...

    async def open(self) -> bool | datetime:
        """Take the right to send.

        Returns:
            False: another attempt has it, or its contact has just said no. A time: a cap puts it off until then, which
            is on record.
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

    def sent(self, message: MessageT) -> Sent:
        """The outcome of a message that was taken."""
        ...


@dataclass(frozen=True, slots=True)
class _Due(Generic[MessageT]):
    """A message that may leave now. `secondary`: see `is_secondary`; `beside`: see `MessageFacts`."""

    message: MessageT
    secondary: bool
    beside: bool


async def deliver_in_order(request: Deliver, effects: Effects[MessageT]) -> Outcome:
    """Check, get the provider ready, check again, send, record.

    Raises:
        InProgress: another attempt may be sending it.
        NotTaken: the provider certainly did not take it, and there is time to try again.
    """
    due = await _check(request, effects)
    if not isinstance(due, _Due):
        return due
    holding = False
    try:
        async with effects.ready(due.message) as handover:
            again = await _check(request, effects)
            if not isinstance(again, _Due):
                return again
            due = again
            await handover.begin(due.message)
            put_off = await _take_the_right(effects)
            if put_off is not None:
                return put_off
            holding = True
            await handover.send()
    except asyncio.CancelledError:
        # A sender raises a cancellation only when nothing was handed over.
        if holding:
            await effects.release()
        raise
    except SenderAtFault as fault:
        # It is everyone's, and nobody's patience or place runs out over it.
        if holding:
            await effects.release()
        await effects.stop(fault)
        return Stopped(reason=Reason.SENDER_AT_FAULT)
    except NotTaken as later:
        if effects.now() >= request.give_up_at and not isinstance(later, NoTurn):
            then = AfterRefusal.GO_ON if due.secondary else AfterRefusal.BACK_IN_LINE
            return await _settle(effects, Refused(reason=Reason.PROVIDER_UNAVAILABLE, then=then), sending=holding)
        await (effects.release() if holding else effects.note())
        raise
    except Rejected as refusal:
        then = AfterRefusal.GO_ON if due.secondary or due.beside else AfterRefusal.LEAVE
        return await _settle(effects, Refused(reason=_why(refusal), then=then), sending=holding)
    except Uncertain:
        return await _settle(effects, Unknown(), sending=True)
    return await _settle(effects, effects.sent(due.message), sending=True)


async def _check(request: Deliver, effects: Effects[MessageT]) -> _Due[MessageT] | Outcome:
    """Whether the message may leave now, as it is to be; else its outcome, on record.

    Raises:
        InProgress: another attempt may be sending it.
    """
    known = await effects.look()
    if known.recorded is not None:
        return known.recorded
    if known.lease_left is not None:
        if known.lease_left > timedelta(0):
            raise InProgress("another attempt may still be sending this message", known.lease_left)
        return await _settle(effects, Unknown())
    secondary = is_secondary(request, known.facts)
    if known.declined:
        return await _settle(
            effects, Refused(reason=Reason.DECLINED, then=AfterRefusal.GO_ON if secondary else AfterRefusal.LEAVE)
        )
    match judge(known.facts, effects.now()):
        case Deferred() as deferred:
            return await _put_off(deferred, known.facts, effects)
        case Refused() as refused:
            return await _settle(effects, refused)
        case Go():
            pass
    if known.sender_stopped:
        await effects.stop()
        return Stopped(reason=Reason.SENDER_AT_FAULT)
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
    return _Due(message, secondary, known.facts.beside)


async def _put_off(deferred: Deferred, facts: MessageFacts, effects: Effects[MessageT]) -> Deferred:
    """Record that it is put off, and where others are to be told with it, that it is there to be told with them."""
    until = deferred.until
    gathered = None if facts.together_until is None else await effects.gather(facts.together_until)
    match deferred.reason:
        case Reason.TOO_FREQUENT if not facts.still:
            # That it is still not back takes no turn from the word that it is.
            until = await effects.put_off(until)
        case Reason.TOLD_TOGETHER if gathered is not None:
            until = gathered
        case _ if gathered is None:
            await effects.note()
        case _:
            pass
    return Deferred(until=until + FOLLOWING if facts.follows else until, reason=deferred.reason)


async def _take_the_right(effects: Effects[MessageT]) -> Deferred | None:
    """Take the right to send; a Deferred: many messages asked at once, and a cap puts this one off.

    Raises:
        InProgress: another attempt has it.
    """
    try:
        opened = await effects.open()
    except BaseException:
        # It may be on record all the same, and certainly nothing was handed over.
        await effects.release()
        raise
    if isinstance(opened, datetime):
        return Deferred(until=opened, reason=Reason.TOO_FREQUENT)
    if not opened:
        raise InProgress("another attempt took this message first, or its contact has just said no")
    return None


async def _settle(effects: Effects[MessageT], outcome: Sent | Refused | Unknown, *, sending: bool = False) -> Outcome:
    """Record an outcome; returns what is on record, which is another attempt's outcome if that was first."""
    recorded = await effects.settle(outcome, sending=sending)
    if recorded is None:
        raise InProgress("another attempt is sending this message")
    return recorded


def _why(refusal: Rejected) -> Reason:
    match refusal:
        case OptedOut():
            return Reason.SUPPRESSED
        case BadAddress():
            return Reason.BAD_ADDRESS
        case _:
            return Reason.PROVIDER_REFUSED


def is_secondary(request: Deliver, facts: MessageFacts) -> bool:
    """Whether no place depends on it: the contact was told before, or it is not the alert itself."""
    return facts.claim != "given" or request.event is not AlertEvent.ALERT
