"""Beats: an answer leaves a whole number of them after its turn began, so that its time tells nothing of the work."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

BEAT = timedelta(milliseconds=200)
"""More than a sign-up takes on two cores with much other work (15 to 45 ms), and less than a shopper notices."""


def leaves_after(took: timedelta) -> timedelta:
    """How long after its turn began an answer leaves that took so long to make."""
    return max(1, -(-took // BEAT)) * BEAT


class Beats:
    """Lets answers wait for their beat.

    Args:
        clock: seconds since any moment.
        sleep: returns so many seconds later, or a little before.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.clock = clock
        self._sleep = sleep

    async def keep(self, began: float) -> None:
        """Return on the next beat since `began`, by the clock. Hold nothing that others wait for meanwhile."""
        leaves = leaves_after(self._since(began))
        while (left := leaves - self._since(began)) > timedelta(0):
            await self._sleep(left.total_seconds())

    def _since(self, began: float) -> timedelta:
        return timedelta(seconds=self.clock() - began)
