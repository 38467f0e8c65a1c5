"""The webhooks that were signed but could not be read, kept for inspection."""

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.responses.deliveries import MalformedDeliveries, MalformedDelivery

SQL = load_queries("starter.support", "journeys.sql")


class Deliveries:
    """The deliveries that are kept."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def malformed(self, limit: int) -> MalformedDeliveries:
        """Those that could not be read, newest first."""
        rows = await self._pool.fetch(SQL["malformed"], None, limit)
        return MalformedDeliveries(deliveries=tuple(MalformedDelivery.model_validate(dict(row)) for row in rows))

    async def malformed_one(self, delivery_id: int) -> MalformedDelivery | None:
        """One of them; None when none of this id is kept."""
        row = await self._pool.fetchrow(SQL["malformed"], delivery_id, 1)
        return None if row is None else MalformedDelivery.model_validate(dict(row))
