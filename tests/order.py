"""In which order tests are run side by side: the slow ones first, and as many of them in each process.

`--dist worksteal` gives each process one stretch of the list, and whoever is done takes over half of another's, from
its end. With all slow tests at its front one process would do them all, one by one, long after the rest is done.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeVar

Test = TypeVar("Test")


def stretches(total: int, processes: int) -> Iterator[int]:
    """How many tests each process is given at first, as pytest-xdist counts them."""
    for left in range(processes, 0, -1):
        yield total // left
        total -= total // left


def dealt(slow: Sequence[Test], others: Sequence[Test], processes: int) -> list[Test]:
    """All of them, so that each process begins with its share of the slow ones, the slowest first.

    Args:
        slow: the slowest first.
    """
    hands = [slow[process::processes] for process in range(processes)]
    rest = iter(others)
    order: list[Test] = []
    left_over: list[Test] = []
    for hand, length in zip(hands, stretches(len(slow) + len(others), processes), strict=True):
        order += hand[:length]
        left_over += hand[length:]
        order += [test for _, test in zip(range(length - len(hand)), rest, strict=False)]
    return [*order, *chain(left_over, rest)]
