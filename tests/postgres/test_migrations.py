"""Migrations run once, in order, never on a database that is not theirs."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import count

import pytest

from activities.postgres.migrate import Migration, MigrationRefused, migrate, migrations, pending
from activities.postgres.pool import Pool, open_pool
from starter.devstack.postgres import EmbeddedPostgres

_numbers = count(1)
ALL = len(migrations())
_OLD = "insert into migrations (number, name, checksum, needs) values ($1, 'old', 'x', $1)"


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres) -> AsyncGenerator[str]:
    """A database that nobody has migrated."""
    name = f"empty_{next(_numbers)}"
    yield await postgres.create_database(name)
    await postgres.drop_database(name)


@pytest.fixture
async def empty(empty_url: str) -> AsyncGenerator[Pool]:
    pool = await open_pool(empty_url, 4)
    yield pool
    await pool.close()


async def _schema(pool: Pool) -> list[tuple[object, ...]]:
    """Every column and constraint there is."""
    columns = await pool.fetch(
        "select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns "
        "where table_schema = 'public' order by 1, 2"
    )
    constraints = await pool.fetch(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint "
        "where connamespace = 'public'::regnamespace order by 1, 2"
    )
    return [tuple(row) for row in (*columns, *constraints)]


async def test_a_second_run_has_nothing_to_do(empty: Pool) -> None:
    assert await pending(empty) == ALL
    assert await migrate(empty) == ALL
    once = await _schema(empty)
    assert await pending(empty) == 0
    assert await migrate(empty) == 0
    assert await _schema(empty) == once


async def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    pools = [await open_pool(empty_url, 2) for _ in range(4)]
    try:
        assert sorted(await asyncio.gather(*(migrate(pool) for pool in pools))) == [0, 0, 0, ALL]
        assert await pools[0].fetchval("select count(*) from migrations") == ALL
    finally:
        await asyncio.gather(*(pool.close() for pool in pools))


async def test_a_migration_that_was_edited_after_it_ran_is_refused(empty: Pool) -> None:
    await migrate(empty)
    await empty.execute("update migrations set checksum = 'another' where number = 1")
    for check in (migrate, pending):
        with pytest.raises(MigrationRefused, match="Migrations are never edited"):
            await check(empty)


async def test_a_database_from_before_the_first_release_is_refused(empty: Pool) -> None:
    await migrate(empty)
    await empty.execute("update migrations set name = 'one_journey' where number = 1")
    for number in (2, 3):
        await empty.execute(_OLD, ALL + number)
    for check in (migrate, pending):
        with pytest.raises(MigrationRefused, match=r"ran here as 'one_journey'.*before the first release"):
            await check(empty)


async def test_a_database_that_a_newer_release_changed_is_refused(empty: Pool) -> None:
    await migrate(empty)
    newer = "insert into migrations (number, name, checksum, needs) values ($1, 'of_tomorrow', 'x', $1)"
    await empty.execute(newer, ALL + 1)
    for check in (migrate, pending):
        with pytest.raises(MigrationRefused, match=f"has migration {ALL + 1}, this release knows only {ALL}"):
            await check(empty)


async def test_one_that_a_newer_release_only_added_to_is_used_by_both_until_something_is_taken_away(
    empty: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = migrations()
    adds = Migration(ALL + 1, "notes", f"-- needs: {ALL}\nalter table orders add column note text")
    takes_away = Migration(ALL + 2, "no_notes", f"-- needs: {ALL + 1}\nalter table orders drop column note")
    await migrate(empty)

    def release(*known: Migration) -> None:
        monkeypatch.setattr("activities.postgres.migrate.migrations", lambda: list(known))

    release(*today, adds)
    assert await pending(empty) == 1
    assert await migrate(empty) == 1
    release(*today)
    assert (await pending(empty), await migrate(empty)) == (0, 0)

    release(*today, adds, takes_away)
    assert await migrate(empty) == 1
    release(*today, adds)
    assert (await pending(empty), await migrate(empty)) == (0, 0)
    release(*today)
    for check in (migrate, pending):
        with pytest.raises(MigrationRefused, match=f"knows only {ALL} where {ALL + 1} must be known"):
            await check(empty)


@pytest.mark.parametrize(
    ("sql", "needs"), [("select 1", 7), ("-- needs: 5\nselect 1", 5), ("-- needs: 9\n", 7), ("--\n-- needs: 5\n", 7)]
)
def test_a_migration_needs_itself_unless_its_first_line_says_less(sql: str, needs: int) -> None:
    assert Migration(7, "any", sql).needs == needs


async def test_a_refused_database_can_still_be_migrated_by_another(empty: Pool) -> None:
    """The lock is given back on any end."""
    await migrate(empty)
    await empty.execute("update migrations set checksum = reverse(checksum) where number = 1")
    with pytest.raises(MigrationRefused):
        await migrate(empty)
    await empty.execute("update migrations set checksum = reverse(checksum) where number = 1")
    assert await migrate(empty) == 0


async def test_a_table_that_is_in_use_is_not_waited_for_long_and_nothing_is_left_behind(
    empty: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody else would wait behind it."""
    monkeypatch.setattr("activities.postgres.migrate.LOCK_LIMIT", "100ms")
    await migrate(empty)
    changes_orders = Migration(ALL + 1, "order_notes", "alter table orders add column note text")
    everything = [*migrations(), changes_orders]
    monkeypatch.setattr("activities.postgres.migrate.migrations", lambda: everything)
    before = await _schema(empty)
    async with empty.acquire() as reader, reader.transaction():
        await reader.execute("lock table orders in access share mode")
        with pytest.raises(MigrationRefused, match=rf"{ALL + 1} .order_notes. was not applied.* Run it again"):
            await migrate(empty)
        assert await _schema(empty) == before
    assert await migrate(empty) == 1


async def test_a_migration_that_fails_leaves_nothing_behind(empty: Pool) -> None:
    """A table of the same name is in the way of the first one."""
    await empty.execute("create table outbox (id int)")
    with pytest.raises(Exception, match="already exists"):
        await migrate(empty)
    tables = await empty.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
    assert [table["tablename"] for table in tables] == ["migrations", "outbox"]
    assert await pending(empty) == ALL
