"""Late entries of many people: in batches, so that it can stop anywhere; for real, or only to count."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

from activities.postgres.pool import Connection, Pool
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.late import EntryCounts
from schemas.responses.waitlists import LateCounts

PEOPLE_AT_ONCE = 50
"""People of one transaction. It locks their products, so a change of their stock waits some 300 ms."""

Person = TypeVar("Person")
Total = Callable[[int], None]
"""Called once, with how many people there are."""
Progress = Callable[[int], None]
"""Called with how many more people have been looked at."""


async def enter_in_batches(
    pool: Pool,
    people: Iterable[Person],
    enter: Callable[[Connection, Sequence[Person]], Awaitable[EntryCounts]],
    progress: Progress,
    *,
    keep: bool,
) -> LateCounts:
    """Let them all enter, in transactions that are rolled back unless `keep`: the counts are the same either way.

    All entries of one person are in one transaction, because each may decide about the next.
    """
    total = EntryCounts()
    source = iter(people)
    while some := list(islice(source, PEOPLE_AT_ONCE)):
        total.add(await _in_transaction(pool, enter, some, keep=keep))
        progress(len(some))
    return LateCounts(
        entered=total.entered,
        in_stock_now=total.in_stock_now,
        there_already=total.there_already,
        not_entered=dict(total.not_entered.most_common()),
    )


@retry_on_deadlock
async def _in_transaction(
    pool: Pool,
    enter: Callable[[Connection, Sequence[Person]], Awaitable[EntryCounts]],
    some: Sequence[Person],
    *,
    keep: bool,
) -> EntryCounts:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            entry_counts = await enter(connection, some)
        except BaseException:
            await transaction.rollback()
            raise
        await (transaction.commit() if keep else transaction.rollback())
    return entry_counts
