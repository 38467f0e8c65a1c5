"""Runs `shelftalk` as a user does: as a process of its own, in an environment that the test knows."""

import asyncio
import json
import os
import pty
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from starter.commands.terminal.failures import Failure, FailureDocument
from tests.cli.rounds import Round

PATIENCE = 90.0
"""Seconds that a start or a stop may take on a loaded machine."""

Answer = TypeVar("Answer", bound=BaseModel)


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
        return Ended(self.process.returncode, out.decode(), err.decode())


@dataclass
class Shelftalk:
    """The command, with the settings that the test gives it."""

    settings: dict[str, str]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def run(self, *arguments: str, text: str | None = None) -> Ended:
        """Run it to its end."""
        return await self._run("starter", arguments, text)

    async def at_a_terminal(self, said: str, *arguments: str) -> Ended:
        """Run it to its end with a terminal before it, at which somebody types this."""
        ours, terminal = pty.openpty()
        try:
            process = await self._process("starter", arguments, terminal)
            os.write(ours, said.encode())
            return await Started(process).end()
        finally:
            os.close(ours)
            os.close(terminal)

    async def run_often(self, times: int, *arguments: str) -> list[Ended]:
        """Run it this many times, one after the other, see `rounds`. What they say on standard error is not kept."""
        ended = await self._run("tests.cli.rounds", (str(times), *arguments))
        assert ended.code == 0, ended.err
        rounds = [Round(**json.loads(line)) for line in ended.out.splitlines()]
        return [Ended(each.code, each.out, "") for each in rounds]

    async def start(self, *arguments: str) -> Started:
        """Start it; it is stopped with the test at the latest."""
        started = Started(await self._process("starter", arguments))
        self.stack.push_async_callback(started.stop)
        return started

    def with_settings(self, **settings: str) -> "Shelftalk":
        """The same, with more variables in its environment."""
        return Shelftalk(self.settings | settings, self.stack)

    async def _run(self, module: str, arguments: tuple[str, ...], text: str | None = None) -> Ended:
        process = await self._process(module, arguments)
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(text.encode() if text is not None else None)
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return Ended(process.returncode, out.decode(), err.decode())

    async def _process(
        self, module: str, arguments: tuple[str, ...], stdin: int = asyncio.subprocess.PIPE
    ) -> asyncio.subprocess.Process:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SHELFTALK_", "DATABASE_"))}
        programs = {name: os.environ[name] for name in ("SHELFTALK_TEMPORAL_CLI",) if name in os.environ}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**kept, **programs, **self.settings},
            cwd=Path(__file__).parents[2],
        )
