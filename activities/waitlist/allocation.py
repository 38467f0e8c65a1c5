"""How many an episode by itself may tell: its part of the arithmetic of promise P2, pure.

An episode opens when what is available reaches the alert's threshold, and closes when it falls to zero.
Arrived = the quantity when it opens + every later increase while it is open, less the units that
others bought before a claim was given for them, so that a sold unit is never offered (ADR 0009). Claims
that count (given or used) never exceed contacts-per-unit × arrived; places to give now also never exceed
contacts-per-unit × available.

Queries compute that, and whose trigger holds, with the SQL functions `places_earned` and `trigger_holds`
(activities/postgres/migrations/0001_schema.sql), for rows by the thousand; `places` is bound by what others took of the
same units, too. This file computes the same for one contact
in memory, for rehearsals; tests/allocation/test_places_in_the_database.py checks that the two agree.
"""

from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode of one alert and subject, as numbers.

    Attributes:
        contacts_per_unit: people told for each unit that arrived; ≥ 1. None: everyone is told.
        units_per_contact: units that each of them is told for; ≥ 1.
        available: units there now; ≥ 0. Zero: the episode is over.
        arrived: units that came in during the episode and were, or can still be, promised. Less than `available` where
            other locations began to count: what was there already did not arrive.
        claimed: claims that count.
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
        """How many more may be notified now; ≥ 0. None: as many as are in line."""
        if self.contacts_per_unit is None:
            return None
        return max(0, min(self._contacts(self.arrived) - self.claimed, self._contacts(self.available)))

    @property
    def promised(self) -> int:
        """How many units the claims take; none, where everyone is told."""
        per_unit = self.contacts_per_unit
        return 0 if per_unit is None else -(-self.claimed * self.units_per_contact // per_unit)

    def _contacts(self, units: int) -> int:
        assert self.contacts_per_unit is not None, "it is asked where not everyone is told"
        return self.contacts_per_unit * units // self.units_per_contact


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
