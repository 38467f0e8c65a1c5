"""What waits: calls that Temporal has not been told, and people in line."""

from dataclasses import dataclass

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries

SQL = load_queries("starter.ops", "backlog.sql")
OUTBOX = load_queries("starter.runtime", "outbox.sql")


@dataclass(frozen=True, slots=True)
class BacklogFigures:
    """How much waits now.

    Attributes:
        due, parked: calls in the outbox; the parked ones wait for an operator.
        oldest_seconds: the age of the oldest that is not parked.
        waiting: journeys that stand in line.
    """

    due: int
    parked: int
    oldest_seconds: float
    waiting: int


class Backlog:
    """The outbox and the waiting lists, counted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def figures(self) -> BacklogFigures:
        """How much waits now."""
        async with self._pool.acquire() as connection:
            depth = await connection.fetchrow(OUTBOX["depth"])
            assert depth is not None, "counts always give a row"
            waiting = await connection.fetchval(SQL["waiting"])
        return BacklogFigures(depth["waiting"], depth["parked"], depth["oldest_seconds"], waiting)

    async def retry_parked(self) -> int:
        """Let the dispatcher try again what it had given up; how many calls that is."""
        return await self._pool.fetchval(SQL["retry_parked"])
