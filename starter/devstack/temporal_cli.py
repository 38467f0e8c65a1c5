"""Finds the `temporal` program, or gets it: setting, PATH, cache folder, the SDK's download, a Go build."""

import asyncio
import re
import shutil
import sys
import tempfile
from pathlib import Path

from schemas.settings import Settings
from starter.devstack.failures import DevstackError
from starter.devstack.programs import (
    DOWNLOAD_LIMIT_SECONDS,
    NotAvailableError,
    Say,
    Source,
    at_hand,
    first_of,
    only_one,
    run_visibly,
)

GO_PACKAGE = "github.com/temporalio/cli/cmd/temporal@v1.5.1"
"""Later releases cannot be built by `go install`: their go.mod holds replacements."""

OLDEST_SERVER = (1, 29)
"""The server inside the program; the oldest that the tests run on."""

GO_BUILD_LIMIT_SECONDS = 40 * 60.0
"""Four times the slowest build seen."""

VERSION_LIMIT_SECONDS = 20.0
"""It answers in 30 ms; the first run of a new 250 MB file may be read from a slow disk or looked at by a scanner."""

_ADVICE = (
    "To get it: install the Temporal CLI (https://docs.temporal.io/cli) or Go (https://go.dev/dl), or set "
    "SHELFTALK_TEMPORAL_CLI to the program, or SHELFTALK_TEMPORAL_ADDRESS to a server of your own."
)


def cached_temporal(settings: Settings) -> Path:
    """Where the program is kept once it was downloaded or built."""
    return settings.cache_dir / "bin" / "temporal"


async def find_temporal(settings: Settings, say: Say) -> Path:
    """The `temporal` program to use. Downloads or builds it when the machine has none, which can take minutes.

    Args:
        say: takes the progress, a line at a time.

    Raises:
        DevstackError: no source has it, or the one that was set is not usable.
    """
    if settings.temporal_cli is not None:
        try:
            return await _usable(settings.temporal_cli)
        except NotAvailableError as reason:
            raise DevstackError(f"SHELFTALK_TEMPORAL_CLI is {settings.temporal_cli}: {reason}") from reason
    cached = cached_temporal(settings)
    installed = (Source("PATH", _on_path), Source("cache folder", lambda: _usable(cached)))
    if (found := await at_hand(installed)) is not None:
        return found
    async with only_one(cached.parent, say):
        return await first_of(
            "The Temporal server program `temporal`",
            (
                *installed,  # Again: while we waited, another may have got it.
                Source("download by the Temporal SDK", lambda: _download(cached, say)),
                Source(f"Go build of {GO_PACKAGE}", lambda: _build(cached, say)),
            ),
            _ADVICE,
        )


async def _on_path() -> Path:
    found = shutil.which("temporal")
    if found is None:
        raise NotAvailableError("no `temporal` on PATH")
    return await _usable(Path(found))


async def _usable(program: Path) -> Path:
    """The same path, when it is a `temporal` that can be run and is not too old."""
    if not program.exists():
        raise NotAvailableError(f"there is no {program}")
    try:
        process = await asyncio.create_subprocess_exec(
            *(program, "--version"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError as error:
        raise NotAvailableError(f"{program} cannot be run ({error.strerror})") from error
    try:
        said, _ = await asyncio.wait_for(process.communicate(), VERSION_LIMIT_SECONDS)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise NotAvailableError(f"{program} did not tell its version within {VERSION_LIMIT_SECONDS:.0f} s") from error
    version = re.search(r"Server (\d+)\.(\d+)", said.decode(errors="replace"))
    if process.returncode != 0 or version is None:
        raise NotAvailableError(
            f"{program} does not tell its version; it may be for another kind of machine, or broken"
        )
    server = (int(version[1]), int(version[2]))
    if server < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        raise NotAvailableError(f"{program} holds Temporal server {server[0]}.{server[1]}; {oldest} or later is needed")
    return program


async def _download(cached: Path, say: Say) -> Path:
    say("Getting the Temporal server by the SDK's download (about 50 MB)")
    with tempfile.TemporaryDirectory(prefix="download-", dir=cached.parent) as folder:
        program = await sdk_download("temporal", Path(folder), say)
        program.replace(cached)
    return await _usable(cached)


async def sdk_download(which: str, folder: Path, say: Say) -> Path:
    """What the SDK downloaded into a folder.

    Raises:
        NotAvailableError: it could not, for the reason the SDK gives.
    """
    ended = await run_visibly(
        (sys.executable, "-m", "starter.devstack.sdk_download", which, str(folder)),
        say=say,
        doing="downloading",
        counted="lines",
        limit=DOWNLOAD_LIMIT_SECONDS,
    )
    programs = [path for path in folder.iterdir() if path.is_file() and path.stat().st_mode & 0o100]
    # Not its exit code: what counts is a server that was started once, and it was stopped in order before that.
    if len(programs) == 1:
        return programs[0]
    if ended.code is None:
        raise NotAvailableError(f"not here within {DOWNLOAD_LIMIT_SECONDS:.0f} s")
    raise NotAvailableError(
        ended.last_words.splitlines()[-1] if ended.last_words else f"it ended with code {ended.code}"
    )


async def _build(cached: Path, say: Say) -> Path:
    go = shutil.which("go")
    if go is None:
        raise NotAvailableError("no `go` on PATH")
    say(f"Building the Temporal server from source: {GO_PACKAGE}")
    say("  Once per machine; usually 2 to 11 minutes, some 1,300 modules and packages")
    with tempfile.TemporaryDirectory(prefix="build-", dir=cached.parent) as folder:
        ended = await run_visibly(
            (go, "install", "-v", GO_PACKAGE),
            say=say,
            doing="building",
            counted="modules and packages",
            limit=GO_BUILD_LIMIT_SECONDS,
            # No C compiler needed: its SQLite is in Go.
            environment={"GOBIN": folder, "CGO_ENABLED": "0"},
        )
        if ended.code is None:
            raise NotAvailableError(f"not ready within {GO_BUILD_LIMIT_SECONDS / 60:.0f} min")
        if ended.code != 0:
            raise NotAvailableError(f"`go install` ended with code {ended.code}; its last words: {ended.last_words}")
        # From its first moment under this name the file is whole.
        (Path(folder) / "temporal").replace(cached)
    say(f"  Built; kept as {cached}")
    return await _usable(cached)
