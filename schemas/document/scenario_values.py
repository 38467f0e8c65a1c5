"""The values that scenarios are written in: moments by the clock of the list, counts, prices and texts."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

MOST_NAMES = 50
"""Tags, lists or collections of one contact or product."""
ENTERS = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - a wall-clock time, of whichever zone the list has
"""A Monday, 09:00: the default of a scenario. Fixed, so that its result is the same every day."""

_MOMENT = re.compile(r"(2[01]\d\d-\d\d-\d\d)[ T](\d\d:\d\d)")


def parse_moment(text: object) -> datetime:
    """Read '2026-03-02 09:00', a wall-clock time.

    Raises:
        ValueError: it is not one.
    """
    if isinstance(text, datetime):
        return text
    match = _MOMENT.fullmatch(text.strip()) if isinstance(text, str) else None
    try:
        if match is not None:
            return datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not a date and time: write it like '2026-03-02 09:00'")


def format_moment(moment: datetime) -> str:
    """The inverse of `parse_moment`."""
    return f"{moment:%Y-%m-%d %H:%M}"


Moment = Annotated[
    datetime,
    BeforeValidator(parse_moment),
    PlainSerializer(format_moment, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^2[01]\d\d-\d\d-\d\d[ T]\d\d:\d\d$",
            "examples": [format_moment(ENTERS)],
        }
    ),
]
"""A wall-clock time by the list's clock: naive."""

Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Price = Annotated[Decimal, Field(ge=0, le=1_000_000_000), WithJsonSchema({"type": ["number", "string"]})]
"""In the shop's currency."""
YesNo = Annotated[bool, Field(strict=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
