"""Prices, units, availability and times as feeds write them. Pure."""

import re
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from activities.storefronts.feeds.rows import Availability

_CURRENCY = re.compile(r"(?<![A-Za-z])([A-Za-z]{3})(?![A-Za-z])")
_SYMBOLS = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₺": "TRY", "zł": "PLN"}
"""Those of one currency alone; $ and ¥ are of several."""
_NUMBER = re.compile(r"\d[\d.,' \u00a0\u202f]*")
_LARGEST = Decimal(10) ** 14

AVAILABILITY = {
    "instock": Availability.IN_STOCK,
    "limitedavailability": Availability.IN_STOCK,
    "instoreonly": Availability.OUT_OF_STOCK,
    "onlineonly": Availability.IN_STOCK,
    "limitedstock": Availability.IN_STOCK,
    "onhand": Availability.IN_STOCK,
    "outofstock": Availability.OUT_OF_STOCK,
    "soldout": Availability.OUT_OF_STOCK,
    "pending": Availability.OUT_OF_STOCK,
    "reserved": Availability.OUT_OF_STOCK,
    "markassold": Availability.OUT_OF_STOCK,
    "preorder": Availability.TO_ORDER,
    "presale": Availability.TO_ORDER,
    "backorder": Availability.TO_ORDER,
    "madetoorder": Availability.TO_ORDER,
    "availablefororder": Availability.TO_ORDER,
    "discontinued": Availability.DISCONTINUED,
}
"""Google's, Meta's and schema.org's words, without what they are written with: in_stock, "in stock", InStock.

https://support.google.com/merchants/answer/6324448, https://developers.facebook.com/docs/commerce-platform/catalog/fields,
https://schema.org/ItemAvailability
"""


@lru_cache(1024)
def read_availability(text: str) -> Availability:
    """
    Raises:
        ValueError: it is none of the words.
    """
    word = re.sub(r"[^a-z]", "", text.strip().rstrip("/").rpartition("/")[2].lower())
    if (found := AVAILABILITY.get(word)) is None:
        raise ValueError("it is none of the words that are known: in stock, out of stock, preorder, backorder, …")
    return found


def read_price(value: object) -> tuple[Decimal, str | None]:
    """A price, and its currency where it is told: 9.99, "9.99 EUR", "9,99 €", "EUR 1.299,00".

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("it is no price: write one like 9.99 EUR")
    return _price(str(value).strip())


@lru_cache(4096)  # Of a million things very many cost the same.
def _price(text: str) -> tuple[Decimal, str | None]:
    codes = {match.upper() for match in _CURRENCY.findall(text)}
    codes |= {code for symbol, code in _SYMBOLS.items() if symbol in text}
    numbers = _NUMBER.findall(text) if len(text) <= 100 else []
    if len(numbers) != 1 or len(codes) > 1 or re.search(r"-\s*\d", text):
        raise ValueError("it is no price: write one like 9.99 EUR")
    return _number(numbers[0]), next(iter(codes), None)


def _number(text: str) -> Decimal:
    """Of several kinds of separator the last one is the decimal one; a single comma is, but before three digits."""
    digits = re.sub(r"[' \u00a0\u202f]", "", text).rstrip(".,")
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        thousands, decimal = (",", ".") if point > comma else (".", ",")
        digits = digits.replace(thousands, "").replace(decimal, ".")
    elif digits.count(",") == 1 and len(digits) - comma - 1 != 3:
        digits = digits.replace(",", ".")
    elif re.fullmatch(r"\d{1,3}(,\d{3})+|\d{1,3}(\.\d{3}){2,}", digits):
        digits = digits.replace(",", "").replace(".", "")
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise ValueError("it is no price: write one like 9.99 EUR") from None
    if number >= _LARGEST:
        raise ValueError("it is larger than any price")
    return number.quantize(Decimal("0.0001")).normalize() + Decimal(0)


def read_units(value: object) -> int:
    """Units; a part of one cannot be sold, so 2.5 are 2.

    Raises:
        ValueError: it is no number of units.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("it is no number of units: write one such as 3")
    if isinstance(value, int) and abs(value) < 2**31:
        return value
    try:
        number = Decimal(str(value).strip())
        units = int(number.to_integral_value("ROUND_FLOOR")) if number.adjusted() < 20 else None
    except (InvalidOperation, ValueError, OverflowError):
        units = None
    if units is None or not -(2**31) <= units < 2**31:
        raise ValueError("it is no number of units: write one such as 3")
    return units


_DAY = r"(\d{4})-(\d{1,2})-(\d{1,2})"
_MOMENT = re.compile(_DAY + r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(?:(Z)|([+-])(\d{1,2}):?(\d{2}))?)?")
_FURTHEST = timedelta(hours=14)
"""From UTC, of any time zone."""
_END_OF_DAY = time(23, 59, 59)


def read_period(text: str) -> tuple[datetime, datetime]:
    """When a sale begins and ends: two moments of ISO 8601 with a slash between. Without a zone they are in UTC.

    https://support.google.com/merchants/answer/6324460. Meta's own template writes the hours of a day where the zone
    belongs (2017-12-01T0:00-23:59): then the first is meant of the beginning, and the second of the end.

    Raises:
        ValueError: it is none.
    """
    begins, slash, ends = text.strip().partition("/")
    if not slash:
        raise ValueError("it is no period: write one like 2026-11-29T13:00+01:00/2026-12-01T15:30+01:00")
    return _moment(begins, end=False), _moment(ends, end=True)


def _moment(text: str, *, end: bool) -> datetime:
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError("it is no period: write one like 2026-11-29T13:00+01:00/2026-12-01T15:30+01:00")
    year, month, day, hour, minute, second, _, sign, zone_hours, zone_minutes = match.groups()
    try:
        at = time(int(hour), int(minute), int(second or 0)) if hour else _END_OF_DAY if end else time()
        zone = UTC
        if sign:
            offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
            if offset <= _FURTHEST:
                zone = timezone(offset if sign == "+" else -offset)
            elif end:
                at = time(int(zone_hours), int(zone_minutes))
        # In UTC at once: so near the ends of the calendar it is out of range here, and not where it is compared.
        return datetime(int(year), int(month), int(day), at.hour, at.minute, at.second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("it names a time that does not exist") from None
