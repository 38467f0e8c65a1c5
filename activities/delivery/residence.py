"""Where a contact lives, as far as is known: country, state and time zones, which the hours of text messages go by."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import phonenumbers

from schemas.time.zones import find_zone

ADDRESSES = (("country", ("region", "state", "province")), ("billing_country", ("billing_region", "billing_state")))
"""The attributes that tell where somebody lives, the more certain address first."""
TIME_ZONE = "time_zone"
STATES_OF = "US"
"""The country whose states have hours of their own."""


@dataclass(frozen=True, slots=True)
class Residence:
    """Where somebody lives.

    Attributes:
        country: two letters, like US.
        state: of the United States, like RI; None: not known, or another country.
        zones: the time zones that they may be in; one, if it is known.
    """

    country: str
    state: str | None
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """A state of the United States; `zones`: that some of it is in."""

    code: str
    name: str
    zones: tuple[str, ...]


def residence(attributes: Mapping[str, object], phone: str) -> Residence:
    """Where a contact lives: by their address, by that of their bills, by their number."""
    number = phonenumbers.parse(phone)
    own = phonenumbers.region_code_for_number(number) or "ZZ"
    country, state = next(_told(attributes, own), (own, None))
    if state is None and country == own == STATES_OF:
        state = _state_of_area(number)
    zone = attributes.get(TIME_ZONE)
    if isinstance(zone, str) and (known := find_zone(zone)) is not None:
        return Residence(country, state, (known,))
    if state is not None:
        likely = _zones_of_number(number) if country == own else ()
        zones = states()[state].zones
        return Residence(country, state, tuple(zone for zone in zones if zone in likely) or zones)
    return Residence(country, None, _zones(country, number if country == own else None))


def _told(attributes: Mapping[str, object], otherwise: str) -> Iterator[tuple[str, str | None]]:
    """What the attributes say of country and state, the most certain first."""
    for country_name, state_names in ADDRESSES:
        country = attributes.get(country_name)
        code = country.strip().upper() if isinstance(country, str) else None
        if code is not None and len(code) != 2:
            code = None
        told = next((value for name in state_names if isinstance(value := attributes.get(name), str)), None)
        state = find_state(told) if told is not None and (code or otherwise) == STATES_OF else None
        if code is not None or state is not None:
            yield code or STATES_OF, state


def find_state(text: str) -> str | None:
    """The state in `RI`, `US-RI` or `Rhode Island`."""
    plain = text.strip().upper().removeprefix("US-")
    return plain if plain in states() else _names().get(plain)


def _state_of_area(number: phonenumbers.PhoneNumber) -> str | None:
    """Where the number was given out: it moves with its owner, so an address says more."""
    # Imported here: it is large, and only this asks.
    from phonenumbers import geocoder

    told = geocoder.description_for_number(number, "en", region=None)
    return find_state(told.rpartition(", ")[2]) if told else None


def _zones(country: str, number: phonenumbers.PhoneNumber | None) -> tuple[str, ...]:
    if country == STATES_OF:
        return tuple(sorted({zone for state in states().values() for zone in state.zones}))
    found = _zones_of_number(number) if number is not None else ()
    return found or _zones_of_country().get(country, ("UTC",))


def _zones_of_number(number: phonenumbers.PhoneNumber) -> tuple[str, ...]:
    # Imported here, as above.
    from phonenumbers import timezone

    found = timezone.time_zones_for_number(number)
    return () if timezone.UNKNOWN_TIMEZONE in found else found


@lru_cache(maxsize=1)
def states() -> Mapping[str, State]:
    """The states of the United States, by their two letters."""
    text = (files("activities.delivery") / "hours" / "us-states.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["code"]: State(row["code"], row["name"], tuple(row["time_zones"].split())) for row in rows}


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    return {state.name.upper(): code for code, state in states().items()}


@lru_cache(maxsize=1)
def _zones_of_country() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found[country] = (*found.get(country, ()), zone)
    return found
