"""What was measured, each thing said once: the table for people and the line of JSON for programs are made from it."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FOOT = """\
Median (least–most); a ratio compares neighbouring rounds.
* Those in line are rows put there by SQL; workflows are started only for those who are told,
  by signal-with-start. Measured from the committed webhook to the tenth mail accepted."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        return cls(min(figures), statistics.median(figures), max(figures))

    def json(self) -> list[float]:
        return [round(figure, 4) for figure in (self.least, self.median, self.most)]

    def text(self, digits: int) -> str:
        if self.least == self.most:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({self.least:.{digits}f}–{self.most:.{digits}f})"


def ratio(above: Sequence[float], below: Sequence[float]) -> Spread:
    """Each measurement against its neighbour on the other side."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured.

    Attributes:
        name: in the JSON.
        label: in the table; `digits` are those behind its decimal point there.
        bare: the same of the bare workflow.
        ratio, ratio_name: how much of the baseline's speed is left, and its name in the JSON.
        at_most, at_least: what our median should not be above, or below.
        ratio_at_least: what the ratio's median should not be below.
    """

    name: str
    label: str
    ours: Spread
    digits: int = 0
    bare: Spread | None = None
    ratio: Spread | None = None
    ratio_name: str = ""
    at_most: float | None = None
    ratio_at_least: float | None = None
    at_least: float | None = None

    def row(self) -> tuple[str, ...]:
        """Of the table."""
        bare = self.bare.text(self.digits) if self.bare is not None else ""
        ratio = self.ratio.text(2) if self.ratio is not None else ""
        return self.label, self.ours.text(self.digits), bare, ratio, self._target()

    def _target(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g} {_reached(self.ours.median <= self.at_most)}"
        if self.at_least is not None:
            return f"≥ {self.at_least:g} {_reached(self.ours.median >= self.at_least)}"
        if self.ratio_at_least is not None and self.ratio is not None:
            return f"≥ {self.ratio_at_least:g} {_reached(self.ratio.median >= self.ratio_at_least)}"
        return ""


def _reached(reached: bool) -> str:
    return "reached" if reached else "MISSED"


def table(figures: Iterable[Figure]) -> str:
    """For people: median (least–most), ours and bare, and the target where there is one."""
    rows = [("", "Shelftalk", "bare", "ratio", "to reach"), *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def document(figures: Iterable[Figure]) -> dict[str, object]:
    """For programs: medians by name, those of the baseline under `bare`, and least, median and most under `spread`."""
    medians: dict[str, object] = {}
    bare: dict[str, float] = {}
    spread: dict[str, list[float]] = {}
    for figure in figures:
        medians[figure.name] = round(figure.ours.median, 4)
        spread[figure.name] = figure.ours.json()
        if figure.bare is not None:
            bare[figure.name] = round(figure.bare.median, 4)
            spread[f"bare_{figure.name}"] = figure.bare.json()
        if figure.ratio is not None:
            medians[figure.ratio_name] = round(figure.ratio.median, 4)
            spread[figure.ratio_name] = figure.ratio.json()
    return {**medians, "bare": bare, "spread": spread}
