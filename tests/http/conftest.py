"""The web server for tests: real HTTP over a socket, on a database of the test's own."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import httpx
import pytest
from temporalio.client import Client

from activities.archive.archive import Archive
from activities.archive.postgres import PostgresArchive
from activities.postgres.pool import Pool
from activities.storefronts.registry import Storefronts
from schemas.settings import Settings
from starter.http.app import create_app
from starter.http.server import serving
from starter.runtime.ports import free_port
from starter.services import Services, build_services
from starter.versioning.publishing import publish
from tests.history import PATIENCE
from tests.http.connecting import SHOPIFYS, StoreSecret, connect_stores
from tests.http.web import PLAIN, SETTINGS, Web, open_web
from tests.look_through import look_at_metrics
from tests.product import starter_document
from worker import connect


def services_over(
    pool: Pool, client: Client, archive: Archive | None = None, settings: Settings = SETTINGS
) -> Services:
    """The services on a test's own database and Temporal."""
    return build_services(pool, client, archive or PostgresArchive(pool), settings)


@asynccontextmanager
async def web_over(
    pool: Pool,
    client: Client,
    settings: Settings = SETTINGS,
    storefronts: Storefronts | None = None,
    secrets: Iterable[StoreSecret] = SHOPIFYS,
) -> AsyncGenerator[Web]:
    """A server that these stores are connected to, and clients with and without a key."""
    services = services_over(pool, client, settings=settings)
    await connect_stores(pool, secrets)
    async with (
        serving(create_app(services, settings, storefronts), "127.0.0.1", 0) as served,
        open_web(served.url, services) as web,
    ):
        yield web
        await look_at_metrics(web.open)


@asynccontextmanager
async def served_openly(pool: Pool, client: Client) -> AsyncGenerator[httpx.AsyncClient]:
    """A client without a key of a server that has made none."""
    async with (
        serving(create_app(services_over(pool, client), SETTINGS), "127.0.0.1", 0) as served,
        httpx.AsyncClient(base_url=served.url, timeout=PATIENCE, verify=PLAIN) as web,
    ):
        yield web


@pytest.fixture
async def nowhere() -> Client:
    """A client of a Temporal that is down: nothing listens at its address."""
    return await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)


@pytest.fixture
async def web(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    """The server with the starter conversation published. Its Temporal is down: intake does not need it (P4)."""
    await publish(pool, starter_document())
    async with web_over(pool, nowhere) as web:
        yield web
