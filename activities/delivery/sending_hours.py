"""The hours in which a text message may reach a contact, by the law and the charters of where they live. Pure.

The rules are data, `hours/sms-sending-hours.csv`: each row with its sources, their date and how sure it is. Rules:
- where a contact lives, say in this order the address in their attributes, that of their bills, their area code;
- rows of a state hold beside those of its country; of an unknown state all of the country hold, but those that are not
  sure, which hold for their own state alone;
- where the time zone is not certain, it must be allowed in each that it may be.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from activities.delivery.residence import Residence

LOOKED_AHEAD = timedelta(days=10)
"""Longer than any holidays in a row; a rule that is never open in it is not obeyed by waiting."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOSED_ON_HOLIDAYS = "none"
_UNSURE = "low"


@dataclass(frozen=True, slots=True)
class Hours:
    """A row: from when until when, by the wall clock there, on which days.

    Attributes:
        region: a country, `US`, or a state of it, `US-RI`.
        days: of the week, Monday 0.
        on_holidays: whether those of the region are as other days.
        sure: it holds also for those of whom the state is not known.
    """

    region: str
    days: frozenset[int]
    opens: time
    closes: time
    on_holidays: bool
    sure: bool

    def opening(self, day: date, zone: ZoneInfo) -> datetime:
        """When they begin on this day, in UTC."""
        return datetime.combine(day, self.opens, zone).astimezone(UTC)

    def allow(self, local: datetime) -> bool:
        """Whether it may be at this moment of the wall clock, as far as this row says so."""
        if local.weekday() not in self.days or not self.opens <= local.time() < self.closes:
            return False
        return self.on_holidays or not _is_holiday(self.region, local.date())


@dataclass(frozen=True, slots=True)
class Rules:
    """Every row that holds for one contact. Of one region it is enough that one of its rows allows it."""

    by_region: tuple[tuple[Hours, ...], ...]
    zones: tuple[ZoneInfo, ...]

    def allow(self, moment: datetime) -> bool:
        """Whether a message may reach them now, in whichever of the zones they are."""
        clocks = [moment.astimezone(zone) for zone in self.zones]
        return all(any(hours.allow(local) for hours in rows) for rows in self.by_region for local in clocks)

    def openings(self, after: datetime) -> Iterator[datetime]:
        """The moments at which the answer may change to yes."""
        for zone in self.zones:
            first = after.astimezone(zone).date()
            for ahead in range(LOOKED_AHEAD.days + 1):
                for rows in self.by_region:
                    for hours in rows:
                        yield hours.opening(first + timedelta(days=ahead), zone)


def next_lawful(lives_in: Residence, now: datetime) -> datetime:
    """The first moment from now (aware) on at which a text message may reach them."""
    rules = _rules_for(lives_in)
    if not rules.by_region or rules.allow(now):
        return now
    later = sorted({opening for opening in rules.openings(now) if opening > now})
    return next((opening for opening in later if rules.allow(opening)), now + LOOKED_AHEAD)


@lru_cache(maxsize=1000)
def _rules_for(lives_in: Residence) -> Rules:
    rows = all_hours()
    country = lives_in.country
    if lives_in.state is not None:
        regions = (country, f"{country}-{lives_in.state}")
    else:
        sure = (region for region, hours in rows.items() if all(each.sure for each in hours))
        regions = tuple(region for region in sure if region.partition("-")[0] == country)
    return Rules(
        by_region=tuple(rows[region] for region in regions if region in rows),
        zones=tuple(ZoneInfo(zone) for zone in lives_in.zones),
    )


@lru_cache(maxsize=1)
def all_hours() -> Mapping[str, tuple[Hours, ...]]:
    """Every row of the data, by region."""
    found: dict[str, tuple[Hours, ...]] = {}
    text = (files("activities.delivery") / "hours" / "sms-sending-hours.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        hours = Hours(
            region=row["region"],
            days=_days(row["days"]),
            opens=time.fromisoformat(row["from"]),
            closes=time.fromisoformat(row["to"]),
            on_holidays=row["holidays"] != _CLOSED_ON_HOLIDAYS,
            sure=row["confidence"] != _UNSURE,
        )
        found[hours.region] = (*found.get(hours.region, ()), hours)
    return found


def _days(text: str) -> frozenset[int]:
    """Of `mon-sat` or `sun`."""
    first, _, last = text.partition("-")
    return frozenset(range(_DAYS.index(first), _DAYS.index(last or first) + 1))


def _is_holiday(region: str, day: date) -> bool:
    return day in _holidays(region, day.year)


@lru_cache(maxsize=500)
def _holidays(region: str, year: int) -> frozenset[date]:
    # Imported here: it is large, and few rules ask.
    import holidays

    country, _, state = region.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=state or None, years=year))
