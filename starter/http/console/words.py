"""What the console says, in English and German: `words/LANGUAGE/PART.yaml`, kept apart from the pages.

A template says `t("contacts.title")`, which is `title` of `contacts.yaml`. What a service says (a mistake in a
conversation) is English, as it is everywhere.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, TypeGuard, cast
from zoneinfo import ZoneInfo

import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta, get_day_names
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent
from babel.units import format_unit

from schemas.time.durations import format_duration

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""By their own names, as they are offered."""
FIRST = "en"
SOON = timedelta(days=6)
"""How far from now a moment may be to be said as `3 hours ago`; farther, its day says more."""


@cache
def words_of(language: str) -> Mapping[str, str]:
    """Everything that is said in a language, by part and name: `contacts.title`."""
    folder = files("starter.http.console").joinpath("words", language)
    said: dict[str, str] = {}
    for file in folder.iterdir():
        part = file.name.removesuffix(".yaml")
        of_part = cast("dict[str, Any]", yaml.safe_load(file.read_text(encoding="utf-8")))
        said |= {f"{part}.{name}": str(text) for name, text in of_part.items()}
    return said


class Words:
    """The words of one language, and how numbers and moments are written in it.

    Args:
        zone: the time zone that moments are shown in.
    """

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self._locale = Locale.parse(language if language != "en" else "en_GB")
        self._words = words_of(language)

    def __call__(self, name: str, /, **values: object) -> str:
        """What is said under a name. `{count}` chooses between `name` and `name_one`, where there is that.

        Raises:
            KeyError: nothing is said under it.
        """
        if values.get("count") == 1 and f"{name}_one" in self._words:
            name = f"{name}_one"
        shown = {key: self.number(value) if _is_number(value) else value for key, value in values.items()}
        return self._words[name].format(**shown)

    def has(self, name: str) -> bool:
        """Whether something is said under a name."""
        return name in self._words

    def language_name(self, tag: str) -> str:
        """What a language is called: `German` for `de`; the tag of one that is not known."""
        try:
            return Locale.parse(tag, sep="-").get_display_name(self._locale) or tag
        except (ValueError, UnknownLocaleError):
            return tag

    def number(self, value: float | Decimal) -> str:
        """As `12,345`."""
        return str(format_decimal(value, locale=self._locale))

    def short_number(self, value: float) -> str:
        """As `12K`, where there is little room."""
        return str(format_compact_decimal(value, locale=self._locale, fraction_digits=1 if value >= 1000 else 0))

    def share(self, value: float) -> str:
        """As `12.5 %`; 1 is all."""
        return str(format_percent(round(value, 3), locale=self._locale, decimal_quantization=False))

    def money(self, amount: Decimal, currency: str) -> str:
        """As `€1,200.50`."""
        return str(format_currency(amount, currency, locale=self._locale))

    def moment(self, at: datetime) -> str:
        """As `12 Jan 2027, 14:05`, in the reader's time zone."""
        return str(format_datetime(at.astimezone(self.zone), "d MMM y, HH:mm", locale=self._locale))

    def exact(self, at: datetime) -> str:
        """To the second, with the name of the time zone, for whoever wants to know exactly."""
        return str(format_datetime(at.astimezone(self.zone), "d MMMM y, HH:mm:ss zzz", locale=self._locale))

    def day(self, of: date) -> str:
        """As `12 Jan 2027`."""
        return str(format_date(of, "d MMM y", locale=self._locale))

    def weekday(self, number: int) -> str:
        """The name of a day of the week; 0 is Monday."""
        return str(get_day_names("wide", locale=self._locale)[number])

    def short_day(self, at: date) -> str:
        """As `12 Jan`, where there is little room."""
        day = at.astimezone(self.zone) if isinstance(at, datetime) else at
        return str(format_date(day, "d MMM", locale=self._locale))

    def when(self, at: datetime, now: datetime | None = None) -> str:
        """As `3 hours ago` or `in 2 days` where that is near, else as `moment`."""
        away = at - (now or datetime.now(UTC))
        if abs(away) >= SOON:
            return self.moment(at)
        return str(format_timedelta(away, add_direction=True, locale=self._locale, granularity="second"))

    def seconds(self, number: float) -> str:
        """As `0.8 s`, or `3 hours` where that says more."""
        if number >= 120:
            return self.lasting(timedelta(seconds=number))
        return f"{format_decimal(round(number, 1 if number < 10 else 0), locale=self._locale)} s"

    def length(self, of: timedelta) -> str:
        """As `180 days`: exactly, in the largest unit that it is a whole number of."""
        count, unit = format_duration(of).split()
        return str(format_unit(int(count), f"duration-{unit.removesuffix('s')}", locale=self._locale))

    def lasting(self, length: timedelta) -> str:
        """As `3 hours`."""
        return str(format_timedelta(length, locale=self._locale, threshold=1.2))


def _is_number(value: object) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def language_of(accepted: str | None) -> str:
    """The language that a browser asks for (its header Accept-Language), of those there are."""
    for part in (accepted or "")[:200].split(","):
        language = part.partition(";")[0].strip().partition("-")[0].lower()
        if language in LANGUAGES:
            return language
    return FIRST
