"""What the tests of the command line share: the command itself, and a look at what it leaves running."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.cli.command import Shelftalk


@pytest.fixture
def shelftalk(alone: Shelftalk) -> Shelftalk:
    """In the place of the one on a database, for these bring their own."""
    return alone


@pytest.fixture
def tmp_path(folder: Path) -> Path:
    """For these start PostgreSQL: pytest's own folders are closed to its account when the tests run as root."""
    return folder


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
