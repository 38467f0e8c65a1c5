"""Runs `shelftalk` as a user does: as a process of its own, in an environment that the test knows.

What runs to its end is forked from a process that has imported it already, see `forked`; what is started, and may be
stopped by a signal, is started as from a shell.
"""

import asyncio
import os
import pty
import signal
import socket
import sys
import tempfile
import termios
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from starter.commands.terminal.failures import Failure, FailureDocument
from tests.cli.forked import Request
from tests.look_through import look_at_lines

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
"""Seconds that a start or a stop may take on a loaded machine."""

Answer = TypeVar("Answer", bound=BaseModel)
Typed = str | Callable[[str], Awaitable[str]]


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def answer(self, model: type[Answer]) -> Answer:
        """What it answered with --json."""
        assert self.code == 0, f"{self.code}\n{self.out}\n{self.err}"
        return model.model_validate_json(self.out)

    @property
    def failure(self) -> Failure:
        """What it said with --json when it did not work; the document and the process agree on the code."""
        failure = FailureDocument.model_validate_json(self.out).error
        assert failure.exit == self.code
        return failure


@dataclass
class Started:
    """A command that runs until it is stopped."""

    process: asyncio.subprocess.Process

    async def said(self, model: type[Answer]) -> Answer:
        """The document it wrote when it was ready."""
        assert self.process.stdout is not None
        lines: list[str] = []
        async with asyncio.timeout(PATIENCE):
            while line := (await self.process.stdout.readline()).decode():
                lines.append(line)
                if line == "}\n":
                    return model.model_validate_json("".join(lines))
        raise AssertionError(f"It ended instead:\n{''.join(lines)}{(await self.stop()).err}")

    async def progress(self, words: str) -> None:
        """Wait until it says this on standard error."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while words.encode() not in (line := await self.process.stderr.readline()):
                assert line, f"it ended without saying {words!r}"
                look_at_lines("shelftalk", line.decode())

    async def stop(self, sign: signal.Signals = signal.SIGTERM) -> Ended:
        """Ask it to stop, and wait for that."""
        if self.process.returncode is None:
            self.process.send_signal(sign)
        return await self.end()

    async def end(self) -> Ended:
        """Wait for its end."""
        async with asyncio.timeout(PATIENCE):
            out, err = await self.process.communicate()
        assert self.process.returncode is not None
        look_at_lines("shelftalk", err.decode())
        return Ended(self.process.returncode, out.decode(), err.decode())


class Screen:
    """A terminal, by the end of it at which somebody sits."""

    def __init__(self, end: int) -> None:
        self.text = ""
        self._end, self._read = end, 0
        self._more = asyncio.Event()
        os.set_blocking(end, False)
        asyncio.get_running_loop().add_reader(end, self._take)

    def _take(self) -> None:
        try:
            self.text += os.read(self._end, 65536).decode(errors="replace").replace("\r\n", "\n")
        except BlockingIOError:
            return
        self._more.set()

    async def shows(self, text: str) -> None:
        """Wait until this is shown, behind what it was read for before."""
        while (found := self.text.find(text, self._read)) < 0:
            self._more.clear()
            await self._more.wait()
        self._read = found + len(text)

    def type(self, text: str) -> None:
        os.write(self._end, f"{text}\n".encode())

    def rest(self) -> str:
        """All of it, once nobody writes any more."""
        self._take()
        return self.text

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._end)


@asynccontextmanager
async def forking(folder: Path) -> AsyncGenerator[Path]:
    """A process that commands are forked from; the socket that it listens on."""
    path = folder / "commands"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.cli.forked", str(path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"listening\n"
    yield path
    await process.communicate(b"")  # the end of its input is the end of it


@dataclass
class Shelftalk:
    """The command, with the settings that the test gives it.

    Attributes:
        forking: the socket of the process that it is forked from.
    """

    forking: Path
    settings: dict[str, str]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def run(self, *arguments: str, text: str = "") -> Ended:
        """Run it to its end."""
        with tempfile.TemporaryFile() as said:
            said.write(text.encode())
            said.seek(0)
            return await self._run(arguments, said.fileno())

    async def at_a_terminal(self, said: Sequence[tuple[str, Typed]], *arguments: str) -> Ended:
        """Run it to its end with a terminal before it; `out` is all that is to be read there.

        Args:
            said: what is typed, each once the text before it is shown, behind all that was typed before. Before what is
                hidden that text ends with a blank: by then what was typed too early has been thrown away. A function
                is given what is shown so far, and says what is typed.
        """
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, 100))
        screen = Screen(ours)
        try:
            request = Request(arguments, self._environment, str(ROOT))
            running = asyncio.create_task(self._forked(request, (theirs, theirs, theirs)))
            for prompt, typed in said:
                shown = asyncio.create_task(screen.shows(prompt))
                await asyncio.wait((shown, running), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                if not shown.done():
                    shown.cancel()
                    running.cancel()
                    raise AssertionError(f"It does not say {prompt!r}:\n{screen.text}")
                screen.type(typed if isinstance(typed, str) else await typed(screen.text))
            code = await running
            return Ended(code, screen.rest(), "")
        finally:
            screen.close()
            os.close(ours)
            os.close(theirs)

    async def start(self, *arguments: str) -> Started:
        """Start it; it is stopped with the test at the latest."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "starter", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            cwd=ROOT,
        )
        started = Started(process)
        self.stack.push_async_callback(started.stop)
        return started

    def with_settings(self, **settings: str) -> "Shelftalk":
        """The same, with more variables in its environment."""
        return Shelftalk(self.forking, self.settings | settings, self.stack)

    async def _run(self, arguments: tuple[str, ...], stdin: int) -> Ended:
        request = Request(arguments, self._environment, str(ROOT))
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = await self._forked(request, (stdin, out.fileno(), err.fileno()))
            for file in (out, err):
                file.seek(0)
            ended = Ended(code, out.read().decode(), err.read().decode())
        assert "Traceback" not in ended.err, ended.err
        look_at_lines(" ".join(("shelftalk", *arguments[:2])), ended.err)
        return ended

    async def _forked(self, request: Request, streams: tuple[int, int, int]) -> int:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.forking))
        request.send(connection, streams)
        reader, writer = await asyncio.open_connection(sock=connection)
        process = int(await reader.readline())
        try:
            async with asyncio.timeout(PATIENCE):
                return int(await reader.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise
        finally:
            writer.close()

    @property
    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SHELFTALK_", "DATABASE_"))}
        programs = {name: os.environ[name] for name in ("SHELFTALK_TEMPORAL_CLI",) if name in os.environ}
        return {**kept, **programs, **self.settings}
