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

_NAME = re.compile(r"shelftalk-(?P<process>[0-9]+)-\w+")


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
