"""The counts of lines, folded: whoever changes a line only adds to them, and reports read their sum."""

from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries

SQL = load_queries("activities.waitlist", "line_counts.sql")

FOLDED_AT_ONCE = 5000
"""Rows in one transaction, which takes tens of milliseconds."""


MOST_BATCHES = 20
"""One after the other; during a large import the rest is for the next time."""


async def fold_line_counts(pool: Pool) -> int:
    """Fold what was added since the last time, if nobody else does. Returns how many rows that were."""
    total = 0
    for _ in range(MOST_BATCHES):
        async with transaction(pool) as connection:
            if not await SQL.alone.value(connection):
                return total
            added: int = await SQL.fold.value(connection, most=FOLDED_AT_ONCE)
        total += added
        if added < FOLDED_AT_ONCE:
            break
    return total
