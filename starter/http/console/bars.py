"""A row of bars as SVG draws it: its geometry alone, so that a template says what it means and a style how it looks."""

from collections.abc import Sequence
from dataclasses import dataclass

ROUND = 3.0
"""Of a hundred; a bar of anything at all is at least that tall, so that it is seen."""
GAP = 0.28
"""Of the width that a bar has."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, and the whole height at its place, which is where a pointer finds it."""

    x: float
    y: float
    width: float
    height: float
    slot: float


def bars(values: Sequence[int], width: float, height: float) -> list[Bar]:
    """A bar for each value, the largest as tall as the picture."""
    most = max(values, default=0)
    slot = width / max(1, len(values))
    drawn: list[Bar] = []
    for number, value in enumerate(values):
        tall = max(height * ROUND / 100, height * value / most) if value else 0.0
        x = number * slot
        drawn.append(
            Bar(round(x + slot * GAP / 2, 2), round(height - tall, 2), round(slot * (1 - GAP), 2), round(tall, 2), slot)
        )
    return drawn
