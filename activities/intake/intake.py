"""Intake: one transaction for everything that one message means (promise P4).

The inbox row (a repeated delivery is a no-op), the new facts, the transitions they mean, the outbox row: all or
nothing, and Temporal is not needed. Transitions come from our stored state, under the product's row lock.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import assert_never

from activities.intake.clock import clamp_to_now
from activities.intake.erasure import answer_data_request, erase_contact, erase_shop
from activities.intake.events import take_checkout
from activities.intake.orders import take_order
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.offers import Product
from activities.stock.products import UnknownVariant, load_product
from activities.stock.quantities import Quantities
from activities.waitlist.store import update_episodes
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
    VariantFact,
    WebhookDelivery,
)

SQL = load_queries("activities.intake", "intake.sql")


class Receipt(StrEnum):
    """What became of a delivery."""

    APPLIED = "applied"
    REPEATED = "repeated"
    IGNORED = "ignored"
    MALFORMED = "malformed"


class Intake:
    """The way in for what storefronts say, by webhook, API or hand."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_on_deadlock
    async def receive(self, delivery: WebhookDelivery, facts: Sequence[Fact]) -> Receipt:
        """Apply a delivery once."""
        async with transaction(self._pool) as connection:
            if not await _write_down(connection, delivery, Receipt.APPLIED):
                return Receipt.REPEATED
            await _add_store(connection, delivery.store_id, delivery.source)
            for fact in facts:
                await _apply(connection, StoreId(delivery.store_id), fact)
        return Receipt.APPLIED

    @retry_on_deadlock
    async def ignore(self, delivery: WebhookDelivery) -> Receipt:
        """Record a delivery that is not for us; its body is not kept, for it may be about people."""
        async with transaction(self._pool) as connection:
            written = await _write_down(connection, delivery, Receipt.IGNORED)
        return Receipt.IGNORED if written else Receipt.REPEATED

    @retry_on_deadlock
    async def keep_malformed(self, delivery: WebhookDelivery, error: str, body: bytes) -> Receipt:
        """Keep a delivery that could not be read, for inspection; the body only if it is not about people."""
        async with transaction(self._pool) as connection:
            kept = None if delivery.about_people else body
            await _write_down(connection, delivery, Receipt.MALFORMED, error, kept)
        return Receipt.MALFORMED

    @retry_on_deadlock
    async def observe(self, store_id: StoreId, source: str, facts: Sequence[Fact]) -> None:
        """Apply facts that came without a delivery: put in by hand or through the API."""
        async with transaction(self._pool) as connection:
            await _add_store(connection, store_id, source)
            for fact in facts:
                await _apply(connection, store_id, fact)

    @retry_on_deadlock
    async def set_stock(self, variant: Subject, location: str, available: int, at: datetime) -> None:
        """A variant's level at one location, told by variant.

        Raises:
            UnknownVariant: as it says.
        """
        async with transaction(self._pool) as connection:
            key = variant.store_id, variant.id
            row = await connection.fetchrow(SQL["item_of_variant"], *key)
            if row is None:
                raise UnknownVariant(str(variant))
            item = row["inventory_item_id"] or await connection.fetchval(SQL["give_item"], *key)
            level = StockFact(inventory_item_id=item, location_id=location, available=available, observed_at=at)
            await _apply(connection, variant.store_id, level)


async def _write_down(
    connection: Connection,
    delivery: WebhookDelivery,
    receipt: Receipt,
    error: str | None = None,
    body: bytes | None = None,
) -> bool:
    """Whether the delivery is new."""
    return (
        await connection.fetchval(
            SQL["receive"],
            delivery.store_id,
            delivery.source,
            delivery.topic,
            delivery.key,
            receipt,
            error,
            body,
        )
        is not None
    )


async def _add_store(connection: Connection, store_id: str, source: str) -> None:
    await connection.execute(SQL["add_store"], store_id, source)


async def _apply(connection: Connection, store_id: StoreId, told: Fact) -> None:
    fact = _not_from_the_future(told, datetime.now(UTC))
    match fact:
        case ProductFact():
            await _apply_product(connection, store_id, fact)
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


def _not_from_the_future(fact: Fact, now: datetime) -> Fact:
    """A storefront's clock that runs ahead must not make its messages of today outrank those of tomorrow."""
    if fact.observed_at is None:
        return fact
    return fact.model_copy(update={"observed_at": clamp_to_now(fact.observed_at, now)})


async def _apply_product(connection: Connection, store_id: StoreId, fact: ProductFact) -> None:
    items = [variant.inventory_item_id for variant in fact.variants if variant.inventory_item_id]
    await connection.execute(SQL["lock_items"], store_id, items)
    seen = await connection.fetchval(
        SQL["see_product"],
        store_id,
        fact.product_id,
        fact.title,
        fact.handle,
        fact.image_url,
        fact.on_sale,
        fact.observed_at,
        fact.vendor,
        fact.tags,
        fact.collections,
    )
    if seen is None:
        return  # a newer message came first
    for variant in sorted(fact.variants, key=lambda variant: variant.variant_id):
        await _see_variant(connection, store_id, fact.product_id, variant)
    if fact.all_variant_ids is not None:
        await connection.execute(SQL["remove_variants_but"], store_id, fact.product_id, sorted(fact.all_variant_ids))
    product = await load_product(connection, store_id, fact.product_id)
    for variant in fact.variants:
        if variant.quantity is not None:
            product = await _tell(
                connection, store_id, product, variant.variant_id, _total(variant.quantity, fact.observed_at)
            )
    # All of them: whether it is on sale is true of every variant, also of those that the message does not show.
    await update_episodes(connection, store_id, fact.product_id, product, product.variants)


async def _see_variant(connection: Connection, store_id: StoreId, product_id: str, variant: VariantFact) -> None:
    await connection.execute(
        SQL["see_variant"],
        store_id,
        variant.variant_id,
        product_id,
        variant.inventory_item_id,
        variant.title,
        variant.sku,
        variant.price,
        variant.policy,
        variant.tracked,
    )


async def _apply_gone(connection: Connection, store_id: StoreId, fact: ProductGoneFact) -> None:
    at = fact.observed_at or datetime.now(UTC)
    if await connection.fetchval(SQL["product_gone"], store_id, fact.product_id, at) is not None:
        product = await load_product(connection, store_id, fact.product_id)
        await update_episodes(connection, store_id, fact.product_id, product, product.variants)


async def _apply_stock(connection: Connection, store_id: StoreId, fact: StockFact) -> None:
    await connection.execute(SQL["lock_items"], store_id, [fact.inventory_item_id])
    for row in await connection.fetch(SQL["lock_products_of_item"], store_id, fact.inventory_item_id):
        product_id = row["product_id"]
        product = await load_product(connection, store_id, product_id)
        rows = await connection.fetch(SQL["variants_of_item"], store_id, product_id, fact.inventory_item_id)
        changed = [variant["variant_id"] for variant in rows]
        for variant_id in changed:
            product = await _tell(connection, store_id, product, variant_id, _level(fact))
        await update_episodes(connection, store_id, product_id, product, changed)
    await connection.execute(
        SQL["set_level"], store_id, fact.inventory_item_id, fact.location_id, fact.available, fact.observed_at
    )


def _total(quantity: int, observed_at: datetime) -> Callable[[Quantities], Quantities]:
    return lambda known: known.with_total(quantity, observed_at)


def _level(fact: StockFact) -> Callable[[Quantities], Quantities]:
    return lambda known: known.with_level(fact.location_id, fact.available, fact.observed_at)


async def _tell(
    connection: Connection,
    store_id: StoreId,
    product: Product,
    variant_id: str,
    told: Callable[[Quantities], Quantities],
) -> Product:
    """The product with one variant's quantities as they are after what was told; `elsewhere` is written."""
    variant = product.variants[variant_id]
    before, after = variant.quantities, told(variant.quantities)
    if (before.elsewhere, before.total_observed_at) != (after.elsewhere, after.total_observed_at):
        await connection.execute(SQL["set_elsewhere"], store_id, variant_id, after.elsewhere, after.total_observed_at)
    return replace(product, variants={**product.variants, variant_id: replace(variant, quantities=after)})
