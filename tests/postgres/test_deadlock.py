"""Two transactions that wait for each other: PostgreSQL gives one up, and whoever asked for that one never knows."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg
import pytest
import structlog
from structlog.testing import capture_logs

from activities.intake.intake import Intake
from activities.intake.products import lock_items
from activities.postgres.pool import Connection, Pool, open_pool
from activities.postgres.retry import retry_on_deadlock
from schemas.responses.stock import VariantReport
from starter.shops.stock import Stock
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.product import STORE, Shop, starter_document, subject

LOOKS_AFTER = "4s"
"""How long the product's transactions wait before they look for a deadlock: whoever looks first is given up."""
WAITING = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"

Done = TypeVar("Done")


@pytest.fixture
async def item(pool: Pool) -> str:
    """The inventory item of the only variant, in a database whose new connections look for a deadlock first."""
    await publish(pool, starter_document())
    await Shop(pool, Intake(pool)).sells("v")
    await Shop(pool, Intake(pool)).has("v", 0)
    database = await pool.fetchval("select current_database()")
    await pool.execute(f"alter database {database} set deadlock_timeout = '{LOOKS_AFTER}'")
    return await pool.fetchval("select inventory_item_id from variants")


@asynccontextmanager
async def other_transaction(pool: Pool) -> AsyncGenerator[Connection]:
    """One that holds the product, and would look for a deadlock last."""
    async with pool.acquire() as connection:
        await connection.execute("set deadlock_timeout = '1min'")
        async with connection.transaction():
            await connection.execute("select from products where store_id = $1 for update", STORE)
            yield connection
        await connection.execute("reset deadlock_timeout")


async def crossed(pool: Pool, item: str, change: Awaitable[Done]) -> Done:
    """A change of the item's stock, against a transaction that took the product before and asks for the item after."""
    async with other_transaction(pool) as other:
        changing = asyncio.ensure_future(change)
        while not await pool.fetchval(WAITING):
            assert not changing.done(), "it was to wait"
        await lock_items(other, STORE, [item])
    return await changing


async def test_a_change_of_stock_that_postgresql_gave_up_is_made_again(
    pool: Pool, database_url: str, item: str
) -> None:
    structlog.reset_defaults()
    ours = await open_pool(database_url, 2)
    with capture_logs() as logs:
        shown = await crossed(pool, item, Stock(ours, Intake(ours)).set_stock(subject("v"), 3, "test"))
    await ours.close()
    assert shown.units == 3
    assert [(line["event"], line["error"]) for line in logs] == [("transaction repeated", "DeadlockDetectedError")]


async def test_the_command_line_survives_a_deadlock_as_the_api_does(
    pool: Pool, item: str, shelftalk: Shelftalk
) -> None:
    loud = shelftalk.with_settings(SHELFTALK_LOG_LEVEL="debug")
    setting = loud.run("stock", "set", "3", "--store", STORE, "--variant", "v", "--json")
    ended = await crossed(pool, item, setting)
    assert ended.answer(VariantReport).units == 3
    assert "transaction repeated" in ended.err


async def test_a_transaction_that_is_given_up_twice_is_told_to_whoever_asked() -> None:
    tries: list[int] = []

    @retry_on_deadlock
    async def never() -> None:
        tries.append(1)
        raise asyncpg.DeadlockDetectedError

    with pytest.raises(asyncpg.DeadlockDetectedError):
        await never()
    assert len(tries) == 2
