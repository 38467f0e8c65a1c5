"""Prices of 0.00 that have held: they were no glitch, and count from then on."""

from dataclasses import dataclass
from datetime import timedelta

from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.stock.products import load_product
from activities.waitlist.episodes import Change, update_episodes
from schemas.ids import StoreId

SQL = load_queries("activities.waitlist", "zero_prices.sql")

AT_ONCE = 100
"""Products looked at in one go; those left are due at the next."""


@dataclass(frozen=True, slots=True)
class ProductInDoubt:
    """A product with a price of nothing that has held long enough."""

    store_id: StoreId
    product_id: str


async def believe_zero_prices(pool: Pool, holds: timedelta) -> int:
    """Let the prices count that have held for so long, and tell the shelves. Returns of how many products."""
    due = await SQL.due.rows(pool, ProductInDoubt, holds=holds, most=AT_ONCE)
    for each in due:
        async with transaction(pool) as connection:
            await SQL.hold_product.run(connection, store_id=each.store_id, product_id=each.product_id)
            believed: list[str] = await SQL.believe.values(
                connection, store_id=each.store_id, product_id=each.product_id, holds=holds
            )
            product = await load_product(connection, each.store_id, each.product_id)
            await update_episodes(connection, each.store_id, each.product_id, [Change(product, believed)])
    return len(due)
