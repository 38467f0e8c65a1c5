"""How many units there are, when two kinds of message report it: levels by location, and totals by product. Pure.

A storefront reports one change twice: as a level (location A has 10) and as a product's total (there are 15). Counting
both would make units arrive that never came. So a total is kept as what the known locations do not account for,
`elsewhere`. A level no newer than the last total was counted by it, and the sum stays. A newer level's change may have
been part of the total already, so it is first taken out of `elsewhere` where both have the same sign. Whatever the
interleaving, once the last level and the last total are in, the sum is right; in between, at one location, no more
units are seen to arrive than did. (ADR 0004; tests/allocation/test_quantities.py says what holds for several.)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Level:
    """Units at one location; None when the storefront does not count them there."""

    available: int | None
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Quantities:
    """All that is known of one variant's units."""

    levels: Mapping[str, Level] = field(default_factory=lambda: MappingProxyType({}))
    elsewhere: int = 0
    total_observed_at: datetime | None = None

    @property
    def at_locations(self) -> int:
        return sum(level.available or 0 for level in self.levels.values())

    @property
    def untracked(self) -> bool:
        """Every location that has reported does not count its units."""
        return bool(self.levels) and all(level.available is None for level in self.levels.values())

    def units_at(self, locations: Collection[str] | None) -> int:
        """Units at these locations only; what is elsewhere counts only where no location is named (None: all)."""
        if locations is None:
            return self.units
        return sum(level.available or 0 for name, level in self.levels.items() if name in locations)

    @property
    def units(self) -> int:
        """Units over all locations; may be negative where the shop oversold."""
        return self.at_locations + self.elsewhere

    def with_level(self, location: str, available: int | None, observed_at: datetime) -> "Quantities":
        """A location reported its level. One older than what is known changes nothing."""
        known = self.levels.get(location)
        if known is not None and observed_at < known.observed_at:
            return self
        change = (available or 0) - ((known.available or 0) if known else 0)
        return replace(
            self,
            levels=MappingProxyType({**self.levels, location: Level(available, observed_at)}),
            elsewhere=self._elsewhere_after(change, observed_at),
        )

    def _elsewhere_after(self, change: int, observed_at: datetime) -> int:
        """What is `elsewhere` once a level has changed."""
        if self.total_observed_at is not None and observed_at <= self.total_observed_at:
            return self.elsewhere - change
        if not self.levels:
            # The first level of all, and newer than the total: taken for the only location until the next total.
            # Else a shop that reports levels only, after a total was put in once, would never be sold out.
            return 0
        return _less(self.elsewhere, change)

    def with_total(self, total: int, observed_at: datetime) -> "Quantities":
        """A product message reported the total. One older than a known level or the last total is stale."""
        newest_level = max((level.observed_at for level in self.levels.values()), default=None)
        if newest_level is not None and observed_at < newest_level:
            return self
        if self.total_observed_at is not None and observed_at < self.total_observed_at:
            return self
        return replace(self, elsewhere=total - self.at_locations, total_observed_at=observed_at)


def _less(elsewhere: int, change: int) -> int:
    """What is left of `elsewhere` once a level's change is taken out: only in the same direction, never past zero."""
    if elsewhere > 0 and change > 0:
        return max(0, elsewhere - change)
    if elsewhere < 0 and change < 0:
        return min(0, elsewhere - change)
    return elsewhere
