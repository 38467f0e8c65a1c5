"""What is known of a message that is to be sent: the facts for the verdict, the template, and what fills it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from activities.decisions.filters import passes
from activities.delivery.items import items_of, money
from activities.delivery.residence import residence
from activities.delivery.stored_message import StoredMessage, StoredMessages, recorded_outcome
from activities.delivery.verdict import MessageFacts
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.rendering.facts import ItemPart, ListPart, MessageContext, ProductPart, ShopPart, VariantPart, WaitPart
from activities.revenue.links import Tracking
from activities.stock.products import load_product
from activities.storefronts.registry import page_url
from schemas.channels import Channel
from schemas.document.alert_types.offer import Offer
from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.experiment import Experiment
from schemas.ids import AlertId, ContactId, StoreId, Subject
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Outcome
from schemas.reasons import Reason

SQL = load_queries("activities.delivery", "send_context.sql")

LONGEST_LINE_TOLD = 100
"""Places in line that are counted for a message; who stands further back is told of none. Each message that says a
place walks so far along the line, so a confirmation for each of a million costs what it costs for a hundred."""


@dataclass(frozen=True, slots=True)
class SendContext:
    """Everything deliver needs to know about one message.

    Attributes:
        message: its template; None when the version has none of this name.
        sender: the From address of the list; None: the installation's.
        tracking: what is to be known of the message.
        recorded: the outcome, if it is settled already.
        lease_left: another attempt may be sending it for so long, by PostgreSQL's clock.
        declined: somebody looked at it and said no.
        ended: its journey is over.
        sender_stopped: its sender is at fault, and stopped until somebody has mended that.
    """

    facts: MessageFacts
    message: StoredMessage | None
    recipient: str | None
    sender: str | None
    tracking: Tracking
    context: MessageContext
    recorded: Outcome | None
    lease_left: timedelta | None
    declined: bool
    ended: bool
    sender_stopped: bool


@dataclass(frozen=True, slots=True)
class SendRow:
    """A row of `facts`: the journey, and all of alert, list, store, product, order, claim and ledger that bears on it.

    Attributes:
        subject, product_id: what the journey is about; None: about no product.
        left_reason: why it left the waiting list, or was asked to leave.
        ended: the journey is over.
        address: on the message's channel; None: they have none, or are erased.
        phone: theirs, whatever the channel.
        on_sale: the product is; also true of a journey about no product.
        other_product: the storefront tells of the variant under the product they entered for, too.
        already_sent: before a move to another version, this message was sent from a step with another id.
        alert_id, type, triggers, profile: of the alert; all None without one.
        claim: the state of the claim in hand, or of the last one that the contact was told by.
        in_stock: an episode is open, and it is that of a claim that was given.
        emptied: nothing is left of the cart that the journey was entered on; None: it was entered on nothing.
        measure: the price or quantity that the alert watches, now.
        trigger_at: the bound that the contact's entry set.
        locations: those whose units count; None: all.
        turn: when the list's cap allows the message; None: it does now, or there is none.
        entry_price: what it cost when they entered; None: not known, or in another currency.
        properties: of the event the journey was entered on.
        lease_left, outcome, declined: of the message's row in the ledger.
    """

    contact_id: ContactId
    store_id: StoreId
    product_id: str | None
    subject: str | None
    ended: bool
    event_id: str | None
    left_reason: Reason | None
    address: str | None
    phone: str | None
    erased: bool
    attributes: dict[str, Any]
    consented: bool
    suppressed: bool
    on_sale: bool
    other_product: bool
    already_sent: bool
    claim: Literal["given", "used", "lapsed"] | None
    coupon: str | None
    experiment: Experiment | None
    alert_id: AlertId | None
    type: AlertType | None
    triggers: object
    profile: object
    paused: Reason | None
    in_stock: bool
    measure: Decimal | None
    trigger_at: Decimal | None
    same_currency: bool
    bought: bool
    emptied: bool | None
    list_name: str
    time_zone: str
    locations: list[str] | None
    quiet_from: time | None
    quiet_until: time | None
    sender: str | None
    tracking: Tracking
    turn: datetime | None
    sender_stopped: bool
    store_source: str
    shop_name: str
    shop_url: str
    currency: str | None
    product_title: str | None
    product_url: str | None
    handle: str | None
    image_url: str | None
    variant_id: str | None
    variant_title: str | None
    sku: str | None
    price: Decimal | None
    entered_at: datetime
    entry_price: Decimal | None
    properties: dict[str, Any] | None
    lease_left: timedelta | None
    outcome: object
    declined: bool

    def page(self, own: str | None, handle: str | None, variant_id: str | None) -> str:
        """Where a product of this store is shown, by the shop's own word first; the front page if that is not known."""
        return own or page_url(self.store_source, self.front_page, handle, variant_id)

    @property
    def front_page(self) -> str:
        return self.shop_url.rstrip("/")


class UnknownJourney(Exception):
    """There is no such journey in the database."""


class SendContexts:
    """Looks up what is known of messages; keeps the templates that it has read."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._messages = StoredMessages(pool)

    async def look_up(self, request: Deliver) -> SendContext:
        """All that is known of a message; of an alert's, mostly in one query.

        Raises:
            UnknownJourney: its journey is not in this database.
        """
        step = request.step
        message = await self._messages.find(request.version, step.message)
        # Without a template the verdict is taken all the same, as for an e-mail; deliver stops after it.
        channel = Channel.EMAIL if message is None else message.channel
        row = await SQL.facts.row(
            self._pool,
            SendRow,
            journey_id=request.journey_id,
            key=request.key,
            version=request.version,
            message=step.message,
            round=request.round,
            step=step.id,
            channel=channel,
        )
        if row is None:
            raise UnknownJourney(f"journey {request.journey_id} is not in the database this worker uses")
        recorded = recorded_outcome(row.outcome)
        passed = recorded is not None or await passes(
            self._pool, row, row.contact_id, row.store_id, row.product_id, row.variant_id
        )
        offer = await self._offer(row, message) if recorded is None else None
        place = await self._place(row, message, request) if recorded is None else None
        items = await self._items(row) if recorded is None else ()
        return SendContext(
            facts=_facts(row, request, offer, message, filtered=not passed),
            message=message,
            recipient=row.address,
            sender=row.sender,
            tracking=row.tracking,
            context=_context(row, items, offer, place),
            recorded=recorded,
            lease_left=row.lease_left,
            declined=row.declined,
            ended=row.ended,
            sender_stopped=row.sender_stopped,
        )

    async def _offer(self, row: SendRow, message: StoredMessage | None) -> Offer | None:
        """What is for sale now of what a journey is about; of an alert's only where a message says how much is left."""
        says_units = message is not None and message.shows("variant.units")
        if (row.alert_id is not None and not says_units) or row.product_id is None or row.subject is None:
            return None
        subject = Subject.from_key(row.store_id, row.subject)
        async with self._pool.acquire() as connection:
            product = await load_product(connection, row.store_id, row.product_id)
        return product.offer(subject.level, subject.id, row.locations)

    async def _place(self, row: SendRow, message: StoredMessage | None, request: Deliver) -> int | None:
        """The contact's place in line, where the message says it."""
        if row.alert_id is None or message is None or not message.shows("wait.place"):
            return None
        ahead: int | None = await SQL.ahead.value(self._pool, journey_id=request.journey_id, most=LONGEST_LINE_TOLD)
        return ahead + 1 if ahead is not None and ahead < LONGEST_LINE_TOLD else None

    async def _items(self, row: SendRow) -> tuple[ItemPart, ...]:
        if row.event_id is None:
            return ()
        return await items_of(self._pool, row.store_id, row.event_id, row.page, row.currency)


def _facts(
    row: SendRow, request: Deliver, offer: Offer | None, message: StoredMessage | None, *, filtered: bool
) -> MessageFacts:
    texted = message is not None and message.channel is Channel.SMS
    return MessageFacts(
        event=request.event,
        type=row.type,
        draft=request.step.draft,
        already_sent=row.already_sent,
        left=row.left_reason or (Reason.CANCELLED if row.ended else None),
        erased=row.erased,
        consented=row.consented,
        suppressed=row.suppressed,
        paused=row.paused,
        filtered=filtered,
        bought=row.bought,
        emptied=bool(row.emptied),
        on_sale=row.on_sale,
        other_product=row.other_product,
        claim=row.claim,
        in_stock=row.in_stock if row.type is not None else offer is None or offer.can_be_bought,
        same_currency=row.same_currency,
        measure=row.measure,
        trigger=row.trigger_at,
        time_zone=row.time_zone,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        turn=row.turn,
        unreachable=row.address is None,
        beside=message is not None and message.beside,
        lives_in=residence(row.attributes, row.phone) if texted and row.phone is not None else None,
        held_out=row.experiment is not None and row.experiment.holds_out(row.contact_id),
    )


def _context(row: SendRow, items: tuple[ItemPart, ...], offer: Offer | None, place: int | None) -> MessageContext:
    page, price = row.page(row.product_url, row.handle, row.variant_id), money(row.price, row.currency)
    units = None if offer is None or offer.open_ended else offer.units
    return MessageContext(
        shop=ShopPart(name=row.shop_name, url=row.front_page),
        product=ProductPart(title=row.product_title or "", url=page, image_url=row.image_url),
        variant=VariantPart(
            title=row.variant_title or "", sku=row.sku, price=price, currency=row.currency, units=units
        ),
        list=ListPart(name=row.list_name),
        coupon=row.coupon,
        items=items,
        event=row.properties or {},
        attributes=row.attributes,
        wait=WaitPart(row.entered_at, money(row.entry_price, row.currency), place),
        time_zone=row.time_zone,
    )
