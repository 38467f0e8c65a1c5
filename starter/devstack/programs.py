"""Getting a program that the dev stack needs: one source after the other, visibly, and an error naming them all."""

import asyncio
import contextlib
import fcntl
import os
import signal
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starter.devstack.failures import LOG_LINES_SHOWN, DevstackError, make_folder

PROGRESS_SECONDS = 15.0
"""How often a long part says that it is still at work."""

LOCK_POLL_SECONDS = 0.5

DOWNLOAD_LIMIT_SECONDS = 180.0
"""50 MB over a slow line. A network that swallows packets instead of refusing them costs this long, once."""

Say = Callable[[str], None]
"""Takes one line of progress, for a person."""


class NotAvailableError(Exception):
    """A source does not have the program. The message says why and, where there is something to do, what."""


@dataclass(frozen=True)
class Source:
    """One place a program may come from."""

    name: str
    get: Callable[[], Awaitable[Path]]


async def at_hand(sources: Sequence[Source]) -> Path | None:
    """The program from the first source that has it; None when none has."""
    for source in sources:
        with contextlib.suppress(NotAvailableError):
            return await source.get()
    return None


async def first_of(what: str, sources: Sequence[Source], advice: str) -> Path:
    """The program from the first source that has it.

    Raises:
        DevstackError: none has. It names every source with its reason.
    """
    tried: list[str] = []
    for source in sources:
        try:
            return await source.get()
        except NotAvailableError as reason:
            tried.append(f"  - {source.name}: {reason}")
    raise DevstackError(
        "\n".join([f"{what} was not found and could not be got. Tried, in this order:", *tried, advice])
    )


@contextlib.asynccontextmanager
async def only_one(cache_bin: Path, say: Say) -> AsyncGenerator[None]:
    """Hold the cache folder: of two that need the same program at the same time, one gets it and the other waits."""
    make_folder(cache_bin, "The program cache (SHELFTALK_CACHE_DIR)")
    with (cache_bin / ".lock").open("w") as file:
        waited = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waited:
                    say("Another Shelftalk is getting the same program; waiting for it")
                    waited = True
                await asyncio.sleep(LOCK_POLL_SECONDS)
        yield


@dataclass(frozen=True)
class Finished:
    """How a program ended: its exit code, or None when the limit ended it, and its last lines."""

    code: int | None
    last_words: str


async def run_visibly(
    argv: Sequence[str],
    *,
    say: Say,
    doing: str,
    counted: str,
    limit: float,
    environment: dict[str, str] | None = None,
) -> Finished:
    """Run a long program to its end and say from time to time how far it is.

    Args:
        doing: what is going on, for the progress lines.
        counted: what one line of its output stands for, for example `packages`.
        limit: seconds after which it is ended.
        environment: variables added to those of this process.

    Raises:
        NotAvailableError: it cannot be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    except OSError as error:
        raise NotAvailableError(f"{argv[0]} cannot be run: {error.strerror}") from error
    last: deque[str] = deque(maxlen=LOG_LINES_SHOWN)
    count = 0
    began = time.monotonic()

    async def read() -> None:
        nonlocal count
        assert process.stdout is not None
        async for line in process.stdout:
            count += 1
            last.append(line.decode(errors="replace").rstrip())
        await process.wait()

    async def tell() -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            minutes, seconds = divmod(int(time.monotonic() - began), 60)
            say(f"  … {doing}: {minutes} min {seconds:02d} s, {count} {counted}")

    telling = asyncio.create_task(tell())
    try:
        await asyncio.wait_for(read(), limit)
    except TimeoutError:
        return Finished(None, "\n".join(last))
    finally:
        telling.cancel()
        if process.returncode is None:
            # Its whole group: a build has compilers of its own running.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return Finished(process.returncode, "\n".join(last))
