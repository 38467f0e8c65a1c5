"""The deliver activity: the only way a message leaves (promises P1 and P3)."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import inf

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.delivery.address_change import ADDRESS_CHANGE
from activities.delivery.counting import count
from activities.delivery.lease import Lease
from activities.delivery.leaving import BadMailbox, Leaving
from activities.delivery.ledger import STOP, Ledger, ends
from activities.delivery.order import InProgress, Known, deliver_in_order
from activities.delivery.pace import CONFIRMATIONS, Pace
from activities.delivery.send_context import SendContext
from activities.delivery.shopper_links import ShopperLinks
from activities.delivery.signs_of_life import signs_of_life
from activities.delivery.together import Gathered, as_many_as_fit, look, named_after, told_in_one
from activities.delivery.verdict import is_capped
from activities.rendering.facts import LinksPart
from activities.rendering.messages import write_message
from activities.rendering.templates import CannotRender
from activities.revenue.links import Links
from activities.senders.sender import (
    BadAddress,
    Handover,
    Mail,
    Message,
    NotTaken,
    OptedOut,
    Rejected,
    Sender,
    SenderAtFault,
    receiving_domain,
)
from schemas.channels import Channel
from schemas.ids import message_reference
from schemas.journey.activities import Deliver, Delivered
from schemas.journey.names import Activity
from schemas.journey.outcome import Outcome, Refused, Sent, Unknown
from schemas.reasons import Reason

log = structlog.get_logger()

LOOK_AGAIN = timedelta(seconds=30)
"""How soon to look again at an attempt that may still be sending."""
FIRST_TRY_SECONDS = 20.0
"""How long the first attempt waits for a provider to get ready. It is a local activity, which costs three events of
history every few seconds; the regular ones after it wait as long as the sender does."""


@dataclass(frozen=True, slots=True)
class Means:
    """What every delivery works with.

    Attributes:
        domain: the right side of every Message-ID.
        links: None: messages keep the shop's own.
        pace: None: nothing waits for its turn.
        shopper_links: None: nothing leads to a shopper's page.
    """

    ledger: Ledger
    sender: Sender[Message]
    domain: str
    links: Links | None = None
    pace: Pace | None = None
    shopper_links: ShopperLinks | None = None


class DeliverActivity:
    """The activity, with its ledger and the sender of every channel."""

    def __init__(
        self,
        ledger: Ledger,
        sender: Sender[Message],
        message_domain: str,
        links: Links | None = None,
        pace: Pace | None = None,
        shopper_links: ShopperLinks | None = None,
    ) -> None:
        """See `Means`; `message_domain` is its `domain`."""
        self._means = Means(ledger, sender, message_domain, links, pace, shopper_links)

    @activity.defn(name=Activity.DELIVER)
    async def deliver(self, request: Deliver) -> Delivered:
        """Check, render, send, record. Safe to repeat: a message with an outcome gets that again and is not sent again.

        Raises:
            ApplicationError: the provider certainly did not take it, or another attempt may be sending it: try again.
        """
        effects = RealEffects(self._means, request)
        await self._means.ledger.record_entered(request)
        try:
            async with signs_of_life():
                outcome = await deliver_in_order(request, effects)
        except InProgress as error:
            raise ApplicationError(str(error), type="InProgress", next_retry_delay=_delay(error)) from None
        except NotTaken as error:
            said = f"the provider did not take it: {error}"
            raise ApplicationError(said, type="NotTaken", next_retry_delay=error.retry_after) from None
        count(outcome)
        log.info("delivered", journey=request.journey_id, step=request.step.id, outcome=outcome.kind)
        return Delivered(outcome=outcome, closed=effects.closed and ends(request, outcome))


def _delay(error: InProgress) -> timedelta | None:
    """Every `LOOK_AGAIN`, and as soon as the other attempt's lease has run out."""
    return None if error.lease_left is None else min(LOOK_AGAIN, error.lease_left + timedelta(seconds=1))


def _stopping() -> bool:
    return activity.in_activity() and activity.is_worker_shutdown()


class RealEffects:
    """`Effects` on one message, with the ledger in PostgreSQL and a sender."""

    def __init__(self, means: Means, request: Deliver) -> None:
        self._means, self._request = means, request
        self._ledger = means.ledger
        self._context: SendContext | None = None
        self._others: tuple[Gathered, ...] = ()
        """What may leave in it, as it was seen with it."""
        self._message: Message | None = None
        self._seen: tuple[SendContext, tuple[Gathered, ...]] | None = None
        """What the message was composed of, and what could be told in it besides."""
        self._told: tuple[Gathered, ...] = ()
        self.closed = False
        """The end of the journey is on record."""
        self._lease: Lease | None = None
        self._refusal: Rejected | None = None
        self._tracked: tuple[Mail, Mail] | None = None

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def look(self) -> Known:
        known, self._others = await look(self._ledger, self._request, self.now())
        self._context = known
        self.closed = known.ended
        return Known(known.facts, known.recorded, known.lease_left, known.declined, known.sender_stopped)

    async def note(self) -> None:
        await self._ledger.note(self._request)

    async def put_off(self, until: datetime) -> datetime:
        known = self._context
        assert known is not None, "it is looked at before it is put off"
        channel = Channel.EMAIL if known.message is None else known.message.channel
        return await self._ledger.put_off(self._request, channel) or until

    async def gather(self, until: datetime) -> datetime:
        return await self._ledger.gather(self._request, until) or until

    async def compose(self) -> Message | None:
        """The message for this contact; None when it cannot be rendered, or the version has none of its name."""
        request, known = self._request, self._context
        assert known is not None, "it is looked at before it is composed"
        if known.message is None:
            log.error("message missing", version=request.version, message=request.step.message)
            return None
        others = self._others
        if self._message is not None and self._seen == (known, others):
            return self._message  # At the second look mostly the same is seen.
        links = await self._links_of(known, known.message.channel)
        question = known.facts.question
        if question and links.confirm is None:
            log.error("question cannot be answered", journey=request.journey_id)
            return None
        compiled = known.message.compiled

        def write(told: Sequence[Gathered]) -> Message:
            key = named_after(request, told).key
            return write_message(
                compiled,
                told_in_one(replace(known.context, links=links), told),
                f"{key.replace('/', '.')}@{self._means.domain}",
                known.recipient or "",
                known.sender,
                message_reference(key),
                None if question else f"{known.list_code}.{self._means.domain}",
            )

        try:
            message, told = as_many_as_fit(write, others)
        except CannotRender as error:
            log.error("message broken", version=request.version, message=request.step.message, error=str(error))
            return None
        if self._means.links is not None and isinstance(message, Mail):
            message = await self._with_links(self._means.links, message, known, told)
        self._message, self._seen, self._told = message, (known, others), told
        return message

    async def _with_links(self, links: Links, mail: Mail, known: SendContext, told: Sequence[Gathered]) -> Mail:
        """The mail with links of ours, which are written the first time: what is composed last waits for nothing."""
        if self._tracked is None or self._tracked[0] != mail:
            context, request = told_in_one(known.context, told), named_after(self._request, told)
            pages = [context.shop.url, context.product.url, *(each.url for each in (*context.items, *context.together))]
            tracked = await links.track(mail, request.key, request.journey_id, known.tracking, pages)
            self._tracked = mail, tracked
        return self._tracked[1]

    async def _links_of(self, known: SendContext, channel: Channel) -> LinksPart:
        """Those of a mail: it is consent to mails that they take back."""
        if self._means.shopper_links is None or channel is not Channel.EMAIL:
            return LinksPart()
        return await self._means.shopper_links.of(known.linked, question=known.facts.question)

    async def stop(self, fault: SenderAtFault | None = None) -> None:
        if fault is None:
            await self._ledger.stop(self._request)
            return
        channel = self._composed().channel
        log.error("sender at fault", channel=channel, whole_account=fault.account, error=str(fault))
        await self._ledger.stop_sender(self._request, channel, fault)

    async def hold(self) -> bool:
        return await self._ledger.hold(self._request)

    @asynccontextmanager
    async def ready(self, message: Message) -> AsyncGenerator[Handover[Message]]:
        first = activity.in_activity() and activity.info().is_local
        within = FIRST_TRY_SECONDS if first else inf
        if self._means.pace is not None:
            # A first try is followed by a regular one at once, whatever it is told.
            await self._means.pace.turn(message.channel, self._lane(), receiving_domain(message), comes_back=not first)
        try:
            async with self._means.sender.ready(message, within) as handover:
                yield handover
        except Rejected as error:
            request = self._request
            log.warning("provider refused", journey=request.journey_id, step=request.step.id, error=str(error))
            self._refusal = error
            raise

    async def open(self) -> bool | datetime:
        self._lease = self._ledger.lease(_stopping)
        message = self._composed()
        assert self._context is not None, "it is looked at before it is opened"
        leaving = Leaving(
            subject=message.subject if isinstance(message, Mail) else None,
            channel=message.channel,
            transactional=self._context.facts.transactional,
            new_address=message.recipient if self._request.step.message.startswith(ADDRESS_CHANGE) else None,
            others=[each.request.key for each in self._told],
            named_after=named_after(self._request, self._told).key,
        )
        return await self._ledger.open(self._request, self._lease, leaving)

    async def release(self) -> None:
        lease = self._held()
        await lease.write(lambda: self._ledger.release(self._request, lease))

    async def settle(self, outcome: Sent | Refused | Unknown, *, sending: bool) -> Outcome | None:
        bad = None
        if isinstance(outcome, Refused) and isinstance(self._refusal, BadAddress):
            message = self._composed()
            why = STOP if isinstance(self._refusal, OptedOut) else Reason.BAD_ADDRESS
            bad = BadMailbox(message.channel, message.recipient, why)
        lease = self._held() if sending else None
        if lease is None:
            recorded = await self._ledger.settle(self._request, outcome, bad=bad)
        else:
            recorded = await lease.write(lambda: self._ledger.settle(self._request, outcome, lease, bad=bad))
        self.closed = self.closed or recorded is outcome
        return recorded

    def sent(self, message: Message) -> Sent:
        return Sent(message_id=message.message_id, at=self.now())

    def _lane(self) -> str:
        assert self._context is not None, "it is looked at before it gets its turn"
        return self._context.context.list.name if is_capped(self._request.event) else CONFIRMATIONS

    def _composed(self) -> Message:
        assert self._message is not None, "nothing is handed over that was not composed"
        return self._message

    def _held(self) -> Lease:
        assert self._lease is not None, "the right to send is taken before anything is handed over"
        return self._lease
