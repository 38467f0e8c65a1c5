"""Amounts, numbers and dates as people of a language write them: the filters `money`, `number` and `date`.

What is formatted is kept for a while, for a thousand messages about one product say the same price.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

import jinja2
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

DATE_STYLES = ("short", "medium", "long", "full")
"""How much of a date is said: 03/12/2026 up to Thursday, 3 December 2026."""
USUAL_DATE_STYLE = "long"
CURRENCY = re.compile("[A-Z]{3}")
MOST_DECIMALS = 6
_LARGEST_EXPONENT = 18
"""Of numbers that are shown; one from an event may have a million digits."""
_KEPT = 4096
_ABUTS = re.compile(r"(?<=[^\W\d_])(?=\d)")
"""Between the letters of a currency and its amount: CHF 49.00 (CLDR's currencySpacing, which Babel leaves out)."""


@dataclass(frozen=True, slots=True)
class Formats:
    """How one message writes numbers and dates.

    Attributes:
        language: a tag that `find_language` gave.
        currency: of the store; None: not known.
        time_zone: in which a moment has its date.
    """

    language: str
    currency: str | None
    time_zone: str


IN_TEMPLATES = "formats "
"""The name of a message's `Formats` among the names of its template; one that no template can write."""


@jinja2.pass_context
def money(context: jinja2.runtime.Context, value: object, currency: object = None) -> object:
    """An amount with its currency, the store's if none is given: €12.50, 12,50 €. Without any, as a number."""
    formats = _formats(context)
    if isinstance(value, jinja2.Undefined):
        return value
    code = currency if isinstance(currency, str) and currency else formats.currency
    if code is None:
        return _number(str(_decimal(value)), 2, formats.language)
    if CURRENCY.fullmatch(code) is None:
        raise ValueError("a currency is three capital letters")
    return _money(_decimal(value), code, formats.language)


@jinja2.pass_context
def number(context: jinja2.runtime.Context, value: object, decimals: object = None) -> object:
    """A number: 1,234.5, 1.234,5. With so many decimals, or those that it has."""
    if isinstance(value, jinja2.Undefined):
        return value
    places = decimals if isinstance(decimals, int) and 0 <= decimals <= MOST_DECIMALS else None
    return _number(str(_decimal(value)), places, _formats(context).language)


@jinja2.pass_context
def date_(context: jinja2.runtime.Context, value: object, style: object = USUAL_DATE_STYLE) -> object:
    """The date of a moment, or of a text such as 2026-12-24: December 24, 2026."""
    formats = _formats(context)
    if isinstance(value, jinja2.Undefined):
        return value
    if style not in DATE_STYLES:
        raise ValueError("there is no such style of date")
    return _date(_day(value, formats.time_zone), str(style), formats.language)


FORMATTERS: Mapping[str, Callable[..., object]] = {"date": date_, "money": money, "number": number}
"""The filters by their names in templates. A value that is absent stays so."""


def _formats(context: jinja2.runtime.Context) -> Formats:
    found = context[IN_TEMPLATES]
    assert isinstance(found, Formats)
    return found


def _decimal(value: object) -> Decimal:
    """Raises ValueError or ArithmeticError for what is no number of a size that people write."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError("not a number")
    found = Decimal(str(value).strip())
    if not found.is_finite() or abs(found.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("not a number that people write")
    return found


def _day(value: object, time_zone: str) -> date:
    """Raises ValueError for what is no date."""
    match value:
        case str():
            value = datetime.fromisoformat(value.strip())
        case datetime() | date():
            pass
        case _:
            raise ValueError("not a date")
    if not isinstance(value, datetime):
        return value
    return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(time_zone)).date()


@lru_cache(maxsize=256)
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


@lru_cache(maxsize=_KEPT)
def _money(amount: Decimal, currency: str, language: str) -> str:
    return _ABUTS.sub("\xa0", format_currency(amount, currency, locale=_locale(language)))


@lru_cache(maxsize=_KEPT)
def _number(written: str, decimals: int | None, language: str) -> str:
    """Kept by how it is written: 12.5 and 12.50 are equal, and read differently."""
    amount = Decimal(written)
    if decimals is None:
        return format_decimal(amount, locale=_locale(language), decimal_quantization=False)
    shown = amount.quantize(Decimal(1).scaleb(-decimals))
    pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
    return format_decimal(shown, format=pattern, locale=_locale(language))


@lru_cache(maxsize=_KEPT)
def _date(day: date, style: str, language: str) -> str:
    return format_date(day, format=style, locale=_locale(language))
