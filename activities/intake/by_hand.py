"""When it is now, for what is said by hand: after everything that is known, for a shop's clock may be ahead of ours."""

from collections.abc import Sequence
from datetime import UTC, datetime

from activities.intake.products import lock_items
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import StoreId

SQL = load_queries("activities.intake", "by_hand.sql")


async def as_of_now(
    connection: Connection,
    store_id: StoreId,
    items: Sequence[str],
    product_id: str | None = None,
    variant_ids: Sequence[str] = (),
) -> datetime:
    """Now, or the moment after the newest that is known of these items, and of this product with its variants.

    They are locked first, so that it holds until the end of the transaction.
    """
    await lock_items(connection, store_id, items, product_id, variant_ids)
    about = {"store_id": store_id, "items": items, "product_id": product_id, "variant_ids": variant_ids}
    await SQL.hold_products.run(connection, **about)
    newest: datetime | None = await SQL.newest_observation.value(connection, **about)
    now = datetime.now(UTC)
    return now if newest is None else max(now, newest + datetime.resolution)
