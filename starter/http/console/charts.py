"""Charts as SVG from the server: columns over days. Pure.

Text stands beside the drawing, not in it, so that the drawing may be stretched to any width and letters stay readable.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1000.0, 160.0
GAP = 0.25
"""The part of a column's room that stays empty."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, in the units of the drawing; `title` says what it is."""

    x: str
    y: str
    width: str
    height: str
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns, with what stands beside them.

    Attributes:
        most: the largest value in words; the top of the drawing.
        first, last: what the first and the last column are of.
        description: all that the drawing shows, in words.
    """

    columns: tuple[Column, ...]
    most: str
    first: str
    last: str
    description: str


def column_chart(values: Sequence[tuple[str, float]], say: Callable[[float], str]) -> Chart:
    """A chart of these values, each with what it is of.

    Args:
        say: a value in words.
    """
    most = max((value for _, value in values), default=0.0)
    room = WIDTH / max(1, len(values))
    columns = tuple(
        _column(index, room, f"{name}: {say(value)}", value / most)
        for index, (name, value) in enumerate(values)
        if value > 0
    )
    told = "; ".join(f"{name}: {say(value)}" for name, value in values if value > 0)
    return Chart(columns, say(most), values[0][0] if values else "", values[-1][0] if values else "", told)


def _column(index: int, room: float, title: str, part: float) -> Column:
    height = max(1.0, part * HEIGHT)
    left = index * room + room * GAP / 2
    return Column(f"{left:.2f}", f"{HEIGHT - height:.2f}", f"{room * (1 - GAP):.2f}", f"{height:.2f}", title)
