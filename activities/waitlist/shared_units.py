"""Units that several alerts, levels and lists share out, in memory, as the functions of the schema have it. Pure.

Supplies are kept for each item at each set of locations that a list counts; a claim takes its share from every one
that it could use up. tests/allocation/test_forecast.py holds `units_left`, `places` and `who_is_next` to this.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from math import floor

from activities.stock.offers import Locations
from activities.waitlist.allocation import Episode, Supply, share_of


class SharedUnits:
    """The supplies of some items, by the locations that count; the claims that are given take from them."""

    def __init__(self, supplies: Mapping[tuple[str, Locations], Supply]) -> None:
        self._of_item: dict[str, dict[Locations, Supply]] = defaultdict(dict)
        for (item, locations), supply in supplies.items():
            self._of_item[item][locations] = supply

    def left(self, item: str, counting: Locations) -> Decimal:
        """Units of an item that nobody was told of yet, where these locations count; less than none where other
        locations count that promised more."""
        known = self._of_item[item]
        if counting not in known:
            return Decimal(0)
        return min(
            min(supply.arrived - supply.taken, Decimal(supply.available))
            for there, supply in known.items()
            if takes_from(there, counting)
        )

    def places(self, episode: Episode, items: Iterable[str], counting: Locations) -> int | None:
        """How many more may be called forward by an episode that sells these items; None: as many as are in line."""
        earned = episode.places
        if not earned:
            return earned
        share = _share(episode, episode.units_per_contact)
        return min(earned, sum(max(0, floor(self.left(item, counting) / share)) for item in items))

    def most_for_one(self, episode: Episode, items: Iterable[str], counting: Locations) -> int:
        """How many units at most somebody may want for whom there is a place; fewer may not fit either."""
        there = max((self._there(item, counting) for item in items), default=0)
        return there if episode.earned is None else min(there, episode.earned)

    def fits(self, episode: Episode, items: Iterable[str], counting: Locations, quantity: int) -> bool:
        """Whether there is a place for somebody who wants so many units of one item."""
        if episode.earned is None:
            return quantity == 1 or quantity <= self.most_for_one(episode, items, counting)
        units = episode.units_for(quantity)
        share = _share(episode, units)
        return units <= episode.earned and any(
            share <= self.left(item, counting) and quantity <= self._there(item, counting) for item in items
        )

    def take(self, episode: Episode, items: Iterable[str], counting: Locations, quantity: int = 1) -> Episode:
        """A place for somebody who wants so many units is given: the claim takes of the item of which most is left.

        Returns:
            The episode with it.
        """
        units = episode.units_for(quantity)
        if episode.contacts_per_unit is not None:
            most = min(items, key=lambda item: (-self.left(item, counting), item))
            known, share = self._of_item[most], _share(episode, units)
            for there, supply in known.items():
                if takes_from(there, counting):
                    known[there] = replace(supply, taken=supply.taken + share)
        return replace(episode, claimed=episode.claimed + units)

    def _there(self, item: str, counting: Locations) -> int:
        supply = self._of_item[item].get(counting)
        return 0 if supply is None else supply.available


def takes_from(there: Locations, counting: Locations) -> bool:
    """As the function of the schema: from a supply whose locations it shares, unless that one is narrower."""
    if there is None:
        return True
    if counting is None:
        return False
    here, counted = set(there), set(counting)
    return bool(here & counted) and (counted <= here or not here <= counted)


def _share(episode: Episode, units: int) -> Decimal:
    assert episode.contacts_per_unit is not None, "where everyone is told, nothing is taken"
    return share_of(episode.contacts_per_unit, units)
