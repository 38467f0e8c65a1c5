"""The deliver activity: the only way a message leaves (promises P1 and P3)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.delivery.ledger import Ledger
from activities.delivery.order import Before, InProgress, deliver_in_order
from activities.delivery.send_context import SendContext
from activities.rendering.messages import write_message
from activities.rendering.templates import CannotRender
from activities.senders.sender import Message, NotTaken, Rejected, Sender
from schemas.journey.activities import Deliver, Delivered
from schemas.journey.names import Activity
from schemas.journey.outcome import Outcome, Refused, Sent, Unknown

log = structlog.get_logger()

LOOK_AGAIN = timedelta(seconds=30)
"""How soon to look again at an attempt that may still be sending."""


class DeliverActivity:
    """The activity, with its ledger and the sender of every channel."""

    def __init__(self, ledger: Ledger, sender: Sender[Message], message_domain: str) -> None:
        """`message_domain` is the right side of every Message-ID."""
        self._ledger = ledger
        self._sender = sender
        self._domain = message_domain

    @activity.defn(name=Activity.DELIVER)
    async def deliver(self, request: Deliver) -> Delivered:
        """Check, render, send, record. Safe to repeat: a message with an outcome gets that again and is not sent again.

        Raises:
            ApplicationError: the provider certainly did not take it, or another attempt may be sending it: try again.
        """
        known = await self._ledger.look_up(request)
        before = Before(known.facts, known.recorded, known.leased_until, known.declined)
        effects = RealEffects(self._ledger, self._sender, self._domain, request, known)
        try:
            outcome = await deliver_in_order(request, before, effects)
        except InProgress as error:
            raise ApplicationError(str(error), type="InProgress", next_retry_delay=_delay(error)) from None
        except NotTaken as error:
            raise ApplicationError(f"the provider did not take it: {error}", type="NotTaken") from None
        log.info("delivered", journey=request.journey_id, step=request.step.id, outcome=outcome.kind)
        return Delivered(outcome=outcome)


def _delay(error: InProgress) -> timedelta | None:
    """Every `LOOK_AGAIN`, and as soon as the other attempt's lease has run out."""
    return None if error.lease_left is None else min(LOOK_AGAIN, error.lease_left + timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class RealEffects:
    """`Effects` on one message, with the ledger in PostgreSQL and a sender."""

    ledger: Ledger
    sender: Sender[Message]
    domain: str
    request: Deliver
    known: SendContext

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def note(self) -> None:
        await self.ledger.note(self.request)

    async def compose(self) -> Message | None:
        """The message for this contact; None when it cannot be rendered, or the version has none of its name."""
        request, known = self.request, self.known
        if known.message is None:
            log.error("message missing", version=request.version, message=request.step.message)
            return None
        message_id = f"{request.key.replace('/', '.')}@{self.domain}"
        try:
            return write_message(known.message.section, known.context, message_id, known.recipient or "", known.sender)
        except CannotRender as error:
            log.error("message broken", version=request.version, message=request.step.message, error=str(error))
            return None

    async def stop(self) -> None:
        await self.ledger.stop(self.request)

    async def hold(self) -> bool:
        return await self.ledger.hold(self.request)

    async def open(self) -> bool:
        return await self.ledger.open(self.request)

    async def send(self, message: Message) -> Sent:
        try:
            await self.sender.send(message)
        except Rejected as error:
            request = self.request
            log.warning("provider refused", journey=request.journey_id, step=request.step.id, error=str(error))
            raise
        return Sent(message_id=message.message_id, at=datetime.now(UTC))

    async def release(self) -> None:
        await self.ledger.release(self.request)

    async def settle(self, outcome: Sent | Refused | Unknown, *, sending: bool) -> Outcome | None:
        return await self.ledger.settle(self.request, outcome, sending=sending)
