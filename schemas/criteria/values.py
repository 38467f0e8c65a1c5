"""Reads and writes what a fact is compared with. Each error says what is wrong and what to write instead."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias, assert_never, cast

from schemas.criteria.fields import COMPARISONS, FieldType, Operator, Takes
from schemas.criteria.nodes import Scalar, Value
from schemas.time.durations import format_duration, parse_duration

LONGEST_TEXT = 500
"""Characters; twice the longest title a storefront takes."""
LONGEST_LIST = 200
"""Values of one `in`; more than that is a collection or a tag."""
_DIGITS = 15
"""Significant digits of a number: as many as survive a JSON number unchanged."""
_DECIMALS = 6
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
MOMENT_PATTERN = r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2}))?"
_MOMENT = re.compile(MOMENT_PATTERN)

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
"""A value as JSON and YAML have it."""


@dataclass(frozen=True, slots=True)
class BadPart:
    """A value, or one value of a list, that is not what the operator takes.

    Attributes:
        at: the position in the list; empty for the value itself.
    """

    message: str
    advice: str
    at: tuple[int, ...] = ()


class BadValue(Exception):
    """The value of a condition cannot be used; the document's author corrects each of `parts`."""

    def __init__(self, *parts: BadPart) -> None:
        super().__init__("; ".join(f"{part.message}. {part.advice}" for part in parts))
        self.parts = parts


def read_value(of: FieldType, operator: Operator, value: object) -> Value:
    """What a fact of this type is compared with.

    Raises:
        BadValue: it is not what this operator takes.
    """
    match COMPARISONS[operator].takes:
        case Takes.VALUE:
            return _read_scalar(of, operator, value)
        case Takes.LIST:
            return _read_list(of, operator, value)
        case Takes.PAIR:
            return _read_pair(of, operator, value)
        case Takes.LENGTH:
            return _read_length(value)
        case Takes.MOMENT:
            return _read_moment(value)
        case _ as never:
            assert_never(never)


def write_value(value: Value) -> Plain:
    """The inverse of `read_value`: the shortest form that is read back the same."""
    match value:
        case bool() | str():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case timedelta():
            return format_duration(value)
        case datetime():
            zone = "" if value.tzinfo is None else "Z"
            return value.strftime(f"%Y-%m-%dT%H:%M:%S{zone}").removesuffix("T00:00:00")
        case tuple():
            return [write_value(each) for each in value]
        case _:
            assert_never(value)


def shown(value: object) -> str:
    """A value in an error message: one short line, whatever it is."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a group of fields"
        case list() | tuple():
            return "a list"
        case str():
            text = repr(value[:81])
        case int() if abs(value) >= 10**80:
            # Python refuses to write out thousands of digits.
            return "a very large number"
        case _:
            text = str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _read_scalar(of: FieldType, operator: Operator, value: object) -> Scalar:
    match of:
        case FieldType.TEXT | FieldType.ID | FieldType.TEXTS:
            return _read_text(value)
        case FieldType.COUNT:
            return _read_count(value)
        case FieldType.MONEY:
            return _read_amount(value)
        case FieldType.BOOLEAN:
            return _read_boolean(value)
        case FieldType.ATTRIBUTE:
            return _read_attribute(operator, value)
        case FieldType.MOMENT:
            raise AssertionError(f"no operator compares a moment with a value, {operator} neither")
        case _:
            assert_never(of)


def _read_text(value: object) -> str:
    match value:
        case str() if not value.strip():
            raise _bad("the text is empty", "Write what it is to be compared with")
        case str() if len(value) > LONGEST_TEXT:
            raise _bad(f"the text is longer than {LONGEST_TEXT} characters", "Shorten it")
        case str() if "\0" in value or value.encode(errors="replace").decode() != value:
            raise _bad("there is a character here that no text has", "Remove it")
        case str():
            return value
        case bool() | int() | float():
            raise _bad(f"this is compared with a text, but here is {shown(value)}", "Put it in quotes")
        case _:
            raise _bad(f"this is compared with a text, but here is {shown(value)}", "Write one text")


def _read_number(value: object, what: str, advice: str) -> Decimal:
    match value:
        case bool():
            number = None
        case int() if abs(value) < 10**_DIGITS:
            number = Decimal(value)
        case float() if math.isfinite(value):
            number = Decimal(repr(value))
        case Decimal() if value.is_finite():
            number = value
        case _:
            number = None
    if number is None:
        raise _bad(f"this is compared with {what}, but here is {shown(value)}", advice)
    _, digits, exponent = number.normalize().as_tuple()
    if len(digits) > _DIGITS or number.adjusted() >= _DIGITS or int(exponent) < -_DECIMALS:
        raise _bad(f"{shown(value)} has too many digits", f"Write at most {_DIGITS}, {_DECIMALS} after the point")
    return number


def _read_count(value: object) -> Decimal:
    advice = "Write digits only, without quotes, for example 2"
    number = _read_number(value, "a whole number", advice)
    if number < 0 or number != number.to_integral_value():
        raise _bad(f"this is compared with a whole number, but here is {shown(value)}", advice)
    return number


def _read_amount(value: object) -> Decimal:
    # Programs write money as text, so that no digit is lost.
    written = Decimal(value) if isinstance(value, str) and _AMOUNT.fullmatch(value) else value
    number = _read_number(written, "an amount of money", "Write digits and a point, without a currency, like 20.00")
    if number < 0:
        raise _bad(f"an amount of money is never below zero, but here is {shown(value)}", "Write 0 or more")
    return number


def _read_boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _bad(f"this is compared with true or false, but here is {shown(value)}", "Write true or false")


_ONLY_NUMBERS = frozenset(FieldType.COUNT.operators) - frozenset(FieldType.TEXT.operators)


def _read_attribute(operator: Operator, value: object) -> Scalar:
    match value:
        case _ if operator in _ONLY_NUMBERS:
            return _read_number(value, "a number", "Write digits only, without quotes, for example 2 or 38.5")
        case str():
            return _read_text(value)
        case _ if operator is Operator.CONTAINS:
            return _read_text(value)
        case bool():
            return value
        case int() | float():
            return _read_number(value, "a number", "Write an ordinary number, for example 2 or 38.5")
        case _:
            message = f"this is compared with a text, a number, true or false, but here is {shown(value)}"
            raise _bad(message, "Write one value")


def _read_list(of: FieldType, operator: Operator, value: object) -> tuple[Scalar, ...]:
    if not isinstance(value, list | tuple):
        raise _bad(f"'{operator}' takes a list, but here is {shown(value)}", "Write it like [first, second]")
    items = cast("list[object] | tuple[object, ...]", value)
    if not items:
        raise _bad("the list is empty", "Write at least one value")
    if len(items) > LONGEST_LIST:
        raise _bad(f"the list has more than {LONGEST_LIST} values", "Use a collection or a tag instead")
    return _read_items(of, operator, items)


def _read_pair(of: FieldType, operator: Operator, value: object) -> tuple[Scalar, ...]:
    items = cast("list[object] | tuple[object, ...]", value) if isinstance(value, list | tuple) else ()
    if len(items) != 2:
        raise _bad("'between' takes two numbers", "Write the lower one first, like [10, 20]")
    low, high = _read_items(of, operator, items)
    if isinstance(low, Decimal) and isinstance(high, Decimal) and low > high:
        raise _bad(f"nothing lies between {shown(low)} and {shown(high)}", "Write the lower one first")
    return low, high


def _read_items(of: FieldType, operator: Operator, items: Sequence[object]) -> tuple[Scalar, ...]:
    read: list[Scalar] = []
    bad: list[BadPart] = []
    for index, item in enumerate(items):
        try:
            read.append(_read_scalar(of, operator, item))
        except BadValue as error:
            bad += [BadPart(part.message, part.advice, (index,)) for part in error.parts]
    if bad:
        raise BadValue(*bad)
    return tuple(read)


def _read_length(value: object) -> timedelta:
    try:
        if not isinstance(value, str):
            raise ValueError
        length = parse_duration(value)
    except ValueError:
        message = f"this is compared with a length of time of at most ten years, but here is {shown(value)}"
        raise _bad(message, "Write a whole number and a unit, for example 30 days or 12 hours") from None
    if length <= timedelta(0):
        raise _bad("nothing happens within no time", "Write a length of time, for example 30 days")
    return length


def _read_moment(value: object) -> datetime:
    """A moment in UTC; without a zone where none was written, for then it is meant by the list's clock."""
    try:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise ValueError
        written = datetime.fromisoformat(value)
        moment = written.astimezone(UTC) if written.tzinfo else written
        if moment.tzinfo and not _MOMENT.fullmatch(moment.isoformat()):
            raise ValueError
    except ValueError:
        message = f"this is compared with a date or a moment, but here is {shown(value)}"
        raise _bad(message, "Write a date like 2026-05-01, or a moment like 2026-05-01T08:00:00+02:00") from None
    return moment


def _bad(message: str, advice: str) -> BadValue:
    return BadValue(BadPart(message, advice))
