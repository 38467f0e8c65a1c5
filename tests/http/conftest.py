"""The web server for tests: real HTTP over a socket, on a database of the test's own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from temporalio.client import Client

from activities.archive.postgres import PostgresArchive
from activities.postgres.pool import Pool
from activities.storefronts.registry import Storefronts
from activities.waitlist.enlist import Enlisting
from activities.waitlist.intake import Intake
from schemas.settings import Settings
from starter.devstack.ports import free_port
from starter.http.app import create_app
from starter.http.server import serving
from starter.journeys import Journeys
from starter.keys import Keys
from starter.operations import Operations
from starter.publishing import publish
from starter.shelves import Shelves
from tests.http.web import SETTINGS, Web, open_web
from tests.product import starter_document
from worker import connect


def operations_over(pool: Pool, client: Client) -> Operations:
    intake = Intake(pool)
    return Operations(
        pool,
        client,
        intake,
        Enlisting(pool),
        Journeys(pool),
        Shelves(pool, intake),
        Keys(pool),
        PostgresArchive(pool),
    )


@asynccontextmanager
async def web_over(
    pool: Pool, client: Client, settings: Settings = SETTINGS, storefronts: Storefronts | None = None
) -> AsyncGenerator[Web]:
    """A server, and clients with and without a key."""
    operations = operations_over(pool, client)
    async with (
        serving(create_app(operations, settings, storefronts), "127.0.0.1", 0) as served,
        open_web(served.url, operations) as web,
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
