"""The webhooks that were signed but could not be read, kept for inspection."""

from collections.abc import Sequence

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import StoreId
from schemas.responses.deliveries import MalformedDeliveries, MalformedDelivery

SQL = load_queries("starter.ops", "deliveries.sql")


class Deliveries:
    """The deliveries that are kept."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def malformed(
        self, limit: int, before: int | None = None, stores: Sequence[StoreId] | None = None
    ) -> MalformedDeliveries:
        """Those that could not be read, newest first.

        Args:
            before: only older ones than this; the last of the page before.
            stores: only of these; None: of all.
        """
        kept = await SQL.malformed.rows(
            self._pool, MalformedDelivery, delivery_id=None, before=before, stores=stores, most=limit
        )
        return MalformedDeliveries(deliveries=tuple(kept))

    async def malformed_one(
        self, delivery_id: int, stores: Sequence[StoreId] | None = None
    ) -> MalformedDelivery | None:
        """One of them; None when none of this id is kept, or it is of none of these stores."""
        return await SQL.malformed.row(
            self._pool, MalformedDelivery, delivery_id=delivery_id, before=None, stores=stores, most=1
        )
