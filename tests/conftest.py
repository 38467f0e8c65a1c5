"""What the tests stand on: a real PostgreSQL, a real Temporal, a real SMTP server, each started once per run."""

import os
import tempfile
from collections.abc import AsyncGenerator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from temporalio.client import Client

from activities.postgres.migrate import migrate
from activities.postgres.pool import Pool, open_pool
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox
from starter.devstack.postgres import EmbeddedPostgres
from starter.devstack.temporal import EmbeddedTemporal
from starter.devstack.temporal_cli import find_temporal
from tests.product import Product, running_product
from worker import connect

# Whoever works on it looks for new examples at every run; a verdict on a submission is the same each time.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

TEMPLATE = "template_of_tests"
_numbers = count(1)


@pytest.fixture(scope="session")
async def postgres() -> AsyncGenerator[EmbeddedPostgres]:
    """One PostgreSQL for the run, with a migrated template to copy. Without fsync: nothing here outlives the run.

    In a folder of its own: pytest's belongs to root alone when root runs the tests, and PostgreSQL never runs as root.
    """
    with tempfile.TemporaryDirectory(prefix="shelftalk-tests-") as folder:
        async with EmbeddedPostgres(Path(folder) / "postgres", durable=False) as server:
            pool = await open_pool(await server.create_database(TEMPLATE), 2)
            await migrate(pool)
            await pool.close()
            yield server


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres) -> AsyncGenerator[str]:
    """A migrated database of the test's own."""
    name = f"test_{next(_numbers)}"
    yield await postgres.create_database(name, template=TEMPLATE)
    await postgres.drop_database(name)


@pytest.fixture
async def pool(database_url: str) -> AsyncGenerator[Pool]:
    """A pool on a migrated database of the test's own."""
    pool = await open_pool(database_url, 10)
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[EmbeddedTemporal]:
    """One Temporal server for the run."""
    program = await find_temporal(Settings(), print)
    async with EmbeddedTemporal(program, tmp_path_factory.mktemp("temporal")) as server:
        yield server


@pytest.fixture(scope="session")
async def client(temporal: EmbeddedTemporal) -> Client:
    """A client of that server."""
    return await connect(temporal.address, "default")


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncGenerator[Mailbox]:
    """An SMTP server of the test's own."""
    async with Mailbox(tmp_path / "mail", port=0) as box:
        yield box


@pytest.fixture
async def product(pool: Pool, client: Client, mailbox: Mailbox) -> AsyncGenerator[Product]:
    """Worker and dispatcher at work on a database, a task queue and a mailbox of the test's own."""
    async with running_product(pool, client, mailbox, f"test-{next(_numbers)}") as running:
        yield running
