"""What the tests of the dev stack share: the real programs, fetched by `make` before, and a look at processes."""

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from schemas.settings import Settings
from starter.devstack.temporal_cli import find_temporal


@pytest.fixture(scope="session")
async def temporal_program() -> Path:
    return await find_temporal(Settings(), print)


@pytest.fixture
def processes_on() -> Callable[[Path], list[str]]:
    """Names the processes that have a folder on their command line, except this one."""

    def named(folder: Path) -> list[str]:
        found: list[str] = []
        for process in psutil.process_iter():
            try:
                if process.pid != os.getpid() and str(folder) in " ".join(process.cmdline()):
                    found.append(f"{process.name()} ({process.pid})")
            except psutil.Error:
                continue
        return found

    return named
