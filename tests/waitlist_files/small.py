"""Waiting-list files for tests, stored and small, and what was read of them."""

from pathlib import Path

from starter.waitlists.files.cells import RowStatus
from starter.waitlists.files.files import WaitlistFile, read_waitlist

FILES = Path(__file__).parent / "files"


def stored(name: str) -> WaitlistFile:
    return read_waitlist((FILES / name).read_bytes())


def rows(*lines: str, header: str = "email,variant_id,created_at") -> WaitlistFile:
    return read_waitlist("\n".join((header, *lines)).encode())


def skipped(file: WaitlistFile) -> list[tuple[RowStatus, int]]:
    return [(skip.status, skip.count) for skip in file.skipped]
