"""What criteria are once they are read: conditions, joined by all, any and not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias, assert_never

from schemas.criteria.fields import Operator

Scalar: TypeAlias = str | bool | Decimal
Value: TypeAlias = Scalar | timedelta | datetime | tuple[Scalar, ...]
"""What a fact is compared with. Text as it was written, moments aware and in UTC, `between` two numbers, low first."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact compared with one value.

    Attributes:
        field: its full name, like `product.vendor` or `contact.attributes.vip`.
    """

    field: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class All:
    """Holds when each of its parts does."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when at least one of its parts does."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when its part does not."""

    part: "Node"


Node: TypeAlias = All | AnyOf | Not | Condition


def conditions(criteria: Node) -> Iterator[Condition]:
    """Every condition, in the order of the document."""
    match criteria:
        case Condition():
            yield criteria
        case Not(part):
            yield from conditions(part)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from conditions(part)
        case _:
            assert_never(criteria)


def fields_used(criteria: Node) -> frozenset[str]:
    """The full names of the fields that are tested, so that only those need to be looked up."""
    return frozenset(condition.field for condition in conditions(criteria))
