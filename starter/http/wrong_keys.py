"""Wrong API keys are counted by network, so that trying keys out costs the database nothing beyond a limit."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

WRONG_KEYS_A_MINUTE = 20
"""Of one network, by this process. A program whose key was revoked is told so that often."""
NETWORKS_COUNTED = 10_000
KEYS_REMEMBERED = 1_000
MINUTE = 60


class WrongKeys:
    """Counts them. A key that was right here before is looked up all the same: nobody can lock out who has one.

    Args:
        clock: seconds that only go on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minute = 0
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def seconds_to_wait(self, network: str, key: str) -> int:
        """0: the key may be looked up; otherwise how long until keys of this network are looked up again."""
        self._begin_minute()
        if self._counts.get(network, 0) < WRONG_KEYS_A_MINUTE or _digest(key) in self._right:
            return 0
        return max(1, MINUTE - int(self._clock()) % MINUTE)

    def right(self, key: str) -> None:
        """The key is valid."""
        digest = _digest(key)
        self._right[digest] = None
        self._right.move_to_end(digest)
        if len(self._right) > KEYS_REMEMBERED:
            self._right.popitem(last=False)

    def wrong(self, network: str, key: str) -> None:
        """The key is not valid, or not any more."""
        self._begin_minute()
        self._right.pop(_digest(key), None)
        self._counts[network] = self._counts.get(network, 0) + 1
        if len(self._counts) > NETWORKS_COUNTED:
            self._counts.popitem(last=False)

    def _begin_minute(self) -> None:
        minute = int(self._clock()) // MINUTE
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
