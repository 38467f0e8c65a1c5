"""The baseline, a process of its own: one Python process as client and worker of a bare workflow.

It waits for a signal, runs one regular activity that does nothing, and completes. Commands: `start PREFIX COUNT`,
`signal PREFIX COUNT`, each answered by `done` when the server has accepted every call, and `finish PREFIX 1`, answered
when that workflow has completed.
"""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio.client import Client
from temporalio.worker import Worker

from bench.bare_workflow import Bare, nothing
from bench.metrics import publish_metrics
from bench.process import commands, say
from schemas.settings import Settings
from worker import CACHED_JOURNEYS, sandbox

IN_FLIGHT = 100
"""What one client does best (docs/capacity.md), and what the product's dispatcher does."""
TASK_QUEUE = "bare"


async def each(count: int, call: Callable[[int], Awaitable[object]]) -> None:
    """Make `count` calls, a hundred at a time."""
    turns = asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int) -> None:
        async with turns:
            await call(number)

    await asyncio.gather(*(one(number) for number in range(count)))


async def obey(client: Client, command: str) -> None:
    """Carry out one command."""
    verb, prefix, count = command.split()
    match verb:
        case "start":
            await each(
                int(count),
                lambda number: client.start_workflow(Bare.run, id=f"{prefix}-{number}", task_queue=TASK_QUEUE),
            )
        case "signal":
            await each(int(count), lambda number: client.get_workflow_handle(f"{prefix}-{number}").signal(Bare.tell))
        case "finish":
            handle = client.get_workflow_handle(f"{prefix}-0")
            await handle.signal(Bare.tell)
            await handle.result()
        case _:
            raise ValueError(f"there is no command {verb!r}")


async def run() -> None:
    """Work until the benchmark lets go."""
    settings = Settings()
    assert settings.temporal_address is not None  # The benchmark sets it.
    port = publish_metrics()
    client = await Client.connect(settings.temporal_address)
    # As the SDK runs workflows by itself, in its sandbox, which spares some modules here; the cache is the product's.
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Bare],
        activities=[nothing],
        workflow_runner=sandbox(),
        max_cached_workflows=CACHED_JOURNEYS,
    ):
        say(str(port))
        async for command in commands():
            await obey(client, command)
            say("done")


if __name__ == "__main__":
    asyncio.run(run())
