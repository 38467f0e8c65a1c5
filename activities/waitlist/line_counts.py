"""The counts of lines, folded: whoever changes a line only adds to them, and reports read their sum.

Who folds also looks whether a line has grown past its list's number. There is one at a time, and what is committed is
all in the sum: so each is found once, however many enter at once, and nobody waits for that.
"""

from dataclasses import asdict, dataclass

import structlog

from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from schemas.ids import AlertId, StoreId

SQL = load_queries("activities.waitlist", "line_counts.sql")
log = structlog.get_logger()

FOLDED_AT_ONCE = 5000
"""Rows in one transaction, which takes tens of milliseconds."""


MOST_BATCHES = 20
"""One after the other; during a large import the rest is for the next time."""


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line that has grown past the number of its list: so many waited when it was found."""

    alert: AlertId
    list_code: str
    store: StoreId
    subject: str
    waiting: int
    number: int


async def fold_line_counts(pool: Pool) -> int:
    """Fold what was added since the last time, if nobody else does. Returns how many rows that were.

    Lines that have grown long are logged, once each.
    """
    total = 0
    for _ in range(MOST_BATCHES):
        async with transaction(pool) as connection:
            if not await SQL.alone.value(connection):
                return total
            await SQL.forget_long_lines.run(connection)
            added: int = await SQL.fold.value(connection, most=FOLDED_AT_ONCE)
            # Said before that is on record: whoever dies in between says it again, and nobody misses it.
            for line in await SQL.say_long_lines.rows(connection, LongLine):
                log.warning("long line", **asdict(line))
        total += added
        if added < FOLDED_AT_ONCE:
            break
    return total
