"""What the benchmark runs on: PostgreSQL, Temporal, the mail sink and the two engines, started and stopped here."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psutil
from temporalio.client import Client

from activities.postgres.migrate import migrate
from activities.postgres.pool import Pool, open_pool
from bench.metrics import Counts
from bench.process import START_LIMIT_SECONDS, Part, running_part
from bench.processor import processor_time
from bench.shop import SENDS, Shop, WebClient, conversations
from schemas.settings import Settings
from starter.devstack.account import let_through
from starter.devstack.postgres import EmbeddedPostgres
from starter.devstack.temporal import EmbeddedTemporal
from starter.devstack.temporal_cli import find_temporal
from starter.runtime.ports import LOOPBACK
from starter.runtime.schedules import RECONCILIATION
from starter.versioning.publishing import publish
from tests.http.connecting import KEY, connect_stores
from worker import connect

CONNECTIONS = 16
"""Requests in flight: as many as the web server has database connections."""
PATIENCE_SECONDS = 180.0
"""No step of the benchmark takes longer, also on a machine that does much else."""
POLL_SECONDS = 0.02
"""How exactly the end of work is seen; the shortest rounds take seconds."""
QUIET_SHARE = 0.15
"""Of one core: with less than this our processes are idle."""
QUIET_SECONDS = 0.4
QUIET_LIMIT_SECONDS = 15.0


@dataclass(slots=True)
class Sink:
    """What the mail sink has accepted: when, in the clock of `time.monotonic`."""

    port: int
    accepted: list[float] = field(default_factory=list[float])
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, part: Part) -> None:
        """Hear of every mail until the sink ends."""
        while True:
            line = await part.hear(3600.0)
            self.accepted.append(float(line.split()[0]))
            self._more.set()

    async def until(self, count: int) -> float:
        """When mail number `count` of all was accepted.

        Raises:
            TimeoutError: it did not come.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.accepted) < count:
                self._more.clear()
                await self._more.wait()
        return self.accepted[count - 1]


@dataclass(frozen=True, slots=True)
class Servers:
    """Everything that runs beside the engines."""

    folder: Path
    postgres: EmbeddedPostgres
    temporal_address: str
    client: Client
    sink: Sink
    database_url: str
    pool: Pool
    shop: Shop


@dataclass(frozen=True, slots=True)
class Engine:
    """One side at work."""

    part: Part
    counts: Counts

    def memory(self) -> int:
        """Bytes that are this process's alone."""
        return int(psutil.Process(self.part.pid).memory_full_info().uss)

    async def obey(self, command: str) -> None:
        """Give a command and wait until it is done."""
        self.part.tell(command)
        await self.part.hear(PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class Engines:
    """Both sides."""

    bare: Engine
    ours: Engine


Side = Literal["bare", "ours"]
_WORKFLOWS: dict[Side, str] = {"bare": "Bare", "ours": "Journey"}


@asynccontextmanager
async def running_servers() -> AsyncGenerator[Servers]:
    """The servers, with their data in a temporary folder."""
    async with AsyncExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="shelftalk-bench-")))
        let_through([folder])
        program = await find_temporal(Settings(), report)
        postgres = await exits.enter_async_context(EmbeddedPostgres(folder / "postgres"))
        temporal = await exits.enter_async_context(EmbeddedTemporal(program, folder / "temporal"))
        part = await exits.enter_async_context(running_part("mail sink", "bench.sink", folder, {}))
        sink = Sink(int(await part.hear(START_LIMIT_SECONDS)))
        listening = asyncio.create_task(sink.listen(part))
        exits.callback(listening.cancel)
        url = postgres.dsn()
        shop = await exits.enter_async_context(open_shop(folder, url, temporal.address))
        yield Servers(
            folder,
            postgres,
            temporal.address,
            await connect(temporal.address, "default"),
            sink,
            url,
            shop.pool,
            shop,
        )


@asynccontextmanager
async def open_shop(folder: Path, database_url: str, temporal_address: str) -> AsyncGenerator[Shop]:
    """A shop with alerts of every type and much to watch, on an empty database, behind a web server of its own."""
    pool = await open_pool(database_url, 4)
    await migrate(pool)
    for document in conversations():
        await publish(pool, document)
    await connect_stores(pool, [("shopify", SENDS.store_id, SENDS.secret)])
    environment = {
        "DATABASE_URL": database_url,
        "SHELFTALK_TEMPORAL_ADDRESS": temporal_address,
        "SHELFTALK_SECRETS_KEYS": KEY.get_secret_value(),
        "SHELFTALK_HTTP_PORT": "0",
        "SHELFTALK_SIGNUPS_PER_MINUTE": "1000000",
    }
    try:
        async with running_part("web server", "bench.web", folder, environment) as web:
            client = WebClient(urlsplit(await web.hear(START_LIMIT_SECONDS)).port or 0, CONNECTIONS)
            shop = Shop(pool, client)
            await shop.sells_other_things()
            yield shop
            client.close()
    finally:
        await pool.close()


@asynccontextmanager
async def running_engines(servers: Servers) -> AsyncGenerator[Engines]:
    """Both engines, fresh and warm-started."""
    async with running_engine(servers, "bare") as bare, running_engine(servers, "ours") as ours:
        engines = Engines(bare, ours)
        # Thousands of those in line have no workflow here. The reconciliation would start them all in a run's middle.
        reconciliation = servers.client.get_schedule_handle(RECONCILIATION.schedule_id(Settings().temporal_task_queue))
        await reconciliation.pause(note="the benchmark's people in line are rows only")
        yield engines


@asynccontextmanager
async def running_engine(servers: Servers, side: Side) -> AsyncGenerator[Engine]:
    """One engine, fresh and ready."""
    environment = {
        "DATABASE_URL": servers.database_url,
        "SHELFTALK_TEMPORAL_ADDRESS": servers.temporal_address,
        "SHELFTALK_SMTP_HOST": LOOPBACK,
        "SHELFTALK_SMTP_PORT": str(servers.sink.port),
    }
    async with running_part(f"engine {side}", f"bench.{side}", servers.folder, environment) as part:
        counts = Counts(int(await part.hear(START_LIMIT_SECONDS)), _WORKFLOWS[side])
        try:
            yield Engine(part, counts)
        finally:
            counts.close()


async def until(count: Callable[[], Awaitable[int]], wanted: int, within: float = PATIENCE_SECONDS) -> float:
    """When a count had reached what is wanted, in the clock of `time.monotonic`.

    Raises:
        TimeoutError: it did not.
    """
    async with asyncio.timeout(within):
        while await count() < wanted:
            await asyncio.sleep(POLL_SECONDS)
    return time.monotonic()


async def quiet() -> None:
    """Wait until the servers and engines have nothing more to do, for a while at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(QUIET_LIMIT_SECONDS):
            before = processor_time().total
            while True:
                await asyncio.sleep(QUIET_SECONDS)
                after = processor_time().total
                if after - before < QUIET_SHARE * QUIET_SECONDS:
                    return
                before = after


def report(line: str) -> None:
    """Progress, beside the result."""
    print(line, file=sys.stderr, flush=True)
