"""The archives under test: PostgreSQL's, an S3 server's over real HTTP, the simulated one, and two as one."""

import logging
from collections.abc import Generator
from itertools import count

import httpx
import pytest
from moto.server import ThreadedMotoServer

from activities.archive.archive import Archive
from activities.archive.both import BothArchives
from activities.archive.postgres import PostgresArchive
from activities.archive.s3 import Bucket, S3Archive
from activities.archive.simulated import SimulatedArchive
from activities.postgres.pool import Pool

SECRET = "correct-horse-battery-staple"
_buckets = count(1)


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
