"""What the tests of the command line share: the command itself, and a look at what it leaves running."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from tests.cli.command import Shelftalk


@pytest.fixture
async def shelftalk(tmp_path: Path) -> AsyncIterator[Shelftalk]:
    """`shelftalk`, on a data folder and ports of the test's own."""
    command = Shelftalk({"SHELFTALK_DATA_DIR": str(tmp_path / "data"), "SHELFTALK_HTTP_PORT": "0"})
    async with command.stack:
        yield command


@pytest.fixture
def left_running(tmp_path: Path) -> Callable[[], list[str]]:
    """Names the processes that have the test's folder on their command line."""

    def named() -> list[str]:
        found: list[str] = []
        for process in psutil.process_iter():
            try:
                if str(tmp_path) in " ".join(process.cmdline()):
                    found.append(f"{process.name()} ({process.pid})")
            except psutil.Error:
                continue
        return found

    return named
