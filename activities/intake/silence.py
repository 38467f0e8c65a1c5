"""Listening to storefronts: one that has fallen silent for far longer than it ever is, is said to be.

Its webhooks may be switched off, or not reach us, and nobody who waits would ever be told. What it usually sends is
learnt from its own deliveries, after they were taken: taking one costs nothing for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from schemas.ids import StoreId

SQL = load_queries("activities.intake", "silence.sql")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HeardAgain:
    """A store that was silent since then, and is heard now."""

    store_id: StoreId
    silent_since: datetime
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class FellSilent:
    """A store that was heard last then, and may be silent for so long at most."""

    store_id: StoreId
    heard_at: datetime
    longest: timedelta


async def listen_to_stores(pool: Pool) -> None:
    """Learn from what came since the last look; say which stores have fallen silent, and which are heard again."""
    async with transaction(pool) as connection:
        if not await SQL.hold_listening.value(connection):
            return
        again = await SQL.listen.rows(connection, HeardAgain)
        silent = await SQL.fall_silent.rows(connection, FellSilent)
    for each in again:
        log.info(
            "shop heard again",
            store=each.store_id,
            silent_since=each.silent_since.isoformat(),
            minutes=_minutes(each.heard_at - each.silent_since),
        )
    for each in silent:
        log.error(
            "shop silent", store=each.store_id, since=each.heard_at.isoformat(), usually_within=_minutes(each.longest)
        )


async def forget_days(pool: Pool) -> None:
    """Forget the days that say nothing any more of what a store usually sends."""
    await SQL.forget_days.run(pool)


async def expect_nothing(connection: Connection, store_id: StoreId) -> bool:
    """Nothing is expected of a store until it has been heard for long enough anew. Returns whether there is one."""
    return await SQL.expect_nothing.value(connection, store_id=store_id) is not None


def _minutes(length: timedelta) -> int:
    return round(length.total_seconds() / 60)
