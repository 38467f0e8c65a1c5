"""Turns: a bounded number at once and a bounded queue before them. A burst waits here and not in PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starter.http.problems import Kind, Refusal


class Turns:
    """Lets a few do something at once, in the order in which they came; others wait, or are refused at once.

    Args:
        at_once: how many may do it.
        waiting: how many may wait for that; one more is refused at once.
        seconds: how long one may wait.
    """

    def __init__(self, at_once: int, waiting: int, seconds: float) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most_waiting = waiting
        self._seconds = seconds
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """One turn, until the block ends.

        Raises:
            Refusal: busy; too many wait already, or this one waited too long.
        """
        await self._wait()
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self) -> None:
        if self._free.locked() and self._waiting >= self._most_waiting:
            raise busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise busy() from None
        finally:
            self._waiting -= 1


def busy() -> Refusal:
    """What is said where there is no room now."""
    return Refusal(Kind.BUSY, "There is more to do just now than can be done at once. Send it again in a moment.")
