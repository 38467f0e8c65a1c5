"""A worker's connections read by index, however small a table is; others leave it to PostgreSQL."""

import re
from datetime import timedelta

import pytest
from pydantic import SecretStr

from activities.postgres.pool import Pool, open_pool
from schemas.settings import Settings
from starter.runtime.components import opened_pool

_ONE_OF_FEW = "explain (costs off) select from stores where id = 'one.example'"
_OTHER_PLACES = """
explain (costs off) select o.subject from waiting w cross join lateral other_places(w) o where w.journey_id = 'one'"""


async def _plan(pool: Pool, question: str = _ONE_OF_FEW) -> str:
    return "\n".join(row[0] for row in await pool.fetch(question))


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


async def test_what_else_a_person_waits_for_is_found_by_the_person_even_before_lines_were_counted(
    database_url: str,
) -> None:
    """A connection keeps the plan that it made then: when thousands stand in line it would read them all, at each
    message."""
    async with opened_pool(Settings(database_url=SecretStr(database_url)), lambda _: None, timedelta(0)) as workers:
        assert await workers.fetchval("select reltuples from pg_class where oid = 'waiting'::regclass") <= 0
        read = re.findall(r"using (\w+) on waiting", await _plan(workers, _OTHER_PLACES))
    assert sorted(read) == ["waiting_journey_id_key", "waiting_of_contact"]
