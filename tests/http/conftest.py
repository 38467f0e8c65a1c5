"""The web server for tests: real HTTP over a socket, on a database of the test's own."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client

from activities.archive.archive import Archive
from activities.archive.postgres import PostgresArchive
from activities.connections.sealing import Seal
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.storefronts.registry import Storefronts
from schemas.settings import Settings
from starter.http.app import create_app
from starter.http.server import serving
from starter.runtime.ports import free_port
from starter.services import Services, build_services
from starter.shops.webhook_secrets import WebhookSecrets
from starter.shops.webhooks import Webhooks
from starter.versioning.publishing import publish
from tests.history import PATIENCE
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
    secrets: Sequence[tuple[str, str, SecretStr]] | None = None,
) -> AsyncGenerator[Web]:
    """A server, and clients with and without a key."""
    services = services_over(pool, client, settings=settings)
    if secrets is not None:
        known = WebhookSecrets(secrets, pool, Seal([]))
        services = replace(services, webhooks=Webhooks(Intake(pool), known))
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
