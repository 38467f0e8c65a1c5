"""The webhooks that were signed but could not be read, kept for inspection."""

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.responses.deliveries import MalformedDeliveries, MalformedDelivery

SQL = load_queries("starter.ops", "deliveries.sql")


class Deliveries:
    """The deliveries that are kept."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def malformed(self, limit: int) -> MalformedDeliveries:
        """Those that could not be read, newest first."""
        kept = await SQL.malformed.rows(self._pool, MalformedDelivery, delivery_id=None, most=limit)
        return MalformedDeliveries(deliveries=tuple(kept))

    async def malformed_one(self, delivery_id: int) -> MalformedDelivery | None:
        """One of them; None when none of this id is kept."""
        return await SQL.malformed.row(self._pool, MalformedDelivery, delivery_id=delivery_id, most=1)
