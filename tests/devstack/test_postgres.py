"""The embedded PostgreSQL: starts, keeps its data, says why it cannot, and leaves nothing running."""

from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from starter.devstack.failures import DevstackError
from starter.devstack.postgres import EmbeddedPostgres


async def _fetchval(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_data_survives_a_restart_and_a_stop_leaves_no_process(
    folder: Path, processes_on: Callable[[Path], list[str]]
) -> None:
    postgres = EmbeddedPostgres(folder / "postgres")
    dsn = await postgres.start()
    await _fetchval(dsn, "CREATE TABLE kept (it int)")
    await _fetchval(dsn, "INSERT INTO kept VALUES (42)")
    assert await _fetchval(dsn, "SHOW fsync") == "on"
    await postgres.stop()
    assert processes_on(folder) == []

    async with EmbeddedPostgres(folder / "postgres") as again:
        assert await _fetchval(again.dsn(), "SELECT it FROM kept") == 42


async def test_databases_are_made_from_a_template_and_removed_under_a_connection(folder: Path) -> None:
    async with EmbeddedPostgres(folder, durable=False) as postgres:
        assert await _fetchval(postgres.dsn(), "SHOW fsync") == "off"
        model = await postgres.create_database("model of all")
        await _fetchval(model, "CREATE TABLE filled AS SELECT 7 AS it")
        copy = await postgres.create_database("copy", template="model of all")
        connected = await asyncpg.connect(copy)
        assert await connected.fetchval("SELECT it FROM filled") == 7
        await postgres.drop_database("copy")
        await postgres.drop_database("copy")
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await connected.fetchval("SELECT 1")
        await connected.close()


async def test_a_folder_in_use_is_refused_by_name_of_its_holder(folder: Path) -> None:
    async with EmbeddedPostgres(folder, durable=False):
        with pytest.raises(DevstackError, match=r"in use by another Shelftalk \(process \d+\).*SHELFTALK_DATA_DIR"):
            await EmbeddedPostgres(folder).start()


async def test_a_folder_too_deep_for_a_socket_still_works(folder: Path) -> None:
    async with EmbeddedPostgres(folder / ("deep" * 25), durable=False) as postgres:
        assert await _fetchval(postgres.dsn(), "SELECT 1") == 1


async def test_data_of_another_version_is_left_alone(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(DevstackError, match=r"made by PostgreSQL 16, the installed one is 18"):
        await EmbeddedPostgres(folder).start()
    assert (folder / "data" / "PG_VERSION").read_text() == "16\n"


async def test_damaged_data_is_reported_with_the_servers_own_words(folder: Path) -> None:
    async with EmbeddedPostgres(folder, durable=False):
        pass
    (folder / "data" / "global" / "pg_control").unlink()
    with pytest.raises(DevstackError, match=r"PostgreSQL did not start(.|\n)*pg_control(.|\n)*postgres\.log"):
        await EmbeddedPostgres(folder).start()


async def test_a_file_in_place_of_the_data_folder_is_explained(folder: Path) -> None:
    (folder / "data").write_text("")
    with pytest.raises(DevstackError, match=r"needs? .*SHELFTALK_DATA_DIR"):
        await EmbeddedPostgres(folder / "data" / "postgres").start()


async def test_no_statement_and_no_value_reaches_the_log(folder: Path) -> None:
    async with EmbeddedPostgres(folder, durable=False) as postgres:
        await _fetchval(postgres.dsn(), "CREATE TABLE contact (email text UNIQUE)")
        await _fetchval(postgres.dsn(), "INSERT INTO contact VALUES ('ada@shop.example')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await _fetchval(postgres.dsn(), "INSERT INTO contact VALUES ('ada@shop.example')")
    log = (folder / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "ada@shop.example" not in log
