"""How many an episode and its supply may tell: the arithmetic of promise P2, pure.

An episode opens when what is available reaches the alert's threshold, and closes when it falls to zero.
Arrived = the quantity when it opens + every later increase while it is open, less the units that
others bought before a claim was given for them, so that a sold unit is never offered (ADR 0009). Claims
that count (given or used) never exceed contacts-per-unit × arrived; places to give now also never exceed
contacts-per-unit × available.

A supply counts the units themselves: from when they come until none is left, whatever the episodes do. All who share
them out take from it, and a claim takes its share: units that were there and promised do not arrive anew.

Queries compute that, and whose trigger holds, with the SQL functions `places_earned`, `places`, `share_of`,
`observe_units` and `trigger_holds` (activities/postgres/migrations/0001_schema.sql), for rows by the thousand. This
file computes the same in memory, for rehearsals; tests/allocation/test_places_in_the_database.py checks that the two
agree. docs/allocation.md draws it.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from math import ceil, floor

SMALLEST_SHARE = Decimal("0.000000000001")
"""Shares of a unit are rounded down to this."""


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode of one alert and subject, as numbers.

    Attributes:
        contacts_per_unit: people told for each unit that arrived; ≥ 1. None: everyone is told.
        units_per_contact: units that each of them is told for, who wants no more; ≥ 1.
        available: units there now; ≥ 0. Zero: the episode is over.
        arrived: units that came in during the episode and were, or can still be, promised. Less than `available` where
            other locations began to count: what was there already did not arrive.
        claimed: units that claims that count are for; where several contacts share a unit, as often as contacts.
    """

    contacts_per_unit: int | None
    available: int
    arrived: int
    claimed: int = 0
    units_per_contact: int = 1

    @property
    def over(self) -> bool:
        return self.available == 0

    @property
    def places(self) -> int | None:
        """How many more may be notified now, of those who want no more than it keeps for each; ≥ 0. None: as many as
        are in line."""
        return None if self.earned is None else self.earned // self.units_per_contact

    @property
    def earned(self) -> int | None:
        """For how many units claims may still be given, counted as `claimed`. None: for as many as anybody wants."""
        if self.contacts_per_unit is None:
            return None
        of_each = self.contacts_per_unit
        return max(0, min(of_each * self.arrived - self.claimed, of_each * self.available))

    @property
    def promised(self) -> int:
        """How many units the claims take; none, where everyone is told."""
        per_unit = self.contacts_per_unit
        return 0 if per_unit is None else -(-self.claimed // per_unit)

    def units_for(self, quantity: int) -> int:
        """For how many units a claim of somebody is who wants so many."""
        return max(quantity, self.units_per_contact)


def trigger_holds(trigger: Decimal | None, measure: Decimal | None, *, armed: bool = True) -> bool:
    """Whether one who waits may be told at this measure.

    Args:
        trigger: the bound they are told at; None: whatever the measure.
        armed: the measure was above the trigger since they entered, or their alert does not ask for that.
    """
    return trigger is None or (armed and measure is not None and measure <= trigger)


def observe(
    episode: Episode | None,
    available: int,
    threshold: int,
    contacts_per_unit: int | None,
    there_before: int = 0,
    units_per_contact: int = 1,
) -> Episode | None:
    """What an observation of `available` units makes of the open episode (None: none is open).

    Args:
        there_before: how many of them were there at the last look too, and were not counted then: other locations count
            now. They did not arrive. Negative: as many that were counted then are not any more.

    Returns:
        The episode after it: opened, grown, shrunk, or over (`over` is true); None when there still is none.
    """
    units = max(0, available)
    if episode is None:
        opened = Episode(contacts_per_unit, units, units - there_before, units_per_contact=units_per_contact)
        return opened if units >= threshold else None
    arrived = episode.arrived + max(0, units - there_before - episode.available)
    if episode.contacts_per_unit is not None and units:
        arrived = min(arrived, units + episode.promised)
    return replace(episode, available=units, arrived=arrived)


@dataclass(frozen=True, slots=True)
class Supply:
    """The units of one item, from when they come until none is left, as numbers.

    Attributes:
        available: units there now; ≥ 0. Zero: the next that come are another supply.
        arrived: units that came in and were, or can still be, promised.
        taken: by the claims that count, of whatever alert.
        number: which supply of the item it is: claims that took from an earlier one took units that are long gone.
    """

    available: int = 0
    arrived: int = 0
    taken: Decimal = Decimal(0)
    number: int = 0

    def places(self, share: Decimal) -> int:
        """How many claims there is room for that take so much each."""
        return max(0, floor(min(self.arrived - self.taken, Decimal(self.available)) / share))


def share_of(contacts_per_unit: int, units: int) -> Decimal:
    """How much a claim for so many units takes. Rounded down, so that three thirds are never more than a whole."""
    return (Decimal(units) / contacts_per_unit).quantize(SMALLEST_SHARE, ROUND_DOWN)


def observe_supply(supply: Supply, units: int) -> Supply:
    """What an observation of so many units makes of a supply."""
    units = max(0, units)
    if units == supply.available:
        return supply
    if units == 0:
        return replace(supply, available=0)
    if supply.available == 0:
        return Supply(units, units, Decimal(0), supply.number + 1)
    arrived = supply.arrived + max(0, units - supply.available)
    return replace(supply, available=units, arrived=min(arrived, units + ceil(supply.taken)))
