"""That PostgreSQL is away has one name, with every form of it behind."""

from pathlib import Path

import asyncpg

from activities.postgres.away import POSTGRES_AWAY

ROOT = Path(__file__).parents[2]
OURS = ("activities", "schemas", "starter", "workflows")


def test_an_error_inside_the_client_is_a_lost_database_and_a_broken_rule_is_not() -> None:
    for away in (asyncpg.InternalClientError, asyncpg.InterfaceError, asyncpg.AdminShutdownError, TimeoutError):
        assert issubclass(away, POSTGRES_AWAY)
    for ours in (asyncpg.CheckViolationError, asyncpg.UniqueViolationError, asyncpg.PostgresSyntaxError):
        assert not issubclass(ours, POSTGRES_AWAY)


def test_nothing_but_the_one_list_names_what_a_lost_connection_raises() -> None:
    naming = [
        str(file.relative_to(ROOT))
        for room in OURS
        for file in (ROOT / room).rglob("*.py")
        if any(name in file.read_text() for name in ("asyncpg.InterfaceError", "asyncpg.PostgresConnectionError"))
    ]
    assert naming == ["activities/postgres/away.py"]
