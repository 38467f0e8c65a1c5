"""When a contact signed up, as files write it: ISO 8601, Unix time, month names, and dates such as 05/06/2024.

Rules: a date that can be read in two ways is read in the order that the whole column shows, or else that the caller
names, never in the likelier one: the place in line hangs on it.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from starter.waitlists.files.cells import Diagnostic
from starter.waitlists.files.columns import EMPTY_WORDS, plain_name


class DateOrder(StrEnum):
    """How `05/06/2024` is meant."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


_TIME = (
    r"(?:(?:T|,? )(?:at )?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?)?"
    r"(?: ?(?P<zone>Z|UTC|GMT|[ECMP][SD]T|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?)(?: \([^()]*\))?)?"
)
_FLAGS = re.ASCII | re.IGNORECASE
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _TIME, _FLAGS)
_YEAR_LAST = re.compile(
    r"(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})" + _TIME, _FLAGS
)
_NAMED_MONTH = re.compile(
    r"(?:[a-z]{3,9},? )?(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?[ -](?P<month>[a-z]{3,9})"
    r"|(?P<month_before>[a-z]{3,9})\.? (?P<day_after>\d{1,2})(?:st|nd|rd|th)?),?[ -](?P<year>\d{4})" + _TIME,
    _FLAGS,
)
_UNIX = re.compile(r"(\d{9,10})(?:\.\d+)?|(\d{12,13})", re.ASCII)
_SPREADSHEET_NUMBER = re.compile(r"\d{5}(?:[.,]\d+)?|\d(?:[.,]\d*)?e\+\d+", _FLAGS)
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_NAMED_ZONES = MappingProxyType(
    {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
)
"""Hours from UTC, as RFC 5322 defines these names."""
_LONGEST_MOMENT = 100
_YEARS = range(2000, 2100)
"""No waiting list is older; years outside are day numbers and zeros of other systems."""

_NO_MOMENT = Diagnostic("There is no time of sign-up.", "Put it in: it decides the place in line.")
_NOT_A_MOMENT = Diagnostic(
    "This is not a date and time that can be read for certain.",
    "Write it as 2024-05-13 10:00:00, with the offset where you know it: 2024-05-13 10:00:00 -0400.",
)
_ROUNDED_MOMENT = Diagnostic(
    "This is a spreadsheet's number for a date, not a date.",
    "Format the column as yyyy-mm-dd hh:mm:ss and export again, or import the file as it was before the spreadsheet.",
)
_NOT_A_YEAR = Diagnostic("This year cannot be right for a sign-up.", "Correct the date, or delete the row.")
_AMBIGUOUS = Diagnostic(
    "This date can be read with the day or the month first, and the column does not settle which.",
    "Say which with --dates day-first or --dates month-first.",
)
_WRONG_ORDER = Diagnostic(
    "This date does not exist in the order of day and month that was asked for.",
    "Leave --dates out, or correct the cell.",
)


def date_order(cells: Iterable[str]) -> DateOrder | None:
    """Whether a column writes the day or the month first; None when nothing in it tells, or both occur."""
    seen: set[DateOrder] = set()
    for cell in cells:
        parts = _YEAR_LAST.fullmatch(_one_line(cell))
        if parts and parts["mark"] != "." and (order := _own_order(parts)):
            seen.add(order)
            if len(seen) > 1:
                return None
    return next(iter(seen), None)


def read_moment(cell: str, order: DateOrder | None, zone: tzinfo) -> datetime | Diagnostic:
    """A moment in UTC. `order` for dates such as 05/06/2024, `zone` for those that name none."""
    text = _one_line(cell).removeprefix("'")
    if plain_name(text) in EMPTY_WORDS:
        return _NO_MOMENT
    if unix := _UNIX.fullmatch(text):
        moment = datetime.fromtimestamp(float(text) if unix[1] else int(text) / 1000, UTC)
        return moment if moment.year in _YEARS else _NOT_A_YEAR
    if _SPREADSHEET_NUMBER.fullmatch(text):
        return _ROUNDED_MOMENT
    if parts := _YEAR_FIRST.fullmatch(text):
        return _moment(parts, int(parts["month"]), int(parts["day"]), zone)
    if parts := _NAMED_MONTH.fullmatch(text):
        name = (parts["month"] or parts["month_before"]).lower()
        month = next((number for number, full in enumerate(_MONTHS, 1) if full.startswith(name)), 0)
        return _moment(parts, month, int(parts["day"] or parts["day_after"]), zone)
    if parts := _YEAR_LAST.fullmatch(text):
        return _read_year_last(parts, order, zone)
    return _NOT_A_MOMENT


def _read_year_last(parts: re.Match[str], order: DateOrder | None, zone: tzinfo) -> datetime | Diagnostic:
    one, two = int(parts["one"]), int(parts["two"])
    if not (0 < one <= 31 and 0 < two <= 31 and min(one, two) <= 12):
        return _NOT_A_MOMENT
    own = _own_order(parts)
    if own and order and own is not order and parts["mark"] != ".":
        return _WRONG_ORDER
    meant = own or order or (DateOrder.DAY_FIRST if one == two else None)
    match meant:
        case DateOrder.DAY_FIRST:
            return _moment(parts, two, one, zone)
        case DateOrder.MONTH_FIRST:
            return _moment(parts, one, two, zone)
        case None:
            return _AMBIGUOUS
        case _:
            assert_never(meant)


def _own_order(parts: re.Match[str]) -> DateOrder | None:
    """The order that one date shows by itself; dots are only ever written with the day first.

    A year of two digits shows less: 24/05/13 may begin with the year.
    """
    one, two = int(parts["one"]), int(parts["two"])
    if two > 12 >= one and parts["mark"] != ".":
        return DateOrder.MONTH_FIRST
    if len(parts["year"]) == 4 and (parts["mark"] == "." or one > 12 >= two):
        return DateOrder.DAY_FIRST
    return None


def _one_line(cell: str) -> str:
    """The cell with its blanks made plain; one that is too long for a moment is read as nothing that fits."""
    return " ".join(cell.split()) if len(cell) <= _LONGEST_MOMENT else "too long"


def _moment(parts: re.Match[str], month: int, day: int, zone: tzinfo) -> datetime | Diagnostic:
    year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
    hour = int(parts["hour"] or 0)
    if parts["half"]:
        if not 1 <= hour <= 12:
            return _NOT_A_MOMENT
        hour = hour % 12 + (12 if parts["half"] in "pP" else 0)
    microsecond = int((parts["fraction"] or "")[:6].ljust(6, "0"))
    minute, second = int(parts["minute"] or 0), int(parts["second"] or 0)
    try:
        moment = datetime(year, month, day, hour, minute, second, microsecond, _zone(parts["zone"]) or zone)
    except ValueError:
        return _NOT_A_MOMENT
    return moment.astimezone(UTC) if year in _YEARS else _NOT_A_YEAR


def _zone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    name = name.upper()
    if name in _NAMED_ZONES:
        return timezone(timedelta(hours=_NAMED_ZONES[name]))
    offset = name.removeprefix("UTC").removeprefix("GMT").removeprefix("Z").replace(":", "")
    if not offset:
        return UTC
    length = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:] or 0))
    return timezone(-length if offset[0] == "-" else length)
