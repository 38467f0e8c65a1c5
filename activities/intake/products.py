"""What storefronts tell of products, variants and their stock, and what that means for those who wait for them.

Transitions come from our stored state, under the locks of the inventory items and of the product's row, in this order.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from activities.intake.moves import NOTHING_NAMED, Naming, hold_other_products, name_variants
from activities.intake.newest import Asked, newer_levels, newer_product
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.offers import Product
from activities.stock.products import load_changing, load_product
from activities.stock.quantities import Quantities
from activities.waitlist.episode_changes import Heard
from activities.waitlist.episodes import Change, look_at_sharers, observe_units, update_episodes
from schemas.ids import Level, StoreId, Subject
from schemas.incoming.facts import ProductFact, ProductGoneFact, StockFact

SQL = load_queries("activities.intake", "products.sql")


async def lock_items(
    connection: Connection,
    store_id: StoreId,
    items: Sequence[str],
    product_id: str | None = None,
    variant_ids: Sequence[str] = (),
) -> None:
    """Hold these inventory items, and those that product and variants sell already, until the transaction ends."""
    await SQL.lock_items.run(connection, store_id=store_id, items=items, product_id=product_id, variant_ids=variant_ids)


async def apply_product(
    connection: Connection, store_id: StoreId, fact: ProductFact, heard: Heard, asked: Asked | None = None
) -> Naming:
    """A product and its variants as they are now. Returns what the message meant for the variants that it names.

    Args:
        asked: None: it was told; likewise below.
    """
    variant_ids = [variant.variant_id for variant in fact.variants]
    named = [variant.inventory_item_id for variant in fact.variants if variant.inventory_item_id]
    await lock_items(connection, store_id, named, fact.product_id, variant_ids)
    elsewhere = await hold_other_products(connection, store_id, fact)
    as_of = await newer_product(connection, store_id, fact, fact.observed_at, asked)
    if as_of is None:
        return NOTHING_NAMED
    fact = fact.model_copy(update={"observed_at": as_of})
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
        variant_ids=variant_ids,
        asked_at=asked and asked.since,
    )
    if written is None:
        return NOTHING_NAMED  # a newer message of a product that was new came first
    naming = await name_variants(connection, store_id, fact) if elsewhere else Naming(fact.variants)
    await _set_variants(connection, store_id, fact, naming, heard)
    for left in naming.left:
        # What it offers as a whole is less now.
        await update_episodes(connection, store_id, left, [Change(await load_product(connection, store_id, left), ())])
    return naming


async def _set_variants(
    connection: Connection, store_id: StoreId, fact: ProductFact, naming: Naming, heard: Heard
) -> None:
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
    before = product = await load_product(connection, store_id, fact.product_id)
    for variant in naming.taken:
        if variant.quantity is not None:
            known = product.variants[variant.variant_id].quantities
            product = product.with_quantities(variant.variant_id, known.with_total(variant.quantity, fact.observed_at))
    await _keep_elsewhere(connection, store_id, before, product)
    items = {each.item for each in product.variants.values()}
    units_changed = await observe_units(connection, store_id, items)
    # All variants, also those that the message does not show: whether the product is on sale concerns each.
    change = Change(product, product.variants, heard)
    await update_episodes(connection, store_id, fact.product_id, [change], units_changed=units_changed)
    if units_changed:
        shared: list[str] = await SQL.items_of_other_products.values(
            connection, store_id=store_id, product_id=fact.product_id, items=sorted(items)
        )
        if shared:
            whole = Subject(store_id=store_id, level=Level.PRODUCT, id=fact.product_id)
            await look_at_sharers(connection, whole, shared)


async def apply_gone(
    connection: Connection, store_id: StoreId, fact: ProductGoneFact, asked: Asked | None = None
) -> None:
    """The shop has the product no more."""
    as_of = await newer_product(connection, store_id, fact, fact.observed_at or datetime.now(UTC), asked)
    if as_of is None:
        return
    gone = await SQL.product_gone.value(
        connection, store_id=store_id, product_id=fact.product_id, observed_at=as_of, asked_at=asked and asked.since
    )
    if gone is not None:
        product = await load_product(connection, store_id, fact.product_id)
        await update_episodes(connection, store_id, fact.product_id, [Change(product, product.variants)])


async def apply_levels(
    connection: Connection,
    store_id: StoreId,
    told: Sequence[StockFact],
    heard: Sequence[Heard],
    asked: Asked | None = None,
) -> None:
    """Levels of different inventory items, for all who sell them: one after the other, and written at once.

    Args:
        heard: of each.
    """
    await lock_items(connection, store_id, [fact.inventory_item_id for fact in told])
    newer = await newer_levels(connection, store_id, told, asked)
    heard = [each for each, fact in zip(heard, newer, strict=True) if fact is not None]
    facts = [fact for fact in newer if fact is not None]
    if not facts:
        return
    items = [fact.inventory_item_id for fact in facts]
    product_ids: list[str] = await SQL.lock_products_of_items.values(connection, store_id=store_id, items=items)
    changes: dict[str, list[Change]] = {}
    for product_id in product_ids:
        product = await load_changing(connection, store_id, product_id, items)
        changes[product_id] = _changes(product, facts, heard)
        await _keep_elsewhere(connection, store_id, product, changes[product_id][-1].product)
    await SQL.set_levels.run(
        connection,
        store_id=store_id,
        items=items,
        locations=[fact.location_id for fact in facts],
        available=[fact.available for fact in facts],
        observed_at=[fact.observed_at for fact in facts],
        asked_at=asked and asked.since,
    )
    units_changed = await observe_units(connection, store_id, items) if changes else set[str]()
    for product_id, some in changes.items():
        await update_episodes(connection, store_id, product_id, some, units_changed=units_changed)


def _changes(product: Product, facts: Sequence[StockFact], heard: Sequence[Heard]) -> list[Change]:
    """What the levels make of a product, after each."""
    changes: list[Change] = []
    for fact, told in zip(facts, heard, strict=True):
        sellers = product.sellers(fact.inventory_item_id)
        for variant_id in sellers:
            known = product.variants[variant_id].quantities
            product = product.with_quantities(
                variant_id, known.with_level(fact.location_id, fact.available, fact.observed_at)
            )
        changes.append(Change(product, sellers, told))
    return changes


async def _keep_elsewhere(connection: Connection, store_id: StoreId, before: Product, after: Product) -> None:
    """Write what its variants have `elsewhere`, where it changed: of their quantities all that is kept with them."""
    changed = {
        variant_id: variant.quantities
        for variant_id, variant in after.variants.items()
        if _elsewhere(variant.quantities) != _elsewhere(before.variants[variant_id].quantities)
    }
    if changed:
        await SQL.set_elsewhere.run(
            connection,
            store_id=store_id,
            variant_ids=list(changed),
            elsewhere=[each.elsewhere for each in changed.values()],
            total_observed_at=[each.total_observed_at for each in changed.values()],
        )


def _elsewhere(known: Quantities) -> tuple[int, datetime | None]:
    return known.elsewhere, known.total_observed_at
