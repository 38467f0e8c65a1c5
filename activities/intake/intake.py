"""Intake: one transaction for everything that one message means (promise P4).

The inbox row (a repeated delivery is a no-op), the new facts, the transitions they mean, the outbox row: all or
nothing, and Temporal is not needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import assert_never

from activities.intake.by_hand import as_of_now
from activities.intake.clock import clamp_to_now, not_from_the_future
from activities.intake.deliveries import Receipt, record_delivery
from activities.intake.erasure import (
    AGAIN,
    ASKED_BEFORE,
    ASKED_LONG_AGO,
    answer_data_request,
    erase_contact,
    erase_shop,
    is_left_alone,
    record_left_alone,
)
from activities.intake.events import take_checkout
from activities.intake.known_stores import STOREFRONT, add_store, is_known
from activities.intake.levels import QueuedLevels
from activities.intake.moves import NOTHING_NAMED, AnotherThing, Naming, VariantElsewhere
from activities.intake.newest import Asked
from activities.intake.orders import cancel_order, take_order
from activities.intake.products import apply_gone, apply_levels, apply_product
from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.products import UnknownProduct, UnknownVariant, find_product
from activities.waitlist.episode_changes import Heard
from schemas.attribution import AttributionModel
from schemas.ids import StoreId, Subject
from schemas.incoming.facts import (
    CheckoutFact,
    ContactErasureFact,
    DataRequestFact,
    Fact,
    HintFact,
    OrderFact,
    ProductFact,
    ProductGoneFact,
    ShopErasureFact,
    StockFact,
    StoreFact,
    WebhookDelivery,
)

SQL = load_queries("activities.intake", "intake.sql")

MOST_NAMED = 50
"""Variants of a product that an audit row names."""


HINTED_AT = {"product_id", "variant_id", "order_id", "cart_id"}
ABOUT_THE_KNOWN = (ContactErasureFact, ShopErasureFact, DataRequestFact)
"""A store that nobody told of has no people to forget, and is not made by asking for it."""


@dataclass(frozen=True, slots=True)
class InventoryItem:
    """The inventory item of a variant; None: its storefront has not named one."""

    inventory_item_id: str | None


class Intake:
    """Takes what storefronts report, by webhook, API or hand.

    Args:
        attribution: the windows in which orders are credited, where a list says nothing else.
    """

    def __init__(self, pool: Pool, attribution: AttributionModel | None = None) -> None:
        self._pool = pool
        self._levels = QueuedLevels(pool)
        self._attribution = attribution or AttributionModel()

    async def receive(self, delivery: WebhookDelivery, facts: Sequence[Fact]) -> Receipt:
        """Apply a delivery once; it is committed when this returns."""
        match facts:
            case [StockFact() as level]:
                return await self._levels.take(delivery, level)
            case _:
                return await self._receive(delivery, facts)

    @retry_on_deadlock
    async def _receive(self, delivery: WebhookDelivery, facts: Sequence[Fact]) -> Receipt:
        store_id = StoreId(delivery.store_id)
        async with transaction(self._pool) as connection:
            unknown = any(isinstance(each, ABOUT_THE_KNOWN) for each in facts) and not await is_known(
                connection, store_id
            )
            late = [each for each in facts if not unknown and await is_left_alone(connection, each)]
            if unknown or late:
                written = await record_delivery(connection, delivery, Receipt.IGNORED)
                for fact in late if written else ():
                    await record_left_alone(connection, store_id, fact, ASKED_LONG_AGO)
                return Receipt.IGNORED if written else Receipt.REPEATED
            if not await record_delivery(connection, delivery, Receipt.APPLIED):
                await _note_asked_again(connection, delivery, facts)
                return Receipt.REPEATED
            await add_store(connection, store_id, delivery.source, STOREFRONT)
            for fact in facts:
                await self._apply(connection, store_id, fact)
        return Receipt.APPLIED

    @retry_on_deadlock
    async def ignore(self, delivery: WebhookDelivery) -> Receipt:
        """Record a delivery that is not for us; its body is not kept, for it may be about people."""
        async with transaction(self._pool) as connection:
            written = await record_delivery(connection, delivery, Receipt.IGNORED)
        return Receipt.IGNORED if written else Receipt.REPEATED

    @retry_on_deadlock
    async def keep_malformed(self, delivery: WebhookDelivery, error: str, body: bytes) -> Receipt:
        """Keep a delivery that could not be read, for inspection; the body only if it is not about people."""
        async with transaction(self._pool) as connection:
            kept = None if delivery.about_people else body
            await record_delivery(connection, delivery, Receipt.MALFORMED, error, kept)
        return Receipt.MALFORMED

    @retry_on_deadlock
    async def observe(self, store_id: StoreId, source: str, facts: Sequence[Fact], by: str = STOREFRONT) -> None:
        """Apply facts that came without a delivery: put in by hand or through the API.

        Raises:
            AnotherThing: as it says; then nothing is applied.
        """
        async with transaction(self._pool) as connection:
            await add_store(connection, store_id, source, by)
            for fact in facts:
                _hold_to_one_thing(await self._apply(connection, store_id, fact))

    @retry_on_deadlock
    async def learn(self, store_id: StoreId, source: str, facts: Sequence[Fact], asked: Asked | None = None) -> None:
        """Apply facts that a store's platform was asked for, as if it had told of them by webhook.

        Args:
            asked: None: it told of them by itself.
        """
        async with transaction(self._pool) as connection:
            await add_store(connection, store_id, source, STOREFRONT)
            for fact in facts:
                await self._apply(connection, store_id, fact, asked=asked)

    @retry_on_deadlock
    async def put_product(
        self, store_id: StoreId, source: str, product: ProductFact, by: str
    ) -> Sequence[VariantElsewhere]:
        """Put in a product by hand, as of now: it holds whatever the clocks of others said.

        Returns the variants that moved to it, each with the product that it was of.

        Args:
            by: who does it, for the audit; so in all that is done by hand.

        Raises:
            AnotherThing: as it says.
        """
        async with transaction(self._pool) as connection:
            await add_store(connection, store_id, source, by)
            items = [variant.inventory_item_id for variant in product.variants if variant.inventory_item_id]
            variant_ids = [variant.variant_id for variant in product.variants]
            at = await as_of_now(connection, store_id, items, product.product_id, variant_ids)
            naming = await self._apply(
                connection, store_id, product.model_copy(update={"observed_at": at}), by_hand=True
            )
            _hold_to_one_thing(naming)
            details = {"store": store_id, "product": product.product_id, "variants": variant_ids[:MOST_NAMED]}
            await write_audit(connection, by, "put product", details)
        return naming.moved

    @retry_on_deadlock
    async def set_stock(self, variant: Subject, location: str, available: int, at: datetime | None, by: str) -> None:
        """Set a variant's level at one location, by the variant's id and not by its inventory item's.

        Args:
            at: when it was observed; older than what is known it changes nothing. None: as of now, and it holds
                whatever the clocks of others said.

        Raises:
            UnknownVariant: as it says.
        """
        async with transaction(self._pool) as connection:
            item = await SQL.item_of_variant.row(
                connection, InventoryItem, store_id=variant.store_id, variant_id=variant.id
            )
            if item is None:
                raise UnknownVariant(str(variant))
            item_id: str = item.inventory_item_id or await SQL.give_item.value(
                connection, store_id=variant.store_id, variant_id=variant.id
            )
            as_of = at or await as_of_now(connection, variant.store_id, [item_id])
            level = StockFact(inventory_item_id=item_id, location_id=location, available=available, observed_at=as_of)
            await self._apply(connection, variant.store_id, level, by_hand=at is None)
            details = {"store": variant.store_id, "variant": variant.id, "location": location, "units": available}
            await write_audit(connection, by, "set stock", details)

    @retry_on_deadlock
    async def remove_product(self, store_id: StoreId, product_id: str, at: datetime, by: str) -> None:
        """The shop has a product no more, as if its storefront had said so.

        Raises:
            UnknownProduct: as it says.
        """
        async with transaction(self._pool) as connection:
            if await find_product(connection, store_id, product_id, None) is None:
                raise UnknownProduct(f"{store_id}/product/{product_id}")
            await self._apply(connection, store_id, ProductGoneFact(product_id=product_id, observed_at=at))
            await write_audit(connection, by, "remove product", {"store": store_id, "product": product_id})

    @retry_on_deadlock
    async def cancel_order(self, store_id: StoreId, order_id: str, at: datetime, by: str) -> None:
        """An order does not stand any more: what is in it does not count as bought.

        Raises:
            UnknownOrder: as it says.
        """
        async with transaction(self._pool) as connection:
            await cancel_order(connection, store_id, order_id, at)
            await write_audit(connection, by, "cancel order", {"store": store_id, "order": order_id})

    async def _apply(
        self,
        connection: Connection,
        store_id: StoreId,
        reported: Fact,
        *,
        by_hand: bool = False,
        asked: Asked | None = None,
    ) -> Naming:
        """Apply a fact. Returns what it meant for the variants that it names.

        Args:
            by_hand: its time is not the shop's.
        """
        now = datetime.now(UTC)
        fact = not_from_the_future(reported, now)
        asked = asked and replace(asked, until=clamp_to_now(asked.until, now))
        heard = Heard(None if by_hand else reported.observed_at)
        match fact:
            case StoreFact():
                await SQL.set_currency.run(
                    connection, store_id=store_id, currency=fact.currency, observed_at=fact.observed_at
                )
            case ProductFact():
                return await apply_product(connection, store_id, fact, heard, asked)
            case ProductGoneFact():
                await apply_gone(connection, store_id, fact, asked)
            case StockFact():
                await apply_levels(connection, store_id, [fact], [heard], asked)
            case HintFact():
                await SQL.leave_hint.run(connection, store_id=store_id, **fact.model_dump(include=HINTED_AT))
            case OrderFact():
                await take_order(connection, store_id, fact, self._attribution)
            case CheckoutFact():
                await take_checkout(connection, store_id, fact)
            case ContactErasureFact():
                await erase_contact(connection, store_id, fact)
            case ShopErasureFact():
                await erase_shop(connection, store_id)
            case DataRequestFact():
                await answer_data_request(connection, store_id, fact)
            case _:
                assert_never(fact)
        return NOTHING_NAMED


async def _note_asked_again(connection: Connection, delivery: WebhookDelivery, facts: Sequence[Fact]) -> None:
    """What is remembered for good comes once more, too late for a storefront that only tries again."""
    asked = await SQL.asked_again.value(
        connection, store_id=delivery.store_id, source=delivery.source, key=delivery.key, again=AGAIN
    )
    for fact in facts if asked is not None else ():
        await record_left_alone(connection, StoreId(delivery.store_id), fact, ASKED_BEFORE)


def _hold_to_one_thing(naming: Naming) -> None:
    if naming.refused:
        raise AnotherThing(naming.refused)
