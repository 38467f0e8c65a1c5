"""One server as a child process: under a guard, with a log, a lock on its folder, and a stop that is certain."""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from starter.devstack import guard
from starter.devstack.failures import DevstackError, log_tail, make_folder

STOP_LIMIT_SECONDS = 15.0
"""How long a server may take to end by itself: a busy PostgreSQL writes its last checkpoint in this time."""

KILL_LIMIT_SECONDS = 5.0
"""How long the kernel may take to end what was killed."""

POLL_SECONDS = 0.05
"""How often a process that is not our child is looked at; only a parent is told of an end."""

LOG_LIMIT_BYTES = 8 * 1024 * 1024
"""A log larger than this at a start is set aside; one earlier log is kept."""


@dataclass(frozen=True)
class Account:
    """The account a server runs as, by the kernel's numbers."""

    user: int
    group: int


@dataclass(frozen=True)
class Server:
    """What to run.

    Attributes:
        name: of the component, and of its lock, pid and log files.
        folder: where these are.
        argv: the program and its arguments.
        stop_signal: what asks it to end cleanly.
        account: who it runs as; None for the account of this process.
    """

    name: str
    folder: Path
    argv: Sequence[str]
    stop_signal: signal.Signals = signal.SIGTERM
    account: Account | None = None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"


class FolderLock:
    """Keeps two processes from running the same component on the same folder. Released when this process ends."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.lock"
        self._name = name
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            DevstackError: another process has it, or the folder cannot be written to.
        """
        make_folder(self._path.parent, self._name)
        try:
            file = self._path.open("a+")
        except OSError as error:
            raise DevstackError(
                f"{self._name} cannot write to {self._path.parent} ({error.strerror}): make the folder writable for "
                "this account, or set SHELFTALK_DATA_DIR to one that is"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise DevstackError(
                f"{self._path.parent} is in use by another Shelftalk (process {holder}): stop that one, "
                "or set SHELFTALK_DATA_DIR to a folder of its own"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Child:
    """A running server. Its process group is its own, so that Ctrl-C in a terminal reaches us first."""

    def __init__(self, server: Server, process: asyncio.subprocess.Process, log_start: int) -> None:
        self._server = server
        self._process = process
        self._log_start = log_start

    @classmethod
    async def start(cls, server: Server) -> "Child":
        """Run the server under its guard. What an earlier run left behind in the folder is ended first.

        Raises:
            DevstackError: the log cannot be written.
        """
        await end_leftover(server)
        try:
            if server.log.exists() and server.log.stat().st_size > LOG_LIMIT_BYTES:
                server.log.replace(server.log.with_suffix(".log.1"))
            log = server.log.open("ab")
        except OSError as error:
            raise DevstackError(f"{server.name} cannot write its log {server.log}: {error.strerror}") from error
        account = server.account or Account(-1, -1)
        with log:
            log_start = log.tell()
            process = await asyncio.create_subprocess_exec(
                # Isolated and without site-packages: the guard is up in milliseconds and nothing can get in its way.
                *(sys.executable, "-I", "-S", guard.__file__),
                *(str(int(server.stop_signal)), str(STOP_LIMIT_SECONDS), str(server.pid_file)),
                *(str(account.user), str(account.group), "--", *server.argv),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return cls(server, process, log_start)

    @property
    def ended(self) -> bool:
        """Whether the server has ended by itself."""
        return self._process.returncode is not None

    def last_words(self) -> str:
        """The last lines this run wrote to its log."""
        return log_tail(self._server.log, self._log_start)

    async def stop(self) -> None:
        """Ask the server to end and wait for it; what does not end is killed. May be called again."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_LIMIT_SECONDS + KILL_LIMIT_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()


async def end_leftover(server: Server) -> None:
    """End a server that outlived its owner and guard, both killed. Call it with the folder's lock held."""
    process = _leftover(server.pid_file)
    if process is None:
        return
    for sign, limit in ((server.stop_signal, STOP_LIMIT_SECONDS), (signal.SIGKILL, KILL_LIMIT_SECONDS)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(sign)
        try:
            async with asyncio.timeout(limit):
                while _runs(process):
                    await asyncio.sleep(POLL_SECONDS)
            break
        except TimeoutError:
            continue
    server.pid_file.unlink(missing_ok=True)


def _leftover(pid_file: Path) -> psutil.Process | None:
    try:
        noted = json.loads(pid_file.read_text())
        process = psutil.Process(noted["pid"])
        # The kernel gives numbers out again: only the same command line makes it the same server.
        return process if process.cmdline() == noted["argv"] else None
    except (OSError, ValueError, LookupError, psutil.Error):
        return None


def _runs(process: psutil.Process) -> bool:
    try:
        # In a container nobody may collect what has ended: it keeps its number, but nothing of it runs.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
