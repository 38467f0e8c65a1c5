"""A worker's connections read by index, however small a table is; others leave it to PostgreSQL."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from activities.postgres.pool import Pool, open_pool
from schemas.settings import Settings
from starter.runtime.components import opened_pool

_ONE_OF_FEW = "explain (costs off) select from stores where id = 'one.example'"


async def _plan(pool: Pool) -> str:
    return "\n".join(row[0] for row in await pool.fetch(_ONE_OF_FEW))


@pytest.fixture
async def few(pool: Pool) -> None:
    """A table that fits on one page, which PostgreSQL knows."""
    await pool.execute("insert into stores (id, source) values ('one.example', 'open'), ('two.example', 'open')")
    await pool.execute("analyze stores")


@pytest.mark.usefixtures("few")
async def test_a_worker_finds_one_of_two_by_index(database_url: str) -> None:
    settings = Settings(database_url=SecretStr(database_url))
    async with opened_pool(settings, lambda _: None, timedelta(0)) as workers:
        assert "Index" in await _plan(workers)
        assert await workers.fetchval("show jit") == "off"


@pytest.mark.usefixtures("few")
async def test_others_read_two_rows_as_postgresql_thinks_best(database_url: str) -> None:
    others = await open_pool(database_url, 1)
    try:
        assert "Seq Scan" in await _plan(others)
    finally:
        await others.close()
