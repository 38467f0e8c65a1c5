"""A picture of what a line was told of: for each episode the places that its units made, and how they were given."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.responses.lines import EpisodeReport

HEIGHT = 150
LEFT, BELOW, ABOVE = 44, 26, 14
COLUMN, WIDE = 72, 52
"""Of one episode, in pixels: with what is between it and the next, and without."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One episode as it is drawn.

    Attributes:
        x, middle: where it begins, and where its middle is.
        top, height: of the places there were; None: for everyone, so that there is no number.
        given: the area under the places that were given, as points of a polygon.
    """

    episode: EpisodeReport
    x: int
    middle: float
    top: float | None
    height: float | None
    given: str


@dataclass(frozen=True, slots=True)
class EpisodePicture:
    """All of them, side by side.

    Attributes:
        base: where nothing is.
        lines: of the scale: where each lies, and the number.
    """

    width: int
    height: int
    left: int
    base: int
    wide: int
    lines: tuple[tuple[float, int], ...]
    episodes: tuple[Drawn, ...]


def draw_episodes(episodes: Sequence[EpisodeReport]) -> EpisodePicture:
    """Side by side and of equal width, however long each was, the oldest first; their heights on one scale."""
    most = max((max(each.places or 0, each.given) for each in episodes), default=0)
    top = _round_up(most)
    base = ABOVE + HEIGHT

    def at(number: float) -> float:
        return round(base - HEIGHT * number / top, 1)

    drawn: list[Drawn] = []
    for nth, each in enumerate(episodes):
        x = LEFT + nth * COLUMN
        points = [(float(x), float(base))]
        before = 0
        for part in each.parts:
            points += [(round(x + WIDE * part.after, 1), at(before)), (round(x + WIDE * part.after, 1), at(part.given))]
            before = part.given
        points += [(float(x + WIDE), at(before)), (float(x + WIDE), float(base))]
        drawn.append(
            Drawn(
                each,
                x,
                x + WIDE / 2,
                None if each.places is None else at(each.places),
                None if each.places is None else round(base - at(each.places), 1),
                " ".join(f"{left:g},{down:g}" for left, down in points),
            )
        )
    scale = sorted({0, top // 2, top} if top > 1 else {0, top})
    return EpisodePicture(
        LEFT + max(1, len(episodes)) * COLUMN,
        base + BELOW,
        LEFT,
        base,
        WIDE,
        tuple((at(number), number) for number in scale),
        tuple(drawn),
    )


def _round_up(most: int) -> int:
    """A number as a scale ends with: 1, 2, 5, 10, 20, 50 and so on; even where there is a middle to name."""
    step = 1
    while True:
        for number in (step, 2 * step, 4 * step, 6 * step):
            if number >= most:
                return number
        step *= 10
