"""The processes of Shelftalk: what runs in each, what ends it, and how it is stopped.

A process is one coroutine. Ctrl-C or SIGTERM cancels it, and it takes down what it put up, in the reverse order; asked
a second time, it leaves at once. A part that fails takes its process with it, for a supervisor to start anew.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.settings import Settings
from starter.archive import ensure_archive_schedule
from starter.components import NotConfigured, Say, opened_components, opened_pool, require_migrated
from starter.dispatcher import Dispatcher
from starter.reconciliation import ensure_schedule
from starter.services import Services, open_services
from worker import Running, running_worker

HEARTBEAT = timedelta(seconds=5)
"""How often a worker says that it is alive."""
STALE_AFTER = timedelta(seconds=30)
"""A worker that has said nothing for this long hangs, or is gone."""
INTERRUPTED = 130
"""The exit code of a process that was told twice to stop: 128 and the number of SIGINT."""

Result = TypeVar("Result")


class Stopped(Exception):
    """The process was asked to stop, and has done so in order."""


def run_process(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine as this process's work.

    Raises:
        Stopped: it was asked to stop by Ctrl-C or SIGTERM.
    """

    async def under_signals() -> Result:
        loop = asyncio.get_running_loop()
        work = asyncio.current_task()
        assert work is not None
        asked = 0

        def ask() -> None:
            nonlocal asked
            asked += 1
            if asked > 1:
                sys.stderr.flush()
                # Embedded servers have guards of their own, which end them when this process is gone.
                os._exit(INTERRUPTED)
            work.cancel()

        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, ask)
        try:
            return await main
        except asyncio.CancelledError:
            if asked:
                raise Stopped from None
            raise

    return asyncio.run(under_signals())


async def until_stopped() -> None:
    """Serve until somebody asks to stop, which cancels this."""
    await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def running_engine(settings: Settings, pool: Pool, client: Client) -> AsyncGenerator[Running]:
    """Temporal worker and dispatcher, from entry to exit; what they have begun is finished first.

    Raises:
        NotConfigured: no mail server.
        ValueError: SHELFTALK_SENDER is not an address.
    """
    if settings.smtp_host is None:
        raise NotConfigured("SHELFTALK_SMTP_HOST", ": without a mail server nobody can be told")
    async with running_worker(settings, pool, client) as running:
        dispatcher = Dispatcher(pool, running.waitlist, running.temporal, timedelta(days=settings.inbox_days))
        await ensure_schedule(client, settings.temporal_task_queue)
        every = timedelta(minutes=settings.archive_minutes)
        await ensure_archive_schedule(client, settings.temporal_task_queue, every)
        async with _beside(dispatcher.run()):
            yield running


@asynccontextmanager
async def worker_process(settings: Settings, say: Say) -> AsyncGenerator[None]:
    """All that `shelftalk worker` runs, from entry to exit, on components that are waited for.

    Raises:
        NotConfigured, DatabaseUnavailable, TemporalUnavailable, MigrationRefused, NotPrepared: as they say.
    """
    async with (
        opened_components(settings, say) as components,
        running_engine(settings, components.pool, components.client),
        heartbeat(heartbeat_file(settings.data_dir)),
    ):
        yield


@asynccontextmanager
async def web_process(settings: Settings, say: Say) -> AsyncGenerator[str]:
    """All that `shelftalk serve` runs, from entry to exit. Gives its address.

    Raises:
        NotConfigured, DatabaseUnavailable, MigrationRefused, NotPrepared: as they say.
        CannotStart: the port is taken or not allowed.
    """
    async with opened_pool(settings, say) as pool:
        await require_migrated(pool)
    async with open_services(settings) as services, running_web(settings, services) as url:
        yield url


@asynccontextmanager
async def running_web(settings: Settings, services: Services) -> AsyncGenerator[str]:
    """The web server, from entry to exit; requests under way are answered first. Gives its address.

    Raises:
        CannotStart: the port is taken or not allowed.
    """
    # Imported here, for every command would wait for it: most ask one question and serve nothing.
    from starter.http.app import create_app
    from starter.http.server import serving

    async with serving(create_app(services, settings), settings.http_host, settings.http_port) as served:
        yield served.url


@asynccontextmanager
async def heartbeat(file: Path) -> AsyncGenerator[None]:
    """Touch a file for as long as the event loop turns, and remove it at the end."""

    async def beat() -> None:
        while True:
            file.touch()
            await asyncio.sleep(HEARTBEAT.total_seconds())

    file.parent.mkdir(parents=True, exist_ok=True)
    async with _beside(beat()):
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def heartbeat_age(file: Path) -> timedelta | None:
    """How long ago a worker last said that it is alive; None when none runs here."""
    try:
        return timedelta(seconds=max(0.0, time.time() - file.stat().st_mtime))
    except FileNotFoundError:
        return None


def heartbeat_file(data_dir: Path) -> Path:
    """The file a `shelftalk worker` touches."""
    return data_dir / "worker.alive"


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run endless work beside the block; if it fails, the block is cancelled and the failure raised."""
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work)
            try:
                yield
            finally:
                task.cancel()
    except BaseExceptionGroup as group:
        # One task, so one failure; what the block itself raised goes out as it was.
        raise group.exceptions[0] from group.exceptions[0].__cause__
