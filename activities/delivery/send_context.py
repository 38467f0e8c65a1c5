"""What is known of a message that is to be sent: the facts for the verdict, the template, and what fills it."""

from dataclasses import dataclass, replace
from datetime import timedelta

from activities.decisions.filters import passes
from activities.delivery.address_change import ADDRESS_CHANGE, find_address_change, in_language
from activities.delivery.items import items_of, money
from activities.delivery.residence import residence
from activities.delivery.send_rows import SendRow
from activities.delivery.shopper_links import CONFIRM, LinkedMessage
from activities.delivery.stored_message import StoredMessage, StoredMessages, recorded_outcome
from activities.delivery.verdict import MessageFacts
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.rendering.facts import ItemPart, ListPart, MessageContext, ProductPart, ShopPart, VariantPart, WaitPart
from activities.revenue.links import Tracking
from activities.stock.products import load_product
from schemas.channels import Channel
from schemas.document.alert_types.offer import Offer
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.ids import Subject
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
        gathers: it is told with what else waits for the same person.
        tracking: what is to be known of the message.
        recorded: the outcome, if it is settled already.
        lease_left: another attempt may be sending it for so long, by PostgreSQL's clock.
        declined: somebody looked at it and said no.
        ended: its journey is over.
        sender_stopped: its sender is at fault, and stopped until somebody has mended that.
        list_code: of the list whose message it is.
        linked: what its links are made of.
    """

    facts: MessageFacts
    message: StoredMessage | None
    recipient: str | None
    sender: str | None
    gathers: bool
    tracking: Tracking
    context: MessageContext
    recorded: Outcome | None
    lease_left: timedelta | None
    declined: bool
    ended: bool
    sender_stopped: bool
    list_code: str
    linked: LinkedMessage


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
        asks_address = step.message.startswith(ADDRESS_CHANGE)
        change = await find_address_change(self._pool, step.message) if asks_address else None
        message = in_language(None) if asks_address else await self._messages.find(request.version, step.message)
        # Without a template the verdict is taken all the same, as for an e-mail; deliver stops after it.
        channel = Channel.EMAIL if message is None else message.channel
        row = await self._row(request, channel)
        recorded = recorded_outcome(row.outcome)
        passed = recorded is not None or await passes(
            self._pool, row, row.contact_id, row.store_id, row.product_id, row.variant_id
        )
        offer = await self._offer(row, message) if recorded is None else None
        place = await self._place(row, message, request) if recorded is None else None
        items = await self._items(row) if recorded is None else ()
        facts = _facts(row, request, offer, message, filtered=not passed)
        if asks_address:
            facts = _of_new_address(facts, there_is=change is not None)
        confirm = None if row.confirmation is None else f"{CONFIRM}{row.confirmation}"
        return SendContext(
            facts=facts,
            message=message if change is None else change.message,
            recipient=row.address if change is None else change.email,
            sender=row.sender,
            gathers=facts.together_until is not None,
            tracking=row.tracking,
            context=_context(row, items, offer, place),
            recorded=recorded,
            lease_left=row.lease_left,
            declined=row.declined,
            ended=row.ended,
            sender_stopped=row.sender_stopped,
            list_code=row.list_code,
            linked=LinkedMessage(row.contact_id, row.store_id, row.link, confirm if change is None else change.link),
        )

    async def _row(self, request: Deliver, channel: Channel) -> SendRow:
        row = await SQL.facts.row(
            self._pool,
            SendRow,
            journey_id=request.journey_id,
            key=request.key,
            version=request.version,
            message=request.step.message,
            round=request.round,
            step=request.step.id,
            channel=channel,
            question=request.is_question,
        )
        if row is None:
            raise UnknownJourney(f"journey {request.journey_id} is not in the database this worker uses")
        return row

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
    gathers = (
        row.gathers
        and request.event is AlertEvent.ALERT
        and not request.step.manual
        and message is not None
        and message.tells_together
    )
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
        together_until=row.together_until if gathers else None,
        follows=gathers and row.follows,
        unreachable=row.address is None,
        beside=message is not None and message.beside,
        lives_in=residence(row.attributes, row.phone) if texted and row.phone is not None else None,
        held_out=row.experiment is not None and row.experiment.holds_out(row.contact_id),
        refused=row.refused,
        transactional=message is not None and message.transactional,
        asks_first=row.asks_first,
        question=request.is_question,
        asked_already=row.asked_already,
        paused_until=row.paused_until,
    )


def _of_new_address(facts: MessageFacts, *, there_is: bool) -> MessageFacts:
    """It is the new address that is written to, and asked: what stands against the present one is nothing to it."""
    return replace(facts, question=True, unreachable=False, refused=False, suppressed=False, already_sent=not there_is)


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
