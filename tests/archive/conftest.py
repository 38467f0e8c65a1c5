"""The archives under test (PostgreSQL's, an S3 server's over real HTTP, the simulated one, two as one), and a Temporal.

That one deletes a workflow when it is asked to. By default it waits half a minute for its own bookkeeping first, and
retention cannot be set below a day.
"""

import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from itertools import count

import httpx
import pytest
from moto.server import ThreadedMotoServer
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.archive.archive import Archive
from activities.archive.both import BothArchives
from activities.archive.postgres import PostgresArchive
from activities.archive.s3 import Bucket, S3Archive
from activities.postgres.pool import Pool
from activities.temporal import SEARCH_ATTRIBUTES
from schemas.settings import Settings
from starter.devstack.temporal_cli import find_temporal
from tests.namespaces import new_namespace
from tests.simulated.archive import SimulatedArchive

SECRET = "correct-horse-battery-staple"
DELETES_AT_ONCE = (
    "history.transferProcessorEnsureCloseBeforeDelete=false",
    "history.visibilityProcessorEnsureCloseBeforeDelete=false",
)
_buckets = count(1)


@asynccontextmanager
async def forgetful_temporal(*more: str) -> AsyncGenerator[Client]:
    """A server that deletes at once, with more of its configuration if need be."""
    # The SDK leaves the type of a search attribute's values open.
    environment = await WorkflowEnvironment.start_local(  # pyright: ignore[reportUnknownMemberType]
        dev_server_existing_path=str(await find_temporal(Settings(), print)),
        dev_server_extra_args=[word for each in (*DELETES_AT_ONCE, *more) for word in ("--dynamic-config-value", each)],
        search_attributes=SEARCH_ATTRIBUTES,
        data_converter=pydantic_data_converter,
    )
    async with environment:
        yield environment.client


@pytest.fixture(scope="session")
async def forgetful() -> AsyncGenerator[str]:
    """The address of one for the run, in the place of the server that all other tests share."""
    async with forgetful_temporal() as client:
        yield client.service_client.config.target_host


@pytest.fixture
async def client(forgetful: str) -> Client:
    """A client of that server, in a namespace of the test's own."""
    return await new_namespace(forgetful)


@pytest.fixture(scope="session")
def s3_endpoint() -> Generator[str]:
    """An S3 server for the run."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint: str) -> Bucket:
    """A bucket of the test's own."""
    name = f"histories-{next(_buckets)}"
    httpx.put(f"{s3_endpoint}/{name}").raise_for_status()
    return Bucket(name, "us-east-1", s3_endpoint, "key-of-tests", SECRET)


@pytest.fixture(params=["postgres", "s3", "simulated", "both"])
def archive(request: pytest.FixtureRequest, pool: Pool) -> Archive:
    """Each back end in turn."""
    match request.param:
        case "postgres":
            return PostgresArchive(pool)
        case "s3":
            return S3Archive(request.getfixturevalue("bucket"))
        case "simulated":
            return SimulatedArchive()
        case _:
            return BothArchives(S3Archive(request.getfixturevalue("bucket")), PostgresArchive(pool))
