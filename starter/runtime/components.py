"""Connecting to PostgreSQL and Temporal, waiting for them while they start, and preparing them for this release."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.postgres.migrate import migrate, pending
from activities.postgres.pool import DatabaseUnavailable, Pool, open_pool
from activities.temporal import SEARCH_ATTRIBUTES
from activities.temporal_access import TemporalAccess
from schemas.errors import DomainError, ErrorKind
from schemas.settings import Settings
from worker import connect

PATIENCE = timedelta(seconds=60)
"""How long a process waits for a component that starts beside it; Temporal on a new database takes half of this."""
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
"""Seconds between two attempts; doubled from the first to the longest."""
CLOSE_LIMIT = timedelta(seconds=10)
"""Queries end within this by themselves; what is left hangs on a server that is gone."""
RPC_LIMIT = timedelta(seconds=10)
ATTRIBUTES_LIMIT = timedelta(seconds=30)
"""A server on PostgreSQL or MySQL shows new search attributes some seconds later, when it next reads its settings."""

Say = Callable[[str], None]
"""Takes one line of progress, for a person."""
Found = TypeVar("Found")


class NotConfigured(DomainError):
    """A setting is missing, and no `shelftalk up` runs here whose component could be used."""

    code = "not_configured"
    kind = ErrorKind.UNAVAILABLE
    advice = "Set it, say --data-dir of a running `shelftalk up`, or start everything here: `shelftalk up`."

    def __init__(self, variable: str, so_what: str = "") -> None:
        super().__init__(f"{variable} is not set, and no `shelftalk up` is running on this data folder{so_what}.")


class TemporalUnavailable(DomainError):
    """Temporal cannot be used; the text says why and what to do."""

    code = "temporal_unavailable"
    kind = ErrorKind.UNAVAILABLE


class NotPrepared(DomainError):
    """PostgreSQL or Temporal lacks what this release needs; the text says which command puts it there."""

    code = "not_prepared"
    kind = ErrorKind.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Components:
    """PostgreSQL and Temporal, reached and prepared."""

    pool: Pool
    client: Client


@asynccontextmanager
async def opened_components(settings: Settings, say: Say, patience: timedelta = PATIENCE) -> AsyncGenerator[Components]:
    """PostgreSQL and Temporal, waited for and looked at, from entry to exit.

    Raises:
        NotConfigured, DatabaseUnavailable, TemporalUnavailable, MigrationRefused, NotPrepared: as they say.
    """
    async with opened_pool(settings, say, patience) as pool:
        await require_migrated(pool)
        client = await reach_temporal(settings, say, patience)
        missing = await missing_attributes(client)
        if missing:
            raise NotPrepared(
                f"Temporal's namespace '{settings.temporal_namespace}' lacks the search attributes "
                f"{', '.join(missing)}. Run `shelftalk migrate` once."
            )
        yield Components(pool, client)


@asynccontextmanager
async def opened_pool(settings: Settings, say: Say, patience: timedelta = PATIENCE) -> AsyncGenerator[Pool]:
    """A worker's pool on PostgreSQL, waited for, from entry to exit. Its tables are not looked at.

    Raises:
        NotConfigured, DatabaseUnavailable: as they say.
    """
    address = database_address(settings)
    pool = await _patiently(
        lambda: open_pool(address, settings.database_pool, by_index=True),
        DatabaseUnavailable,
        "PostgreSQL",
        say,
        patience,
    )
    try:
        yield pool
    finally:
        try:
            async with asyncio.timeout(CLOSE_LIMIT.total_seconds()):
                await pool.close()
        except TimeoutError:
            pool.terminate()


def database_address(settings: Settings) -> str:
    """Where PostgreSQL is; it may hold a password.

    Raises:
        NotConfigured: nothing says.
    """
    if settings.database_url is None:
        raise NotConfigured("DATABASE_URL")
    return settings.database_url.get_secret_value()


def temporal_address(settings: Settings) -> str:
    """Where Temporal is.

    Raises:
        NotConfigured: nothing says.
    """
    if settings.temporal_address is None:
        raise NotConfigured("SHELFTALK_TEMPORAL_ADDRESS")
    return settings.temporal_address


async def reach_temporal(settings: Settings, say: Say, patience: timedelta = PATIENCE) -> Client:
    """A connected client whose namespace is there.

    Raises:
        NotConfigured, TemporalUnavailable: as they say.
        TemporalMisconfigured: as it says.
    """
    address, namespace = temporal_address(settings), settings.temporal_namespace
    access = TemporalAccess.from_settings(settings)
    return await _patiently(
        lambda: _connect(address, namespace, access), TemporalUnavailable, "Temporal", say, patience
    )


async def require_migrated(pool: Pool) -> None:
    """Check that the database is one for this release.

    Raises:
        NotPrepared: migrations are pending.
        MigrationRefused: as `migrate`.
    """
    if lacking := await pending(pool):
        raise NotPrepared(
            f"The database lacks {lacking} migration{'s' if lacking > 1 else ''} of this release. "
            "Back it up, then run `shelftalk migrate`."
        )


async def migrate_components(settings: Settings, say: Say) -> tuple[int, tuple[str, ...]]:
    """Bring database and namespace forward to this release; the migrations applied, the search attributes added.

    Raises:
        NotConfigured, DatabaseUnavailable, TemporalUnavailable, MigrationRefused: as they say.
    """
    async with opened_pool(settings, say) as pool:
        applied = await prepare_database(pool)
    return applied, await prepare_temporal(await reach_temporal(settings, say))


async def prepare_database(pool: Pool) -> int:
    """Apply pending migrations; how many there were.

    Raises:
        MigrationRefused: as `migrate`.
    """
    return await migrate(pool)


async def missing_attributes(client: Client) -> tuple[str, ...]:
    """The search attributes that the namespace still lacks.

    Raises:
        TemporalUnavailable: it cannot be asked.
    """
    try:
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace), timeout=RPC_LIMIT
        )
    except RPCError as error:
        if error.status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED):
            return ()  # A hosted Temporal keeps its operator service to itself; a journey's start will tell.
        raise TemporalUnavailable(f"Temporal's search attributes cannot be listed ({error.status.name}).") from error
    return tuple(key.name for key in SEARCH_ATTRIBUTES if key.name not in known.custom_attributes)


async def prepare_temporal(client: Client) -> tuple[str, ...]:
    """Register the search attributes that the namespace lacks; which these were.

    Raises:
        TemporalUnavailable: it does not let us, or they do not appear.
    """
    missing = await missing_attributes(client)
    if not missing:
        return ()
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace,
                search_attributes=dict.fromkeys(missing, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD),
            ),
            timeout=RPC_LIMIT,
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise TemporalUnavailable(
                f"Temporal does not take the search attributes {', '.join(missing)} ({error.status.name}). "
                "Let its operator add them: temporal operator search-attribute create --type Keyword --name …"
            ) from error
    try:
        async with asyncio.timeout(ATTRIBUTES_LIMIT.total_seconds()):
            while await missing_attributes(client):
                await asyncio.sleep(FIRST_PAUSE)
    except TimeoutError:
        raise TemporalUnavailable(
            f"Temporal took the search attributes {', '.join(missing)}, but does not show them. Look at its log."
        ) from None
    return missing


async def _connect(address: str, namespace: str, access: TemporalAccess) -> Client:
    try:
        client = await connect(address, namespace, access)
    except RuntimeError as error:
        raise TemporalUnavailable(
            f"Temporal cannot be reached at {address}. Check SHELFTALK_TEMPORAL_ADDRESS and that the server runs; "
            "where it demands TLS or a key, SHELFTALK_TEMPORAL_PROFILE says how."
        ) from error
    try:
        await client.count_workflows(rpc_timeout=RPC_LIMIT)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            advice = f"It has no namespace '{namespace}' yet: make it, or set SHELFTALK_TEMPORAL_NAMESPACE."
        else:
            advice = "Look at its log; it may still be starting."
        raise TemporalUnavailable(f"Temporal at {address} does not serve us ({error.status.name}). {advice}") from error
    return client


async def _patiently(
    attempt: Callable[[], Awaitable[Found]],
    passing: type[Exception],
    what: str,
    say: Say,
    patience: timedelta,
) -> Found:
    """What the attempt finds, tried again until patience ends; then its error is raised."""
    ends = time.monotonic() + patience.total_seconds()
    pause = FIRST_PAUSE
    said = ""
    while True:
        try:
            return await attempt()
        except passing as error:
            if time.monotonic() + pause > ends:
                raise
            if str(error) != said:
                said = str(error)
                say(f"Waiting for {what}, up to {patience.total_seconds():.0f} s: {said}")
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)
