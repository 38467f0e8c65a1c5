"""Why a component of the dev stack cannot start, in words that say whose fault it is and what to do."""

from pathlib import Path

from starter.runtime.ports import CannotStart

LOG_LINES_SHOWN = 8
"""Enough to hold a panic's first line and the error before it, short enough to stay readable in a terminal."""

_READ_FROM_END = 16 * 1024
"""Bytes of a log looked at: far more than the lines shown, far less than a log that grew for a year."""


class DevstackError(CannotStart):
    """A component of the dev stack cannot be had, started or reached."""


def log_tail(log: Path, since: int = 0) -> str:
    """The last lines of a log, those written after byte `since`; empty when there are none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(since, size - _READ_FROM_END))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-LOG_LINES_SHOWN:])


def explain(what: str, said: str, folder: Path, log: Path | None = None) -> DevstackError:
    """The error for a component that ended by itself.

    Args:
        what: the component, for example `PostgreSQL`.
        said: its last words, as in its log.
        folder: where it keeps its data.
        log: where the rest of its words are.
    """
    match said.lower():
        case text if "no space left on device" in text or "disk is full" in text or "disk full" in text:
            cause = f"the disk that holds {folder} is full: free some space, or set SHELFTALK_DATA_DIR to another disk"
        case text if "permission denied" in text or "read-only file system" in text or "readonly database" in text:
            cause = (
                f"it may not write to {folder}: make the folder writable for this account, "
                "or set SHELFTALK_DATA_DIR to one that is"
            )
        case _:
            cause = "it ended by itself; its last words are below"
    where = f"\n(log: {log})" if log is not None else ""
    words = "\n".join(f"    {line}" for line in said.splitlines()) or "    (it said nothing)"
    return DevstackError(f"{what} did not start: {cause}.\n{words}{where}")


def make_folder(folder: Path, what: str) -> tuple[Path, ...]:
    """Make a folder and those above it, open to nobody else; those that were not there.

    Raises:
        DevstackError: the disk, the account or a file in the way does not allow it.
    """
    made = tuple(each for each in (folder, *folder.parents) if not each.exists())
    try:
        for each in reversed(made):
            each.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise DevstackError(
            f"{what} needs the folder {folder}, which cannot be made ({error.strerror}): make it writable for this "
            "account, or set SHELFTALK_DATA_DIR to a folder that is"
        ) from error
    return made
