"""The backlog: calls to Temporal that have not been made yet, and people in line."""

from dataclasses import dataclass

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
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
        stopped_senders: senders by which nothing leaves, until somebody mends them.
        long_lines: lines that have grown past the number of their list.
        silent_stores: stores that have fallen silent.
    """

    due: int
    parked: int
    oldest_seconds: float
    last_error: str | None
    waiting: int
    stopped_senders: int
    long_lines: int
    silent_stores: int


class Backlog:
    """The outbox and the waiting lists, counted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def figures(self) -> BacklogFigures:
        """How much waits now."""
        return await SQL.figures.one(self._pool, BacklogFigures)

    async def retry_parked(self, by: str) -> int:
        """Let the dispatcher try again what it had given up; how many calls that is. The audit has who."""
        async with transaction(self._pool) as connection:
            calls: int = await SQL.retry_parked.value(connection)
            await write_audit(connection, by, "retry parked calls", {"calls": calls})
        return calls
