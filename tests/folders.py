"""Folders of a test run beside those of pytest, and an end to those that a killed run has left behind."""

import os
import re
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil

from starter.devstack.account import let_through

IN_MEMORY = Path("/dev/shm")
LEAST_FREE = 8 << 30
"""Bytes: four servers of each kind write about a tenth of it, and a run that is killed may leave that behind."""

_NAME = re.compile(r"shelftalk-(?P<process>[0-9]+)-\w+")


def keep_in_memory() -> None:
    """Let temporary folders be in memory, where the machine has plenty: nothing of a test outlives it, and to write its
    databases to a disk is a third of the time. A folder that TMPDIR names is kept to."""
    if "TMPDIR" in os.environ or not os.access(IN_MEMORY, os.W_OK):
        return
    there = os.statvfs(IN_MEMORY)
    if there.f_bavail * there.f_frsize >= LEAST_FREE and not there.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(IN_MEMORY)
        tempfile.tempdir = None  # It is asked for anew.


@contextmanager
def folder() -> Generator[Path]:
    """A folder that is gone when the block ends; its name tells whose it is."""
    with tempfile.TemporaryDirectory(prefix=f"shelftalk-{os.getpid()}-") as made:
        let_through([Path(made)])
        yield Path(made)


def clear_left_behind(root: Path) -> None:
    """Remove the folders of runs that are no more."""
    for path in root.iterdir():
        named = _NAME.fullmatch(path.name)
        if named is not None and not psutil.pid_exists(int(named["process"])):
            shutil.rmtree(path, ignore_errors=True)  # another run may be at it too
