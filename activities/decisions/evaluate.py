"""Whether criteria hold for what is known, and which conditions decided it. Pure: no clock, no I/O.

Evaluation never fails. A fact that is unknown, or of another kind than what it is compared with, makes a condition
not hold, except for the three that say 'not': `does_not_equal`, `does_not_contain` and `not_within` are always the
exact opposite of `equals`, `contains` and `within`.
"""

import math
import unicodedata
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from activities.decisions.facts import CriteriaFacts, Fact, fact_of
from schemas.criteria import (
    COMPARISONS,
    All,
    AnyOf,
    Condition,
    FieldType,
    Node,
    Not,
    Operator,
    Scalar,
    field_named,
    say_openly,
)
from schemas.model import Model

_Comparable: TypeAlias = str | bool | Decimal | datetime | frozenset[str] | None


class Decided(Model):
    """One condition that an outcome rests on.

    Attributes:
        path: where it stands in the criteria, like `("all", 0)`.
        condition: it in words, without what might tell a person.
        holds: whether the condition itself holds, before any `not` around it.
        unknown: nothing was known about its field.
    """

    path: tuple[str | int, ...]
    condition: str
    holds: bool
    unknown: bool

    @property
    def sentence(self) -> str:
        """For a report: `product.price is at most 20.00: no`."""
        return f"{self.condition}: {'yes' if self.holds else 'no'}{', it is not known' if self.unknown else ''}"


class Explanation(Model):
    """Whether criteria hold and which conditions decided it, in the order of the document.

    Had each of `decided` come out the other way, so would the whole. No fact's value is in it.
    """

    holds: bool
    decided: tuple[Decided, ...]

    @property
    def sentence(self) -> str:
        """For a report: `The criteria do not hold: orders.count equals 0: no.`"""
        return f"The criteria {'' if self.holds else 'do not '}hold: {'; '.join(one.sentence for one in self.decided)}."


def evaluate(criteria: Node, facts: CriteriaFacts, now: datetime) -> bool:
    """Whether criteria that were read hold.

    Args:
        now: aware; what `within` and `not_within` count back from.
    """
    match criteria:
        case Condition():
            return _holds(criteria, _known(criteria, facts), now, facts.time_zone)
        case All(parts):
            return all(evaluate(part, facts, now) for part in parts)
        case AnyOf(parts):
            return any(evaluate(part, facts, now) for part in parts)
        case Not(part):
            return not evaluate(part, facts, now)
        case _:
            assert_never(criteria)


def explain(criteria: Node, facts: CriteriaFacts, now: datetime) -> Explanation:
    """The same as `evaluate`, and why."""
    return _explain(criteria, facts, now, ())


def _explain(criteria: Node, facts: CriteriaFacts, now: datetime, path: tuple[str | int, ...]) -> Explanation:
    match criteria:
        case Condition():
            known = _known(criteria, facts)
            holds = _holds(criteria, known, now, facts.time_zone)
            decided = Decided(path=path, condition=say_openly(criteria), holds=holds, unknown=known is None)
            return Explanation(holds=holds, decided=(decided,))
        case Not(part):
            inner = _explain(part, facts, now, (*path, "not"))
            return Explanation(holds=not inner.holds, decided=inner.decided)
        case All(parts):
            found = [_explain(part, facts, now, (*path, "all", index)) for index, part in enumerate(parts)]
            holds = all(one.holds for one in found)
        case AnyOf(parts):
            found = [_explain(part, facts, now, (*path, "any", index)) for index, part in enumerate(parts)]
            holds = any(one.holds for one in found)
        case _:
            assert_never(criteria)
    # Where one part alone decided, the parts that came out the other way had no say.
    return Explanation(holds=holds, decided=tuple(each for one in found if one.holds is holds for each in one.decided))


def _known(condition: Condition, facts: CriteriaFacts) -> _Comparable:
    """The fact in the form it is compared in; None where it is of no use."""
    return _comparable(fact_of(facts, condition.field), _ignores_case(condition.field))


def _holds(condition: Condition, known: _Comparable, now: datetime, time_zone: str) -> bool:
    comparison = COMPARISONS[condition.operator]
    if comparison.negates is not None:
        return not _holds(Condition(condition.field, comparison.negates, condition.value), known, now, time_zone)
    if known is None:
        return False
    folds = _ignores_case(condition.field)
    match condition.value:
        case timedelta() as length:
            # What a fast clock dates into the future has just happened.
            return isinstance(known, datetime) and now - known <= length
        case datetime() as moment:
            meant = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(time_zone))
            return isinstance(known, datetime) and _is_past(condition.operator, known, meant)
        case tuple() as values:
            return _holds_for_several(condition.operator, known, [_comparable(value, folds) for value in values])
        case Decimal() as value if condition.operator is not Operator.EQUALS:
            return isinstance(known, Decimal) and _is_ordered(condition.operator, known, value)
        case value:
            return _holds_for_one(condition.operator, known, value, folds)


def _holds_for_one(operator: Operator, known: _Comparable, value: Scalar, folds: bool) -> bool:
    compared = _comparable(value, folds)
    match known, compared:
        case frozenset(), str():
            return operator is Operator.CONTAINS and compared in known
        case str(), str() if operator is Operator.CONTAINS:
            return compared in known
        case _:
            return operator is Operator.EQUALS and _is_same(known, compared)


def _holds_for_several(operator: Operator, known: _Comparable, values: list[_Comparable]) -> bool:
    match known, values:
        case frozenset(), _:
            return operator is Operator.CONTAINS_ANY and any(value in known for value in values)
        case Decimal(), [Decimal() as low, Decimal() as high] if operator is Operator.BETWEEN:
            return low <= known <= high
        case _:
            return operator is Operator.IN and any(_is_same(known, value) for value in values)


def _is_same(one: _Comparable, other: _Comparable) -> bool:
    # For Python True is 1; for a marketer it is not.
    return type(one) is type(other) and one == other


def _is_ordered(operator: Operator, known: Decimal, value: Decimal) -> bool:
    match operator:
        case Operator.AT_LEAST:
            return known >= value
        case Operator.AT_MOST:
            return known <= value
        case Operator.LESS_THAN:
            return known < value
        case Operator.MORE_THAN:
            return known > value
        case _:
            return False


def _is_past(operator: Operator, known: datetime, moment: datetime) -> bool:
    match operator:
        case Operator.BEFORE:
            return known < moment
        case Operator.AFTER:
            return known > moment
        case _:
            return False


def _ignores_case(name: str) -> bool:
    about = field_named(name)
    return about is None or about.type is not FieldType.ID


def _comparable(value: Fact, folds: bool) -> _Comparable:
    match value:
        case str():
            return _fold(value) if folds else value
        case frozenset():
            return frozenset(_fold(each) for each in value) if folds else value
        case bool() | datetime() | None:
            return value
        case int():
            return Decimal(value)
        case float():
            return Decimal(repr(value)) if math.isfinite(value) else None
        case Decimal():
            return value if value.is_finite() else None
        case _:
            assert_never(value)


def _fold(text: str) -> str:
    """As people compare: without regard to case, to spaces around it, or to how an accent is encoded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold()).strip()
