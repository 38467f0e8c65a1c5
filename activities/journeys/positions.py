"""Where journeys rest and by which version they live: kept in PostgreSQL for those who list, count and mend."""

from temporalio import activity

from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from schemas.journey.activities import Moved, RecordPosition
from schemas.journey.names import Activity

SQL = load_queries("activities.journeys", "positions.sql")


class Positions:
    """The record of where journeys rest."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name=Activity.RECORD_POSITION)
    async def record_position(self, request: RecordPosition) -> None:
        """The journey rests at this step now."""
        await SQL.record_position.run(self._pool, journey_id=request.journey_id, step=request.step, cause=request.cause)

    @activity.defn(name=Activity.MOVED)
    async def moved(self, request: Moved) -> None:
        """The journey lives by this version from here on; the operation that asked for it has one less to wait for."""
        async with transaction(self._pool) as connection:
            # In turn, and each sees what is done: a move that is recorded late must not undo a later one.
            await SQL.hold_journey.run(connection, journey_id=request.journey_id)
            await SQL.moved.run(
                connection,
                journey_id=request.journey_id,
                version=request.version,
                operation_id=request.operation_id,
            )
