"""Crashes between any two writes: at a chosen statement the backend is ended and the process is gone.

What is lost is what a killed process loses: nothing it still meant to do is done, and whoever called it calls again.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import asyncpg

from activities.delivery.lease import Lease
from activities.delivery.leaving import BadMailbox, Leaving
from activities.delivery.ledger import Ledger
from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import Pool
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Outcome, Refused, Sent, Unknown

if TYPE_CHECKING:
    # asyncpg's classes are generic for the type checker only.
    PlainConnection = asyncpg.Connection[asyncpg.Record]
else:
    PlainConnection = asyncpg.Connection

T = TypeVar("T")


class Killed(BaseException):
    """The process that did this is gone: nothing of it goes on, whatever it was at."""


DIFFERENT = (Killed, *POSTGRES_AWAY)
"""What a lost connection looks like to whoever used it."""
DEAD = (asyncpg.ConnectionDoesNotExistError, asyncpg.InterfaceError)
"""What one that was lost before looks like: to the server, or already to the pool that it has gone back to."""


class Crashed(asyncpg.ConnectionDoesNotExistError):
    """The process that made this statement is gone."""


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """The statement it crashes at, counted from 1, BEGIN and COMMIT included; before it, or after it took effect."""

    statement: int
    after: bool = True


class Process:
    """A process that can crash, and is started anew.

    Attributes:
        pool: its connections.
        crashes: how often it has.
        statements: how many it has made since it was last told when to crash.
    """

    def __init__(self, killer: Pool) -> None:
        self._killer = killer
        self._next: CrashPoint | None = None
        self.statements = 0
        self._down = False
        self.crashes = 0
        self.pool: Pool = cast("Pool", None)

    @classmethod
    async def on(cls, database_url: str, killer: Pool, size: int = 2) -> "Process":
        """A process on this database; `killer` is another's, and ends its backends."""
        process = cls(killer)

        class Connection(PlainConnection):
            """A connection whose every statement may be the last."""

            async def execute(self, *arguments: Any, **more: Any) -> str:
                return await process.runs(self, lambda: PlainConnection.execute(self, *arguments, **more))

            async def fetch(self, *arguments: Any, **more: Any) -> Any:
                return await process.runs(self, lambda: PlainConnection.fetch(self, *arguments, **more))

            async def fetchrow(self, *arguments: Any, **more: Any) -> Any:
                return await process.runs(self, lambda: PlainConnection.fetchrow(self, *arguments, **more))

            async def fetchval(self, *arguments: Any, **more: Any) -> Any:
                return await process.runs(self, lambda: PlainConnection.fetchval(self, *arguments, **more))

        process.pool = await asyncpg.create_pool(
            database_url,
            min_size=1,
            max_size=size,
            init=_prepare,
            connection_class=Connection,
            server_settings={"timezone": "UTC"},
        )
        return process

    async def runs(self, connection: PlainConnection, statement: Callable[[], Awaitable[T]]) -> T:
        """A statement of this process, unless it crashes."""
        if self._down:
            raise Crashed
        self.statements += 1
        if self._next is None or self.statements < self._next.statement:
            return await statement()
        if self._next.after:
            await statement()
        self._next = None
        self._down = True
        self.crashes += 1
        await self._killer.execute("select pg_terminate_backend($1)", connection.get_server_pid())
        connection.terminate()
        raise Crashed

    async def survives(self, work: Callable[[], Awaitable[T]], crash: CrashPoint | None = None) -> T:
        """Do it; after a crash a new process does it again from the start, as those who call do who got no answer."""
        if crash is not None:
            self.will_crash(crash)
        anew = False
        while True:
            try:
                return await work()
            except DIFFERENT as error:
                # The pool is the same, so the new process may be given a connection that died with the old one.
                died = anew and isinstance(error, DEAD)
                if not self._down and not died:
                    raise
                anew, self._down = self._down, False

    async def dies_with(self, work: Awaitable[T]) -> T:
        """Work after whose crash nothing of the process goes on; within asyncpg a crash has to be one of its errors."""
        try:
            return await work
        except DIFFERENT as error:
            if self._down:
                raise Killed from error
            raise

    def will_crash(self, crash: CrashPoint) -> None:
        """Crash at this statement from now."""
        self._next, self.statements = crash, 0

    def will_not_crash(self) -> None:
        """The crash that did not come about will not."""
        self._next = None


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


class MortalLedger(Ledger):
    """The ledger of a process that can crash: an attempt whose process is gone does not go on trying to write."""

    def __init__(self, process: Process) -> None:
        super().__init__(process.pool)
        self._process = process

    async def open(self, request: Deliver, lease: Lease, leaving: Leaving | None = None) -> bool | datetime:
        return await self._process.dies_with(super().open(request, lease, leaving))

    async def release(self, request: Deliver, lease: Lease) -> None:
        await self._process.dies_with(super().release(request, lease))

    async def settle(
        self,
        request: Deliver,
        outcome: Sent | Refused | Unknown,
        lease: Lease | None = None,
        *,
        bad: BadMailbox | None = None,
    ) -> Outcome | None:
        return await self._process.dies_with(super().settle(request, outcome, lease, bad=bad))
