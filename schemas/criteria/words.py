"""Criteria as a sentence, always the same for the same criteria: for `check`, `diff` and explanations."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from schemas.criteria.fields import COMPARISONS, FieldType, Operator, field_named
from schemas.criteria.nodes import All, AnyOf, Condition, Node, Not, Value
from schemas.time.durations import format_duration

_BARE = re.compile(r"[^\W\d_][\w-]*")
_TAKEN = frozenset({"and", "or", "not", "true", "false"})
"""Words with a meaning in the sentence; a text that is one of them is put in quotes."""


def say(criteria: Node) -> str:
    """The criteria in words: `product.vendor equals Acme and not (orders.count equals 0)`."""
    match criteria:
        case All(parts):
            return _joined(parts, " and ")
        case AnyOf(parts):
            return _joined(parts, " or ")
        case Not(part):
            return f"not ({say(part)})"
        case Condition():
            return f"{say_comparison(criteria)} {_say_value(criteria)}"
        case _:
            assert_never(criteria)


def say_openly(condition: Condition) -> str:
    """A condition in words, without the value where a person might be recognised by it."""
    field = field_named(condition.field)
    if field is None or field.personal:
        return f"{say_comparison(condition)} …"
    return say(condition)


def say_comparison(condition: Condition) -> str:
    """The field and how it is compared, without the value: `product.vendor equals`."""
    return f"{condition.field} {COMPARISONS[condition.operator].words}"


def _joined(parts: tuple[Node, ...], word: str) -> str:
    match parts:
        case (only,):
            return say(only)
        case _:
            return word.join(f"({said})" if _is_joined(part) else said for part in parts for said in (say(part),))


def _is_joined(part: Node) -> bool:
    match part:
        case All((only,)) | AnyOf((only,)):
            return _is_joined(only)
        case All() | AnyOf():
            return True
        case Not() | Condition():
            return False
        case _:
            assert_never(part)


def _say_value(condition: Condition) -> str:
    field = field_named(condition.field)
    value = condition.value
    match value:
        case tuple() if condition.operator is Operator.BETWEEN:
            return " and ".join(_say_one(each, field and field.type) for each in value)
        case tuple():
            return f"[{', '.join(_say_one(each, field and field.type) for each in value)}]"
        case _:
            return _say_one(value, field and field.type)


def _say_one(value: Value, of: FieldType | None) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value if _BARE.fullmatch(value) and value.lower() not in _TAKEN else repr(value)
        case Decimal():
            written = format(value.normalize() + 0, "f")
            # 19.5 is a price nobody writes.
            return f"{value:.2f}" if of is FieldType.MONEY and value == round(value, 2) else written
        case timedelta():
            return format_duration(value)
        case datetime():
            written = f"{value:%Y-%m-%d %H:%M:%S}"
            if value.tzinfo is None:
                return written.removesuffix(" 00:00:00").removesuffix(":00")
            return f"{written.removesuffix(':00')} UTC"
        case tuple():
            raise AssertionError("a list of lists is never read")
        case _:
            assert_never(value)
