"""How a worker says that it is alive: it touches a file for as long as its event loop turns."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from starter.runtime.process import beside

HEARTBEAT = timedelta(seconds=5)
"""How often a worker says that it is alive."""
STALE_AFTER = timedelta(seconds=30)
"""A worker that has said nothing for this long hangs, or is gone."""


@asynccontextmanager
async def heartbeat(file: Path) -> AsyncGenerator[None]:
    """Touch a file for as long as the event loop turns, and remove it at the end."""

    async def beat() -> None:
        while True:
            file.touch()
            await asyncio.sleep(HEARTBEAT.total_seconds())

    file.parent.mkdir(parents=True, exist_ok=True)
    async with beside(beat()):
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
