"""Intake: one transaction for everything that one message means (promise P4).

The inbox row (a repeated delivery is a no-op), the new facts, the transitions they mean, the outbox row: all or
nothing, and Temporal is not needed. Transitions come from our stored state, under the product's row lock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import assert_never

from activities.intake.by_hand import as_of_now
from activities.intake.clock import clamp_to_now
from activities.intake.erasure import answer_data_request, erase_contact, erase_shop
from activities.intake.events import take_checkout
from activities.intake.moves import AnotherThing, Naming, VariantElsewhere, hold_other_products, name_variants
from activities.intake.orders import cancel_order, take_order
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.offers import Product
from activities.stock.products import UnknownProduct, UnknownVariant, find_product, load_changing, load_product
from activities.stock.quantities import Quantities
from activities.waitlist.episodes import observe_units, update_episodes
from schemas.ids import StoreId, Subject
from schemas.incoming.facts import (
    CheckoutFact,
    ContactErasureFact,
    DataRequestFact,
    Fact,
    OrderFact,
    ProductFact,
    ProductGoneFact,
    ShopErasureFact,
    StockFact,
    StoreFact,
    WebhookDelivery,
)

SQL = load_queries("activities.intake", "intake.sql")


class Receipt(StrEnum):
    """What became of a delivery."""

    APPLIED = "applied"
    REPEATED = "repeated"
    IGNORED = "ignored"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class InventoryItem:
    """The inventory item of a variant; None: its storefront has not named one."""

    inventory_item_id: str | None


class Intake:
    """Takes what storefronts report, by webhook, API or hand."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_on_deadlock
    async def receive(self, delivery: WebhookDelivery, facts: Sequence[Fact]) -> Receipt:
        """Apply a delivery once."""
        async with transaction(self._pool) as connection:
            if not await _record_delivery(connection, delivery, Receipt.APPLIED):
                return Receipt.REPEATED
            await _add_store(connection, delivery.store_id, delivery.source)
            for fact in facts:
                await _apply(connection, StoreId(delivery.store_id), fact)
        return Receipt.APPLIED

    @retry_on_deadlock
    async def ignore(self, delivery: WebhookDelivery) -> Receipt:
        """Record a delivery that is not for us; its body is not kept, for it may be about people."""
        async with transaction(self._pool) as connection:
            written = await _record_delivery(connection, delivery, Receipt.IGNORED)
        return Receipt.IGNORED if written else Receipt.REPEATED

    @retry_on_deadlock
    async def keep_malformed(self, delivery: WebhookDelivery, error: str, body: bytes) -> Receipt:
        """Keep a delivery that could not be read, for inspection; the body only if it is not about people."""
        async with transaction(self._pool) as connection:
            kept = None if delivery.about_people else body
            await _record_delivery(connection, delivery, Receipt.MALFORMED, error, kept)
        return Receipt.MALFORMED

    @retry_on_deadlock
    async def observe(self, store_id: StoreId, source: str, facts: Sequence[Fact]) -> None:
        """Apply facts that came without a delivery: put in by hand or through the API.

        Raises:
            AnotherThing: as it says; then nothing is applied.
        """
        async with transaction(self._pool) as connection:
            await _add_store(connection, store_id, source)
            for fact in facts:
                if refused := await _apply(connection, store_id, fact):
                    raise AnotherThing(refused)

    @retry_on_deadlock
    async def put_product(self, store_id: StoreId, source: str, product: ProductFact) -> None:
        """Put in a product by hand, as of now: it holds whatever the clocks of others said.

        Raises:
            AnotherThing: as it says.
        """
        async with transaction(self._pool) as connection:
            await _add_store(connection, store_id, source)
            items = [variant.inventory_item_id for variant in product.variants if variant.inventory_item_id]
            at = await as_of_now(connection, store_id, items, product.product_id)
            if refused := await _apply(connection, store_id, product.model_copy(update={"observed_at": at})):
                raise AnotherThing(refused)

    @retry_on_deadlock
    async def set_stock(self, variant: Subject, location: str, available: int, at: datetime | None) -> None:
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
            at = at or await as_of_now(connection, variant.store_id, [item_id])
            level = StockFact(inventory_item_id=item_id, location_id=location, available=available, observed_at=at)
            await _apply(connection, variant.store_id, level)

    @retry_on_deadlock
    async def remove_product(self, store_id: StoreId, product_id: str, at: datetime) -> None:
        """The shop has a product no more, as if its storefront had said so.

        Raises:
            UnknownProduct: as it says.
        """
        async with transaction(self._pool) as connection:
            if await find_product(connection, store_id, product_id, None) is None:
                raise UnknownProduct(f"{store_id}/product/{product_id}")
            await _apply(connection, store_id, ProductGoneFact(product_id=product_id, observed_at=at))

    @retry_on_deadlock
    async def cancel_order(self, store_id: StoreId, order_id: str, at: datetime) -> None:
        """An order does not stand any more: what is in it does not count as bought.

        Raises:
            UnknownOrder: as it says.
        """
        async with transaction(self._pool) as connection:
            await cancel_order(connection, store_id, order_id, at)


async def _record_delivery(
    connection: Connection,
    delivery: WebhookDelivery,
    receipt: Receipt,
    error: str | None = None,
    body: bytes | None = None,
) -> bool:
    """Whether the delivery is new."""
    return (
        await SQL.receive.value(
            connection,
            store_id=delivery.store_id,
            source=delivery.source,
            topic=delivery.topic,
            key=delivery.key,
            state=receipt,
            error=error,
            body=body,
        )
        is not None
    )


async def _add_store(connection: Connection, store_id: str, source: str) -> None:
    await SQL.add_store.run(connection, store_id=store_id, source=source)
    await SQL.claim_store.run(connection, store_id=store_id, source=source)


async def _apply(connection: Connection, store_id: StoreId, reported: Fact) -> Sequence[VariantElsewhere]:
    """Apply a fact. Returns the variants in it that are another thing under another product; all else is applied."""
    fact = _not_from_the_future(reported, datetime.now(UTC))
    match fact:
        case StoreFact():
            await SQL.set_currency.run(
                connection, store_id=store_id, currency=fact.currency, observed_at=fact.observed_at
            )
        case ProductFact():
            return await _apply_product(connection, store_id, fact)
        case ProductGoneFact():
            await _apply_gone(connection, store_id, fact)
        case StockFact():
            await _apply_stock(connection, store_id, fact)
        case OrderFact():
            await take_order(connection, store_id, fact)
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
    return ()


def _not_from_the_future(fact: Fact, now: datetime) -> Fact:
    """A storefront's clock that runs ahead must not make its messages of today outrank those of tomorrow."""
    if fact.observed_at is None:
        return fact
    return fact.model_copy(update={"observed_at": clamp_to_now(fact.observed_at, now)})


async def _apply_product(connection: Connection, store_id: StoreId, fact: ProductFact) -> Sequence[VariantElsewhere]:
    items = [variant.inventory_item_id for variant in fact.variants if variant.inventory_item_id]
    await SQL.lock_items_of_product.run(
        connection,
        store_id=store_id,
        product_id=fact.product_id,
        items=items,
        variants=[variant.variant_id for variant in fact.variants],
    )
    elsewhere = await hold_other_products(connection, store_id, fact)
    written = await SQL.set_product.value(
        connection,
        store_id=store_id,
        product_id=fact.product_id,
        title=fact.title,
        handle=fact.handle,
        page_url=fact.page_url,
        image_url=fact.image_url,
        on_sale=fact.on_sale,
        observed_at=fact.observed_at,
        vendor=fact.vendor,
        tags=fact.tags,
        collections=fact.collections,
        variant_ids=[variant.variant_id for variant in fact.variants],
    )
    if written is None:
        return ()  # a newer message came first
    naming = await name_variants(connection, store_id, fact) if elsewhere else Naming(fact.variants)
    await _set_variants(connection, store_id, fact, naming)
    for left in naming.left:
        # What it offers as a whole is less now.
        await update_episodes(connection, store_id, left, await load_product(connection, store_id, left), ())
    return naming.refused


async def _set_variants(connection: Connection, store_id: StoreId, fact: ProductFact, naming: Naming) -> None:
    """Write the variants that are of the product now, and what they mean for those who wait."""
    for variant in sorted(naming.taken, key=lambda variant: variant.variant_id):
        await SQL.set_variant.run(
            connection,
            store_id=store_id,
            variant_id=variant.variant_id,
            product_id=fact.product_id,
            inventory_item_id=variant.inventory_item_id,
            title=variant.title,
            sku=variant.sku,
            price=variant.price,
            policy=variant.policy,
            tracked=variant.tracked,
            told_at=fact.observed_at,
        )
    if fact.all_variant_ids is not None:
        await SQL.remove_variants_but.run(
            connection, store_id=store_id, product_id=fact.product_id, variant_ids=sorted(fact.all_variant_ids)
        )
    product = await load_product(connection, store_id, fact.product_id)
    for variant in naming.taken:
        if variant.quantity is not None:
            product = await _update_quantities(
                connection, store_id, product, variant.variant_id, _total(variant.quantity, fact.observed_at)
            )
    units_changed = await observe_units(connection, store_id, {each.item for each in product.variants.values()})
    # All variants, also those that the message does not show: whether the product is on sale concerns each.
    await update_episodes(connection, store_id, fact.product_id, product, product.variants, units_changed=units_changed)


async def _apply_gone(connection: Connection, store_id: StoreId, fact: ProductGoneFact) -> None:
    at = fact.observed_at or datetime.now(UTC)
    gone = await SQL.product_gone.value(connection, store_id=store_id, product_id=fact.product_id, observed_at=at)
    if gone is not None:
        product = await load_product(connection, store_id, fact.product_id)
        await update_episodes(connection, store_id, fact.product_id, product, product.variants)


async def _apply_stock(connection: Connection, store_id: StoreId, fact: StockFact) -> None:
    item_id = fact.inventory_item_id
    await SQL.lock_items.run(connection, store_id=store_id, items=[item_id])
    product_ids: list[str] = await SQL.lock_products_of_item.values(
        connection, store_id=store_id, inventory_item_id=item_id
    )
    changed: dict[str, tuple[Product, list[str]]] = {}
    for product_id in product_ids:
        variants: list[str] = await SQL.variants_of_item.values(
            connection, store_id=store_id, product_id=product_id, inventory_item_id=item_id
        )
        product = await load_changing(connection, store_id, product_id, variants)
        for variant_id in variants:
            product = await _update_quantities(connection, store_id, product, variant_id, _level(fact))
        changed[product_id] = product, variants
    await SQL.set_level.run(
        connection,
        store_id=store_id,
        inventory_item_id=item_id,
        location_id=fact.location_id,
        available=fact.available,
        observed_at=fact.observed_at,
    )
    units_changed = bool(changed) and await observe_units(connection, store_id, [item_id])
    for product_id, (product, variants) in changed.items():
        await update_episodes(connection, store_id, product_id, product, variants, units_changed=units_changed)


def _total(quantity: int, observed_at: datetime) -> Callable[[Quantities], Quantities]:
    return lambda known: known.with_total(quantity, observed_at)


def _level(fact: StockFact) -> Callable[[Quantities], Quantities]:
    return lambda known: known.with_level(fact.location_id, fact.available, fact.observed_at)


async def _update_quantities(
    connection: Connection,
    store_id: StoreId,
    product: Product,
    variant_id: str,
    change: Callable[[Quantities], Quantities],
) -> Product:
    """The product with the quantities of one variant changed; of these only `elsewhere` is written here."""
    variant = product.variants[variant_id]
    before, after = variant.quantities, change(variant.quantities)
    if (before.elsewhere, before.total_observed_at) != (after.elsewhere, after.total_observed_at):
        await SQL.set_elsewhere.run(
            connection,
            store_id=store_id,
            variant_id=variant_id,
            elsewhere=after.elsewhere,
            total_observed_at=after.total_observed_at,
        )
    return replace(product, variants={**product.variants, variant_id: replace(variant, quantities=after)})
