"""Moments on the calendar as people write them, `monday 09:00` or `2026-12-24`, and when the next one is.

Pure, apart from the time zones' rules, which come from the zone database that is installed. What goes by the wall clock
and what by hours that pass is decided here once: a moment is a wall-clock time of its zone, whatever daylight saving
does.
"""

import datetime as dt
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from schemas.model import Wire

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""As `date.weekday()` counts them, from 0."""

FIRST_YEAR, LAST_YEAR = 2000, 2199
"""Years that a date may be in: others are typing errors, and this is far from the limits of a datetime."""

_GROUPS = {"weekday": range(5), "weekend": range(5, 7)}
_NAMES = {name: (number,) for number, name in enumerate(WEEKDAYS)} | {name: tuple(g) for name, g in _GROUPS.items()}

_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_DATE = r"\d{4}-\d{2}-\d{2}"
_DAY = f"(?:{'|'.join(_NAMES)})"
_DAYS = rf"{_DAY}(?:\s*,\s*{_DAY})*"
_MOMENT = rf"(?:{_CLOCK}|(?:{_DATE}|{_DAYS})(?:\s+{_CLOCK})?)"
_PATTERN = re.compile(
    rf"(?=\S)(?:(?P<date>{_DATE})|(?P<days>{_DAYS}))?(?:(?:^|\s+)(?P<clock>{_CLOCK}))?", re.IGNORECASE | re.ASCII
)

_ADVICE = (
    "write a time of day like '09:00', weekdays like 'monday', 'monday, thursday 09:00', 'weekday 09:00' or "
    "'weekend 10:00', or a date like '2026-12-24' or '2026-12-24 09:00'"
)


class Until(Wire):
    """A time of day, on some weekdays, on one date, or on any day. The time zone is given elsewhere.

    Attributes:
        weekdays: 0 is Monday, 6 is Sunday; ascending. Empty: any day, or `date`.
        date: this day only, and then no `weekdays`.
        at: local time of day, in whole minutes and without a zone; the start of the day when left out.
    """

    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = ()
    date: dt.date | None = None
    at: dt.time = dt.time()

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if self.weekdays and self.date is not None:
            raise ValueError("weekdays and a date are two different things to wait for: say one of them")
        if list(self.weekdays) != sorted(set(self.weekdays)):
            raise ValueError("weekdays are written in their order and once each")
        if self.date is not None and not FIRST_YEAR <= self.date.year <= LAST_YEAR:
            raise ValueError(f"the year {self.date.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
        if self.at.tzinfo is not None or self.at.second or self.at.microsecond:
            raise ValueError("a time of day is in whole minutes and without a time zone")
        return self


def parse_until(text: object) -> Until:
    """Read a moment on the calendar. Upper and lower case are the same.

    Raises:
        ValueError: it is not a time of day, weekdays or a date, or names a day that the calendar does not have.
    """
    if isinstance(text, Until):
        return text
    match = _PATTERN.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a moment to wait for: {_ADVICE}")
    at = dt.time.fromisoformat(match["clock"]) if match["clock"] else dt.time()
    if match["date"]:
        return Until(date=_read_date(match["date"]), at=at)
    names = (name.strip().lower() for name in (match["days"] or "").split(",") if name)
    return Until(weekdays=tuple(sorted({number for name in names for number in _NAMES[name]})), at=at)


def format_until(until: Until) -> str:
    """The plainest way to write it. The inverse of `parse_until`."""
    clock = until.at.strftime("%H:%M")
    if until.date is not None:
        days = until.date.isoformat()
    elif until.weekdays:
        group = next((name for name, numbers in _GROUPS.items() if tuple(numbers) == until.weekdays), None)
        days = group or ", ".join(WEEKDAYS[number] for number in until.weekdays)
    else:
        return clock
    return days if until.at == dt.time() else f"{days} {clock}"


UntilText = Annotated[
    Until,
    BeforeValidator(parse_until),
    PlainSerializer(format_until, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_MOMENT}$",
            "examples": ["09:00", "monday 09:00", "weekday 09:00", "2026-12-24", "2026-12-24 09:00"],
        }
    ),
]
"""A moment as written in a document; an `Until` inside."""


def next_moment(until: Until, after: datetime, zone: str) -> datetime:
    """The first moment that `until` names strictly after `after`; for a date that is over, `after` itself: no waiting.

    By the wall clock of the zone. A time that a day does not have, for the clock is put forward over it, is the first
    moment after that gap. A time that a day has twice is the first of the two, or the second if the first has passed.

    Args:
        after: aware.
        zone: an IANA name that is known here, such as 'Europe/Berlin'.

    Returns:
        Aware, in UTC.

    Raises:
        ZoneInfoNotFoundError, ValueError: `zone` is not one.
    """
    zone_info, after = ZoneInfo(zone), after.astimezone(UTC)
    found = [moment for day in _days(until, after, zone_info) for moment in _moments(day, until.at, zone_info)]
    return min((moment for moment in found if moment > after), default=after)


def _read_date(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a day of the calendar: write year, month and day, like '2026-12-24'"
        ) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(
            f"{text!r} is not between {FIRST_YEAR} and {LAST_YEAR}: write the year in full, like '2026-12-24'"
        )
    return day


def _days(until: Until, after: datetime, zone: ZoneInfo) -> Iterator[dt.date]:
    """The days among whose moments the next one is."""
    if until.date is not None:
        yield until.date
        return
    today = after.astimezone(zone).date()
    # From yesterday, for a gap before midnight moves yesterday's moment into today; to this day of next week, when
    # today is the only weekday and its time has passed.
    for offset in range(-1, 8):
        day = today + timedelta(days=offset)
        if not until.weekdays or day.weekday() in until.weekdays:
            yield day


def _moments(day: dt.date, at: dt.time, zone: ZoneInfo) -> Iterator[datetime]:
    """When the zone's clock shows that time on that day: once, or twice; in a gap, the first moment after it."""
    wall = datetime.combine(day, at)
    # By the offset before a change and by the one after it; the same where nothing changes.
    by_old, by_new = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if by_old <= by_new:
        yield by_old
        yield by_new
        return
    # A gap: read by the new offset the time lies before the change, by the old one after it. The change is between.
    offset_before = by_new.astimezone(zone).utcoffset()
    before, changed = by_new, by_old
    while changed - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(changed - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset_before:
            before = middle
        else:
            changed = middle
    yield changed
