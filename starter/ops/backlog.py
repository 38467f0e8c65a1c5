"""The backlog: calls to Temporal that have not been made yet, and people in line."""

from dataclasses import dataclass

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries

SQL = load_queries("starter.ops", "backlog.sql")


@dataclass(frozen=True, slots=True)
class OutboxDepth:
    """How many calls are in the outbox.

    Attributes:
        waiting: due, or to be tried again.
        parked: given up; they wait for an operator.
        oldest_seconds: the age of the oldest that is not parked.
    """

    waiting: int
    parked: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class BacklogFigures:
    """How much waits now.

    Attributes:
        due, parked: calls in the outbox; the parked ones wait for an operator.
        oldest_seconds: the age of the oldest that is not parked.
        waiting: journeys in line.
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
            depth = await outbox_depth(connection)
            waiting = await SQL.waiting.value(connection)
        return BacklogFigures(depth.waiting, depth.parked, depth.oldest_seconds, waiting)

    async def retry_parked(self) -> int:
        """Let the dispatcher try again what it had given up; how many calls that is."""
        return await SQL.retry_parked.value(self._pool)


async def outbox_depth(on: Pool | Connection) -> OutboxDepth:
    """How many calls are in the outbox now."""
    return await SQL.outbox_depth.one(on, OutboxDepth)


async def last_parked_error(on: Pool | Connection) -> str | None:
    """What the call failed with that was parked last; None when none is."""
    return await SQL.last_parked_error.value(on)
