"""Lengths of time as people write them: `2 days`, `90 minutes`, `30 seconds`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_PATTERN = re.compile(r"(\d{1,6})\s+(second|minute|hour|day|week)s?", re.IGNORECASE)

LONGEST_DAYS = 3660
"""Ten years: the longest that anything may be asked to wait."""


def parse_duration(text: object) -> timedelta:
    """Read a length of time.

    Raises:
        ValueError: it is not a whole number and a unit, or longer than ten years.
    """
    if isinstance(text, timedelta):
        return text
    match = _PATTERN.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(
            f"{text!r} is not a length of time: write a whole number and a unit, for example '2 days', "
            "'12 hours' or '1 week'"
        )
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2].lower()])
    if length > timedelta(days=LONGEST_DAYS):
        raise ValueError(f"{text!r} is longer than {LONGEST_DAYS} days, the most there is")
    return length


def format_duration(length: timedelta) -> str:
    """The shortest way to write it: the largest unit that divides it. The inverse of `parse_duration`."""
    seconds = int(length.total_seconds())
    for unit, size in reversed(_UNITS.items()):
        if seconds % size == 0 and seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "0 seconds"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\d{1,6}\s+(second|minute|hour|day|week)s?$", "examples": ["2 days"]}
    ),
]
