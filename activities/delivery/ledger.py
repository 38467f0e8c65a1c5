"""The ledger: what became of each message, once and for all (promise P1).

A row goes ready → sending → sent, refused or unknown; a manual message is held before that, until somebody approves it.
Whoever holds `sending` has a lease; when it runs out without an outcome, what happened cannot be known, and it is
recorded as unknown, never sent again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from activities.decisions.filters import passes
from activities.delivery.verdict import TELLING, Facts
from activities.postgres.pool import Pool, Row, transaction
from activities.postgres.queries import load_queries
from activities.rendering.templates import ItemPart, ListPart, MessageContext, ProductPart, ShopPart, VariantPart
from activities.stock.products import load_product
from activities.storefronts.registry import page_url
from activities.waitlist.store import give_up_place, return_to_line
from schemas.channels import Channel
from schemas.document.alert_types.offer import Offer
from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.conversation import MessageSection
from schemas.ids import StoreId, Subject, VersionId
from schemas.journey.activities import Deliver, Delivered
from schemas.journey.outcome import AfterRefusal, Outcome, Refused, Sent, Unknown
from schemas.reasons import Reason

SQL = load_queries("activities.delivery", "ledger.sql")

LEASE = timedelta(seconds=90)
"""Longer than any attempt can take (workflows/policies.DELIVER_LIMIT), so a lease that ran out has no living holder."""

MOST_ITEMS_SHOWN = 20
"""Of a cart, in a message: enough to recognise it by, and a message stays readable."""

KEPT_MESSAGES = 1000
"""Message texts kept in memory. Versions never change, so what is kept is never stale."""


@dataclass(frozen=True, slots=True)
class SendContext:
    """Everything deliver needs to know about one message.

    Attributes:
        message: its template; None when the version has none of this name.
        sender: the From address of the list; None: the installation's.
        recorded: the outcome, if the message is settled already.
        leased_until: another attempt may be sending it until then.
        declined: somebody looked at it and said no.
    """

    facts: Facts
    message: MessageSection | None
    recipient: str | None
    sender: str | None
    context: MessageContext
    recorded: Outcome | None
    leased_until: datetime | None
    declined: bool


class UnknownJourney(Exception):
    """There is no such journey in the database."""


@dataclass(frozen=True, slots=True)
class _Filters:
    """The filters of an alert, as they are stored."""

    alert_id: str | None
    triggers: object
    profile: object


class Ledger:
    """The ledger in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._messages: dict[tuple[VersionId, str], MessageSection | None] = {}

    async def look_up(self, request: Deliver) -> SendContext:
        """All facts; what belongs to an alert in one query.

        Raises:
            UnknownJourney: as it says.
        """
        step = request.step
        message = await self.message(request.version, step.message)
        # One that is not there stops only after the verdict: until then it is looked at as an e-mail.
        channel = Channel.EMAIL if message is None else message.channel
        row = await self._pool.fetchrow(
            SQL["facts"],
            request.journey_id,
            request.key,
            request.version,
            step.message,
            request.round,
            step.id,
            channel,
        )
        if row is None:
            raise UnknownJourney(f"journey {request.journey_id} is not in the database this worker uses")
        recorded = _outcome(row["outcome"])
        filters = _Filters(row["alert_id"], row["triggers"], row["profile"])
        passed = recorded is not None or await passes(
            self._pool, filters, row["contact_id"], row["store_id"], row["product_id"], row["variant_id"]
        )
        offer = await self._offer(row) if recorded is None else None
        return SendContext(
            facts=_facts(row, request, offer, filtered=not passed),
            message=message,
            recipient=_address(row, channel),
            sender=row["sender"],
            context=_context(row, await self._items(row) if recorded is None else ()),
            recorded=recorded,
            leased_until=row["lease_until"],
            declined=bool(row["declined"]),
        )

    async def _offer(self, row: Row) -> Offer | None:
        """What is for sale now of the one product that a journey without an alert is about."""
        if row["alert_id"] is not None or row["product_id"] is None:
            return None
        subject = Subject.from_key(row["store_id"], row["subject"])
        async with self._pool.acquire() as connection:
            product = await load_product(connection, StoreId(row["store_id"]), row["product_id"])
        return product.offer(subject.level, subject.id, row["locations"])

    async def _items(self, row: Row) -> tuple[ItemPart, ...]:
        if row["event_id"] is None:
            return ()
        rows = await self._pool.fetch(SQL["items"], row["store_id"], row["event_id"], MOST_ITEMS_SHOWN)
        return tuple(
            ItemPart(
                title=f"{item['title']} ({item['variant_title']})" if item["variant_title"] else item["title"],
                url=_page(row, item),
                quantity=item["quantity"],
                image_url=item["image_url"],
                price=_money(item["price"]),
            )
            for item in rows
        )

    async def message(self, version_id: VersionId, code: str) -> MessageSection | None:
        """A message of a published version; it never changes. None when the version has none of this name."""
        if (version_id, code) not in self._messages:
            if len(self._messages) >= KEPT_MESSAGES:
                self._messages.clear()
            found = await self._pool.fetchval(SQL["message"], version_id, code)
            message = None if found is None else MessageSection.model_validate(found)
            self._messages[version_id, code] = message
        return self._messages[version_id, code]

    async def open(self, request: Deliver) -> bool:
        """Take the right to send; False when another attempt has it, it is settled, or somebody declined it."""
        return await self._pool.fetchval(SQL["open"], *_place(request), LEASE, request.step.manual) is not None

    async def hold(self, request: Deliver) -> bool:
        """Put it before somebody; False when they have approved these words, or it is past that."""
        return await self._pool.fetchval(SQL["hold"], *_place(request), request.version) is not None

    async def note(self, request: Deliver) -> None:
        """It is put off: nothing is settled, but the ledger knows of it, so that it can be declined or passed over."""
        await self._pool.execute(SQL["note"], *_place(request))

    async def stop(self, request: Deliver) -> None:
        """It cannot be made until somebody mends what is broken."""
        await self._pool.execute(SQL["stop"], *_place(request))

    async def release(self, request: Deliver) -> None:
        """The provider certainly did not take it."""
        await self._pool.execute(SQL["release"], request.key)

    async def settle(
        self, request: Deliver, outcome: Sent | Refused | Unknown, *, sending: bool = False
    ) -> Outcome | None:
        """Write what became of it, and what that means for the journey's place, all or nothing.

        Args:
            sending: it was found by the attempt that holds the lease; without, it is a verdict from before sending.

        Returns:
            What is on record now: this outcome, or the one that was first. None when nothing is, because another
            attempt is sending.
        """
        match outcome:
            case Sent() | Unknown() if request.event in TELLING:
                written = await self._pool.fetchval(SQL["settle_told"], *_entry(request, outcome)) is not None
            case Sent() | Unknown():
                written = await self._pool.fetchval(SQL["settle"], *_entry(request, outcome), True) is not None
            case Refused():
                written = await self._settle_refusal(request, outcome, sending)
            case _:
                assert_never(outcome)
        return outcome if written else _outcome(await self._pool.fetchval(SQL["recorded"], request.key))

    async def _settle_refusal(self, request: Deliver, outcome: Refused, sending: bool) -> bool:
        async with transaction(self._pool) as connection:
            if await connection.fetchval(SQL["settle"], *_entry(request, outcome), sending) is None:
                return False
            match outcome.then:
                case AfterRefusal.BACK_IN_LINE:
                    await return_to_line(connection, request.journey_id)
                case AfterRefusal.LEAVE:
                    await give_up_place(connection, request.journey_id, "refused", outcome.reason)
                case AfterRefusal.GO_ON | AfterRefusal.END_THREAD:
                    pass
                case _:
                    assert_never(outcome.then)
        return True


def _address(contact: Row, channel: Channel) -> str | None:
    """Where a contact is reached; None once they are erased."""
    match channel:
        case Channel.EMAIL:
            return contact["email"]
        case _:
            assert_never(channel)


def _place(request: Deliver) -> tuple[object, ...]:
    """Which message it is, as the ledger's queries begin."""
    return request.key, request.journey_id, request.step.id, request.round, request.step.message


def _entry(request: Deliver, outcome: Sent | Refused | Unknown) -> tuple[object, ...]:
    """The ledger's row for an outcome, in the order of its queries."""
    return *_place(request), outcome.kind, outcome.model_dump(mode="json")


def _outcome(stored: object) -> Outcome | None:
    return Delivered.model_validate({"outcome": stored}).outcome if stored else None


def _facts(row: Row, request: Deliver, offer: Offer | None, *, filtered: bool) -> Facts:
    left = row["left_reason"]
    in_stock = row["in_stock"] and bool(row["same_episode"])
    if row["type"] is None:
        in_stock = offer is None or offer.can_be_bought
    return Facts(
        event=request.event,
        type=AlertType(row["type"]) if row["type"] is not None else None,
        draft=request.step.draft,
        said=row["said"],
        left=Reason(left) if left else Reason.CANCELLED if row["ended"] else None,
        erased=row["erased"],
        consented=row["consented"],
        suppressed=row["suppressed"],
        paused=row["paused"],
        filtered=filtered,
        bought=row["bought"],
        on_sale=row["product_id"] is None or row["on_sale"],
        claim=row["claim"],
        in_stock=in_stock,
        same_currency=row["same_currency"],
        measure=row["measure"],
        trigger=row["trigger_at"],
        time_zone=row["time_zone"],
        quiet_from=row["quiet_from"],
        quiet_until=row["quiet_until"],
    )


def _context(row: Row, items: tuple[ItemPart, ...]) -> MessageContext:
    return MessageContext(
        shop=ShopPart(name=row["shop_name"], url=_front_page(row)),
        product=ProductPart(title=row["product_title"] or "", url=_page(row, row), image_url=row["image_url"]),
        variant=VariantPart(
            title=row["variant_title"] or "", sku=row["sku"], price=_money(row["price"]), currency=row["currency"]
        ),
        list=ListPart(name=row["list_name"]),
        items=items,
        event=row["properties"] or {},
        attributes=row["attributes"],
    )


def _front_page(shop: Row) -> str:
    return shop["shop_url"].rstrip("/")


def _page(shop: Row, thing: Row) -> str:
    """Where a product, or its variant, is shown; the front page if we do not know."""
    return page_url(shop["store_source"], _front_page(shop), thing["handle"], thing["variant_id"])


def _money(price: Decimal | None) -> Decimal | None:
    """As people write it: two places, and more only where they say something."""
    if price is None:
        return None
    cents = price.quantize(Decimal("0.01"))
    return cents if cents == price else price.normalize()
