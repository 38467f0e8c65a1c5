"""What the tests stand on: a real PostgreSQL, a real Temporal, a real SMTP server.

The servers are started once per process of the run (`make test` has four). What a test keeps in them is its own: a
database, a Temporal namespace, a mailbox. So tests need no order and no company, and can be run side by side.

Workflows run in Temporal's sandbox here, which refuses what may differ in a replay; the processes that tests start by
the command line run them as production does.
"""

import gc
import os
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from hypothesis import HealthCheck, settings
from temporalio.client import Client

from activities.postgres.migrate import migrate
from activities.postgres.pool import Pool, open_pool
from schemas.settings import Settings
from starter.accounts.passwords import Passwords
from starter.devstack.mailbox import Mailbox
from starter.devstack.postgres import EmbeddedPostgres
from starter.devstack.temporal import DYNAMIC_CONFIG, EmbeddedTemporal
from starter.devstack.temporal_cli import find_temporal
from starter.runtime.ports import free_port
from starter.runtime.process import keep_loaded
from tests.cli.command import Shelftalk, forking
from tests.databases import Database, Databases
from tests.folders import clear_left_behind, folder, keep_in_memory
from tests.http.conftest import served_openly
from tests.look_through import (
    LogsLookedThrough,
    look_at_folders,
    look_at_requests,
    look_at_what_stays,
    nobody_was_seen,
)
from tests.namespaces import new_namespace
from tests.order import dealt
from tests.product import Product, running_product
from tests.strict_mail import hold_to_the_standards

# How fast examples are made and tried is a matter of what else the machine does: no test is timed. Whoever works on it
# looks for new examples at every run; a verdict on a submission is the same each time.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.register_profile(
    "fuzz", settings.get_profile("here"), max_examples=int(os.environ.get("FUZZ_EXAMPLES") or 100)
)
settings.load_profile("fuzz" if os.environ.get("FUZZ_EXAMPLES") else "ci" if os.environ.get("CI") else "here")

# Until all is imported and collected there is nothing to throw away: to look for it took a quarter of that time.
gc.disable()
os.environ["SHELFTALK_WORKFLOW_SANDBOX"] = "true"
keep_in_memory()

TEMPLATE = "template_of_tests"
TASK_QUEUE = "test"
"""Of the product; namespaces keep the tests apart."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side each process begins with its share of the slow ones, and with those that may take longest."""
    given: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    if given is not None:
        slow = [item for item in items if item.get_closest_marker("slow")]
        others = [item for item in items if not item.get_closest_marker("slow")]
        items[:] = dealt(sorted(slow, key=_limit, reverse=True), others, given["workercount"])


def _limit(item: pytest.Item) -> float:
    """Seconds that a test may take, where it says so itself."""
    marked = item.get_closest_marker("timeout")
    return float(marked.args[0]) if marked else 0


def pytest_collection_finish() -> None:
    gc.enable()
    keep_loaded()


def pytest_sessionstart() -> None:
    clear_left_behind(Path(tempfile.gettempdir()))


@pytest.fixture(scope="session")
def logs_looked_through(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogsLookedThrough]:
    """The first to begin and the last to end in each process: nobody is in what it leaves behind (P8)."""
    with pytest.MonkeyPatch.context() as patch:
        look_at_requests(patch)
        yield LogsLookedThrough(tmp_path_factory.mktemp("logs"))
    look_at_folders(tmp_path_factory.getbasetemp())
    nobody_was_seen()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords of tests are worth nothing: to sign in costs no quarter of a second of a core here, and no 64 MiB. What
    the product takes for them is seen by tests of passwords themselves, and by those of its processes."""
    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher.from_parameters(CHEAPEST)
        patch.setattr("starter.services.Passwords", partial(Passwords, quick))
        yield


@pytest.fixture(autouse=True)
def looked_through(logs_looked_through: LogsLookedThrough) -> None:
    """Every test's logs are looked at."""
    logs_looked_through.take_part()


@pytest.fixture(name="folder")
def folder_of_the_test() -> Iterator[Path]:
    """A folder for a PostgreSQL of the test's own, which has an account of its own when the tests run as root.

    Not `tmp_path`: each other run of pytest that starts meanwhile closes the folders above it to that account, and it
    lies too deep for PostgreSQL's socket, which then has another address after every start.

    What it holds is looked at before it goes: all that used it has ended.
    """
    with folder() as made:
        yield made
        look_at_folders(made)


@pytest.fixture(scope="session")
async def postgres() -> AsyncGenerator[EmbeddedPostgres]:
    """One PostgreSQL per process, with a migrated template to copy. Without fsync: nothing here outlives the run."""
    with folder() as made:
        async with EmbeddedPostgres(made / "postgres", durable=False) as server:
            pool = await open_pool(await server.create_database(TEMPLATE), 2)
            await migrate(pool)
            await pool.close()
            yield server
        look_at_folders(made)


@pytest.fixture(scope="session")
async def databases(postgres: EmbeddedPostgres) -> AsyncGenerator[Databases]:
    """The migrated databases of that server."""
    databases = Databases(postgres, TEMPLATE)
    await databases.prepare()
    yield databases
    await databases.close()


@pytest.fixture
async def database(databases: Databases) -> AsyncGenerator[Database]:
    database = await databases.take()
    yield database
    await databases.give_back(database)


@pytest.fixture
def database_url(database: Database) -> str:
    """A migrated database of the test's own."""
    return database.url


@pytest.fixture
async def pool(database: Database) -> AsyncGenerator[Pool]:
    """A pool on a migrated database of the test's own."""
    yield database.pool
    await look_at_what_stays(database.pool)


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[EmbeddedTemporal]:
    """One Temporal server per process. It runs no schedules: the server's own worker for them, in each of the tests'
    many namespaces, would be half of what it does."""
    program = await find_temporal(Settings(), print)
    config = (*DYNAMIC_CONFIG, "worker.perNamespaceWorkerCount=0")
    async with EmbeddedTemporal(program, tmp_path_factory.mktemp("temporal"), config=config) as server:
        yield server


@pytest.fixture(scope="session")
async def scheduling_temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[EmbeddedTemporal]:
    """A Temporal server that runs schedules, for the tests that ask for it."""
    program = await find_temporal(Settings(), print)
    async with EmbeddedTemporal(program, tmp_path_factory.mktemp("temporal")) as server:
        yield server


@pytest.fixture
def temporal_of_the_test(request: pytest.FixtureRequest) -> EmbeddedTemporal:
    scheduling = "scheduling_temporal" in request.fixturenames
    return request.getfixturevalue("scheduling_temporal" if scheduling else "temporal")


@pytest.fixture
async def client(temporal_of_the_test: EmbeddedTemporal) -> Client:
    """A client of that server, in a namespace of the test's own: no other test's shelf has the same name there."""
    return await new_namespace(temporal_of_the_test.address)


@pytest.fixture(scope="session")
async def forked() -> AsyncGenerator[Path]:
    """Where the commands of this process are forked from."""
    with folder() as made:
        async with forking(made) as path:
            yield path


@pytest.fixture
async def alone(forked: Path, tmp_path: Path) -> AsyncGenerator[Shelftalk]:
    """`shelftalk` on a data folder and ports of the test's own, and nothing else."""
    command = Shelftalk(forked, {"SHELFTALK_DATA_DIR": str(tmp_path / "data"), "SHELFTALK_HTTP_PORT": "0"})
    async with command.stack:
        yield command


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncGenerator[Mailbox]:
    """An SMTP server of the test's own."""
    async with Mailbox(tmp_path / "mail", port=0) as box:
        yield box


@pytest.fixture
async def product(pool: Pool, client: Client, mailbox: Mailbox) -> AsyncGenerator[Product]:
    """Worker and dispatcher at work on a database, a namespace and a mailbox of the test's own.

    At the end every mail that was sent is held to the standards, and unsubscribed by.
    """
    async with running_product(pool, client, mailbox, TASK_QUEUE) as running:
        yield running
    if mailbox.mails:
        async with served_openly(pool, client) as web:
            await hold_to_the_standards(mailbox.mails, pool, web)


@pytest.fixture
def components(request: pytest.FixtureRequest, database_url: str) -> dict[str, str]:
    """Settings that name the test's database, and its Temporal if it has one; else a Temporal that is down."""
    if "client" not in request.fixturenames:
        return {"DATABASE_URL": database_url, "SHELFTALK_TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}
    client: Client = request.getfixturevalue("client")
    return {
        "DATABASE_URL": database_url,
        "SHELFTALK_TEMPORAL_ADDRESS": client.service_client.config.target_host,
        "SHELFTALK_TEMPORAL_NAMESPACE": client.namespace,
        "SHELFTALK_TEMPORAL_TASK_QUEUE": TASK_QUEUE,
    }


@pytest.fixture
def shelftalk(alone: Shelftalk, components: dict[str, str]) -> Shelftalk:
    """The command `shelftalk` on the test's own components."""
    return alone.with_settings(**components)


@pytest.fixture
def beside(shelftalk: Shelftalk, product: Product) -> Shelftalk:
    """`shelftalk` beside the product at work."""
    assert product.settings.temporal_task_queue == TASK_QUEUE
    return shelftalk
