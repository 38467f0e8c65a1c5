"""Letting many people enter late: some at a time, so that it can stop anywhere, and for real or only to count."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

from activities.postgres.pool import Connection, Pool
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.late import EntryCounts
from schemas.responses.waitlists import LateCounts

PEOPLE_AT_ONCE = 50
"""People of one transaction. Their products are held meanwhile, and a change of their stock waits: some 300 ms."""

SimulatedContact = TypeVar("SimulatedContact")
Total = Callable[[int], None]
"""Told how many people there are."""
Progress = Callable[[int], None]
"""Told how many more people have been looked at."""


async def enter_in_batches(
    pool: Pool,
    people: Iterable[SimulatedContact],
    enter: Callable[[Connection, Sequence[SimulatedContact]], Awaitable[EntryCounts]],
    progress: Progress,
    *,
    keep: bool,
) -> LateCounts:
    """Let them all enter, in transactions that are rolled back unless `keep`: the counts are the same either way.

    All wishes of one person are in one transaction, for each may decide about the next.
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
    enter: Callable[[Connection, Sequence[SimulatedContact]], Awaitable[EntryCounts]],
    some: Sequence[SimulatedContact],
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
