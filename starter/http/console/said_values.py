"""Values of a document in the words of a reader: lengths of time, moments, criteria, names of what there is."""

from datetime import timedelta
from enum import StrEnum
from typing import assert_never, cast

from schemas.criteria import All, AnyOf, Condition, Node, Not, say
from schemas.criteria.words import say_comparison
from schemas.time.moments import Until
from starter.authoring.tree import Detail, written
from starter.http.console.field_words import field_words
from starter.http.console.words import Words

_WORKDAYS, _WEEKEND = (0, 1, 2, 3, 4), (5, 6)


def said(t: Words, value: object) -> str:
    """A value, or a detail of a node of a tree, in the reader's language."""
    match value:
        case Detail(field=""):
            return said(t, value.value)
        case Detail():
            label = field_words(t.language).get(value.field, (value.field, ""))[0]
            return f"{label}: {said(t, value.value)}"
        case bool():
            return t("frame.yes" if value else "frame.no")
        case timedelta():
            return t.length(value)
        case Until():
            return _moment(t, value)
        case All() | AnyOf() | Not() | Condition():
            return _criteria(t, value)
        case tuple():
            return ", ".join(said(t, each) for each in cast("tuple[object, ...]", value))
        case StrEnum() if t.has(name := f"tree.{value.replace('-', '_')}"):
            return t(name)
        case _:
            return written(value)


def _moment(t: Words, until: Until) -> str:
    clock = "" if until.at.hour == until.at.minute == 0 else f"{until.at:%H:%M}"
    if until.date is not None:
        days = t.day(until.date)
    elif until.weekdays in (_WORKDAYS, _WEEKEND):
        days = t("tree.workdays" if until.weekdays == _WORKDAYS else "tree.weekend")
    else:
        days = ", ".join(map(t.weekday, until.weekdays))
    return f"{days} {clock}".strip() or f"{until.at:%H:%M}"


def _criteria(t: Words, criteria: Node) -> str:
    match criteria:
        case All(parts) | AnyOf(parts):
            word = t("criteria.and" if isinstance(criteria, All) else "criteria.or")
            several = len(parts) > 1
            return f" {word} ".join(
                f"({_criteria(t, each)})" if several and isinstance(each, All | AnyOf) else _criteria(t, each)
                for each in parts
            )
        case Not(part):
            return f"{t('criteria.not')} ({_criteria(t, part)})"
        case Condition():
            compared = t(f"criteria.{criteria.operator}")
            value = criteria.value
            shown = t.length(value) if isinstance(value, timedelta) else _value(criteria)
            return f"{criteria.field} {compared} {shown}"
        case _:
            assert_never(criteria)


def _value(condition: Condition) -> str:
    return say(condition).removeprefix(f"{say_comparison(condition)} ")
