"""Wrong API keys are counted by network, so that trying keys out costs the database nothing beyond a limit."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection

from starter.shops.keys import digest

WRONG_KEYS_A_MINUTE = 20
"""Of one network, by this process. A program whose key was revoked is told so that often."""
NETWORKS_COUNTED = 10_000
MINUTE = 60
FRESH = 5
"""Seconds for which the digests of the valid keys are kept: beyond the limit, a new key opens nothing for so long."""


class WrongKeys:
    """Counts them. Beyond the limit a valid key is known by its digest: nobody can lock out who has one.

    Args:
        valid: the digests of all keys that are valid now.
        clock: seconds that only go on.
    """

    def __init__(
        self, valid: Callable[[], Awaitable[Collection[bytes]]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read_valid = valid
        self._clock = clock
        self._minute = 0
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._valid: Collection[bytes] = ()
        self._stale_at: float | None = None
        self._reading = asyncio.Lock()

    async def seconds_to_wait(self, network: str, key: str) -> int:
        """0: the key may be looked up; otherwise how long until keys of this network are looked up again."""
        self._begin_minute()
        if self._counts.get(network, 0) < WRONG_KEYS_A_MINUTE or digest(key) in await self._known():
            return 0
        return max(1, MINUTE - int(self._clock()) % MINUTE)

    def wrong(self, network: str) -> None:
        """A key of this network is not valid, or not any more."""
        self._begin_minute()
        self._counts[network] = self._counts.get(network, 0) + 1
        if len(self._counts) > NETWORKS_COUNTED:
            self._counts.popitem(last=False)

    async def _known(self) -> Collection[bytes]:
        async with self._reading:
            if self._stale_at is None or self._clock() >= self._stale_at:
                self._valid = await self._read_valid()
                self._stale_at = self._clock() + FRESH
            return self._valid

    def _begin_minute(self) -> None:
        minute = int(self._clock()) // MINUTE
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
