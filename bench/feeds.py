"""How fast a feed is read: the first time, when everything is new, and again, when a hundredth has changed."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from activities.postgres.migrate import migrate
from activities.postgres.pool import open_pool
from bench.process import START_LIMIT_SECONDS, running_part
from bench.processor import processor_time
from bench.servers import Servers
from bench.shop import conversations
from schemas.ids import StoreId
from starter.runtime.ports import LOOPBACK
from starter.versioning.publishing import publish

STORE = StoreId("feed.example.com")
VARIANTS_EACH = 4
"""Of a product."""
CHANGED_OF = 100
"""One in so many rows says something else the second time."""
LIMIT_SECONDS = 7200.0


@dataclass(frozen=True, slots=True)
class FeedFigures:
    """What was measured; `memory` is the most that the process had in megabytes.

    `process` are the seconds that the process itself was at work, `processor` those with PostgreSQL's.
    """

    rows: int
    first_seconds: float
    again_seconds: float
    first_process: float
    again_process: float
    first_processor: float
    again_processor: float
    memory: float


def write_feed(path: Path, rows: int, changed: int) -> None:
    """A feed of so many rows; of one in `CHANGED_OF` the units are those of the `changed`-th time."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            units = number % 20 + (changed if number % CHANGED_OF == 0 else 0)
            item = {
                "id": f"v{number}",
                "item_group_id": f"p{number // VARIANTS_EACH}",
                "title": f"Thing {number // VARIANTS_EACH}, kind {number % VARIANTS_EACH}",
                "link": f"https://shop.example/things/{number // VARIANTS_EACH}?kind={number % VARIANTS_EACH}",
                "image_link": f"https://shop.example/images/{number}.png",
                "description": "It is what it says, and a little more than that. " * 4,
                "price": f"{number % 500 + 1}.99 EUR",
                "inventory_quantity": units,
                "inventory_policy": 1,
            }
            file.write(("," if number else "[") + json.dumps(item) + "\n")
        file.write("]")


@asynccontextmanager
async def _serving(path: Path) -> AsyncGenerator[str]:
    """A web server with the file. Gives its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await reader.readline()).strip():
            pass
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {path.stat().st_size}\r\nconnection: close\r\n\r\n".encode())
        with path.open("rb") as file:
            await asyncio.get_running_loop().sendfile(writer.transport, file)
        writer.close()

    async with await asyncio.start_server(answer, LOOPBACK, 0) as server:
        yield f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/feed.json"


async def measure_feeds(servers: Servers, rows: int) -> FeedFigures:
    """Both readings, by a process that does nothing else, on a database of its own with alerts of every type."""
    database = await servers.postgres.create_database("feeds")
    pool = await open_pool(database, 2)
    try:
        await migrate(pool)
        for document in conversations():
            await publish(pool, document)
    finally:
        await pool.close()
    path = servers.folder / "feed.json"
    seconds: list[float] = []
    process: list[float] = []
    processor: list[float] = []
    memory = 0.0
    async with _serving(path) as url:
        environment = {"DATABASE_URL": database, "BENCH_FEED": url}
        async with running_part("feed reader", "bench.feed_reader", servers.folder, environment) as part:
            await part.hear(START_LIMIT_SECONDS)
            for changed in range(2):
                write_feed(path, rows, changed)
                began, before = time.monotonic(), processor_time(part.pid)
                part.tell("read")
                said = json.loads(await part.hear(LIMIT_SECONDS))
                seconds.append(time.monotonic() - began)
                memory = said["memory"]
                process.append(said["processor"])
                used = processor_time(part.pid)
                processor.append(used.engine + used.postgres - before.engine - before.postgres)
                assert said["rows"] == rows, said
    path.unlink()
    (first, again), (first_process, again_process), (first_processor, again_processor) = seconds, process, processor
    return FeedFigures(rows, first, again, first_process, again_process, first_processor, again_processor, memory)
