"""The connection pool: how Shelftalk talks to PostgreSQL, and the error when it cannot."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from activities.postgres.away import POSTGRES_AWAY
from schemas.errors import DomainError, ErrorKind

if TYPE_CHECKING:
    # asyncpg's classes are generic for the type checker only.
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Row = asyncpg.Record
else:
    Pool, Connection, Row = asyncpg.Pool, asyncpg.Connection, asyncpg.Record

OLDEST_VERSION = 14
QUERY_LIMIT_SECONDS = 10.0
"""Queries take milliseconds, reports a second or two; one that takes longer waits for a lock or a dead server."""
CONNECT_LIMIT_SECONDS = 10.0
STATEMENTS = 100
"""That a connection keeps prepared: those that come often; each takes memory of the server."""
ACQUIRE_LIMIT_SECONDS = 4.0
"""How long a transaction waits for a free connection; a storefront wants its answer within five seconds."""
_SESSION = {"application_name": "shelftalk", "timezone": "UTC"}
_BY_INDEX = {"enable_seqscan": "off", "jit": "off"}
"""To PostgreSQL before 18 a table that must be read whole all the same looks so dear that it would compile for it."""


class DatabaseUnavailable(DomainError):
    """PostgreSQL cannot be used; the text names the cause and what to do."""

    code = "database_unavailable"
    kind = ErrorKind.UNAVAILABLE


async def open_pool(database_url: str, size: int, *, by_index: bool = False, statements: int = STATEMENTS) -> Pool:
    """Connect, and check that the server is one we can use.

    Args:
        by_index: no table is read whole where an index can be used (docs/decisions/0063-by-index.md).
        statements: how many each connection keeps prepared.

    Raises:
        DatabaseUnavailable: it does not answer, refuses us, or is older than version 14.
    """
    try:
        pool = await asyncpg.create_pool(
            database_url,
            min_size=1,
            max_size=size,
            command_timeout=QUERY_LIMIT_SECONDS,
            timeout=CONNECT_LIMIT_SECONDS,
            init=_prepare,
            reset=_keep_session,
            statement_cache_size=statements,
            server_settings=_SESSION | (_BY_INDEX if by_index else {}),
        )
        async with pool.acquire() as connection:
            version = connection.get_server_version().major
    except POSTGRES_AWAY as error:
        raise DatabaseUnavailable(
            f"PostgreSQL cannot be reached ({type(error).__name__}: {error}). "
            "Check DATABASE_URL and that the server runs."
        ) from error
    if version < OLDEST_VERSION:
        await pool.close()
        raise DatabaseUnavailable(f"PostgreSQL {version} is too old: Shelftalk needs {OLDEST_VERSION} or newer.")
    return pool


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncGenerator[Connection]:
    """One transaction on a connection of the pool: committed at the end, rolled back on any exception."""
    async with pool.acquire(timeout=ACQUIRE_LIMIT_SECONDS) as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncGenerator[Connection]:
    """Reads that all see one moment. PostgreSQL lets nothing be written by them."""
    async with (
        pool.acquire(timeout=ACQUIRE_LIMIT_SECONDS) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


async def _keep_session(_connection: Any) -> None:
    """Put a connection back without asyncpg's `reset all`, which costs as much as a query.

    Nothing here changes a session: settings stay, the dispatcher ends its LISTEN itself, the migrations their lock.
    An open transaction is rolled back all the same.
    """
