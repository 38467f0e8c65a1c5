"""Where journeys rest and which version they go by: kept in PostgreSQL for lists, counts and repairs."""

from temporalio import activity

from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.waitlist.path_entries import PathEntries
from schemas.journey.activities import Moved, RecordPosition
from schemas.journey.names import Activity
from schemas.reasons import Reason

SQL = load_queries("activities.journeys", "positions.sql")


class Positions:
    """The record of where journeys rest."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._path_entries = PathEntries(pool)

    @activity.defn(name=Activity.RECORD_POSITION)
    async def record_position(self, request: RecordPosition) -> None:
        """The journey rests at this step now."""
        await self._path_entries.record(request.journey_id, request.entered)
        record = SQL.record_stopped if request.cause is Reason.SENDER_AT_FAULT else SQL.record_position
        await record.run(self._pool, journey_id=request.journey_id, step=request.step, cause=request.cause)

    @activity.defn(name=Activity.MOVED)
    async def moved(self, request: Moved) -> None:
        """The journey goes by this version from here on; the operation that asked for it has one less to wait for."""
        async with transaction(self._pool) as connection:
            # Locked, so that each move sees those recorded before: one that is recorded late must not undo a newer one.
            await SQL.hold_journey.run(connection, journey_id=request.journey_id)
            await SQL.moved.run(
                connection,
                journey_id=request.journey_id,
                version=request.version,
                operation_id=request.operation_id,
            )
