"""The backlog: calls to Temporal that have not been made yet, and people in line."""

from dataclasses import dataclass

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries

SQL = load_queries("starter.ops", "backlog.sql")


@dataclass(frozen=True, slots=True)
class BacklogFigures:
    """How much waits now.

    Attributes:
        due, parked: calls in the outbox; the parked ones wait for an operator.
        oldest_seconds: the age of the oldest that is not parked.
        last_error: what the call failed with that was parked last.
        waiting: journeys in line.
    """

    due: int
    parked: int
    oldest_seconds: float
    last_error: str | None
    waiting: int


class Backlog:
    """The outbox and the waiting lists, counted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def figures(self) -> BacklogFigures:
        """How much waits now."""
        return await SQL.figures.one(self._pool, BacklogFigures)

    async def retry_parked(self) -> int:
        """Let the dispatcher try again what it had given up; how many calls that is."""
        return await SQL.retry_parked.value(self._pool)
