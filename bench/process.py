"""A part of the benchmark that runs as a process of its own and talks in lines: commands in, reports out."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

START_LIMIT_SECONDS = 60.0
"""Importing, connecting and the first poll take seconds, also on a machine that does much else."""
STOP_LIMIT_SECONDS = 40.0
"""A worker finishes what it has begun; its own limit is 30 s."""
LONGEST_LINE = 1024 * 1024


class PartFailed(Exception):
    """A process of the benchmark ended or did not answer; the text says where its log is."""


class Part:
    """A running part."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self._name = name
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, line: str) -> None:
        """Send one command."""
        assert self._process.stdin is not None  # It was asked for as a pipe.
        self._process.stdin.write(f"{line}\n".encode())

    async def hear(self, within: float) -> str:
        """The next line it says.

        Raises:
            PartFailed: it ended, or said nothing for `within` seconds.
        """
        assert self._process.stdout is not None  # It was asked for as a pipe.
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), within)
        except TimeoutError:
            raise PartFailed(f"the {self._name} said nothing for {within:g} s; its log is {self._log}") from None
        if not line:
            raise PartFailed(f"the {self._name} ended; its last words: {self._log.read_text()[-2000:]}")
        return line.decode().strip()

    async def kill(self) -> None:
        """Take it away as `kill -9` does, and wait until it is gone."""
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """End its input, which asks it to end, and wait."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_LIMIT_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def running_part(name: str, module: str, folder: Path, environment: Mapping[str, str]) -> AsyncGenerator[Part]:
    """Run `python -m module` until the block ends. Its first line says that it is ready and is left to be heard."""
    log = folder / f"{name.replace(' ', '-')}.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environment},
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C reaches the benchmark, which then stops its parts in order.
        )
    part = Part(name, process, log)
    try:
        yield part
    finally:
        await part.stop()


async def commands() -> AsyncGenerator[str]:
    """Inside a part: the lines it is sent, until the benchmark lets go of it."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await reader.readline():
            yield line.decode().strip()
    finally:
        # A part that the benchmark has let go of ends, also where what it is to finish has no server any more.
        overdue = threading.Timer(STOP_LIMIT_SECONDS, os._exit, (1,))
        overdue.daemon = True
        overdue.start()
        transport.close()


def say(line: str) -> None:
    """Inside a part: report."""
    print(line, flush=True)
