"""An attempt's right to send: who has it and until when, and that what must be written in it is written (promise P1).

While PostgreSQL is away, what the provider answered is known to the attempt alone. So it goes on trying to write that
for as long as its lease holds, whatever it fails by: a certain end is never left to become *unknown*. Being cancelled
does not interrupt it; only a process that stops cannot wait for the whole lease.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import structlog

log = structlog.get_logger()

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
"""A PostgreSQL that restarts is back within seconds, and those who ask are few: as many as there are connections to the
provider."""
LAST_TRY_SECONDS = 10.0
"""Also after the lease: as long as no other attempt has recorded what became of it, this one may."""
STOPPING_SECONDS = 5.0
"""Of a process that stops: it has waited for its messages already, and whoever stops it does not wait for ever."""


class Lease:
    """The right of one attempt to send, which it asks for when this is made.

    Args:
        length: for how long the ledger grants it.
        stopping: whether the process stops, so that what was cancelled cannot take the whole lease.

    Attributes:
        holder: the attempt, in the ledger.
    """

    def __init__(self, length: timedelta, stopping: Callable[[], bool] = lambda: False) -> None:
        self.length = length
        self.holder = uuid4()
        self._stopping = stopping
        # Counted from before it is granted, so it ends here before it ends in the ledger.
        self._until = time.monotonic() + length.total_seconds()

    async def write(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write something down, again and again until it is written or the lease has run out.

        Args:
            write: safe to repeat, also when it took effect and its answer was lost.

        Raises:
            TimeoutError: the lease has run out, or the process stops, and it could not be written.
            Exception: what the last try failed by.
        """
        until = max(self._until, time.monotonic() + LAST_TRY_SECONDS)
        writing = asyncio.ensure_future(self._write(write))
        while not writing.done() and time.monotonic() < until:
            try:
                await asyncio.wait({writing}, timeout=until - time.monotonic())
            except asyncio.CancelledError:
                if self._stopping():
                    until = min(until, time.monotonic() + STOPPING_SECONDS)
        if not writing.done():
            writing.cancel()
        try:
            return await writing
        except asyncio.CancelledError:
            raise TimeoutError("PostgreSQL took no outcome while the lease held") from None

    async def _write(self, write: Callable[[], Awaitable[T]]) -> T:
        tries = 0
        while True:
            try:
                return await write()
            except Exception as error:
                # Whatever it is: to give up would make a certain end uncertain.
                pause = min(FIRST_PAUSE_SECONDS * 2**tries, LONGEST_PAUSE_SECONDS)
                if time.monotonic() + pause >= self._until:
                    raise
                if tries == 0:
                    log.warning("outcome not written yet", error=type(error).__name__)
                tries += 1
                await asyncio.sleep(pause)
