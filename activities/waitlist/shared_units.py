"""Units that several alerts, levels and lists share out, in memory, as the functions of the schema have it. Pure.

Supplies are kept for each item at each set of locations that a list counts; a claim takes its share from every one
that it could use up. tests/allocation/test_forecast.py holds `units_left`, `places` and `shares_of` to this.
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
        share = _share(episode)
        return min(earned, sum(max(0, floor(self.left(item, counting) / share)) for item in items))

    def take(self, episode: Episode, items: Iterable[str], counting: Locations) -> Episode:
        """One of the places there are is given: the claim takes of the item of which most is left.

        Returns:
            The episode with it.
        """
        if episode.contacts_per_unit is not None:
            most = min(items, key=lambda item: (-self.left(item, counting), item))
            known, share = self._of_item[most], _share(episode)
            for there, supply in known.items():
                if takes_from(there, counting):
                    known[there] = replace(supply, taken=supply.taken + share)
        return replace(episode, claimed=episode.claimed + 1)


def takes_from(there: Locations, counting: Locations) -> bool:
    """As the function of the schema: from a supply whose locations it shares, unless that one is narrower."""
    if there is None:
        return True
    if counting is None:
        return False
    here, counted = set(there), set(counting)
    return bool(here & counted) and (counted <= here or not here <= counted)


def _share(episode: Episode) -> Decimal:
    assert episode.contacts_per_unit is not None, "where everyone is told, nothing is taken"
    return share_of(episode.contacts_per_unit, episode.units_per_contact)
