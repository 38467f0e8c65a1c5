"""Criteria as a form: a row of field, operator and value for each condition, in groups as deep as there may be.

Pure. A row that says what it said is written as it was, and the last row of each group is empty: it is for one more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from schemas.criteria import COMPARISONS, FieldType, Operator, Takes, field_named
from starter.authoring.marked_yaml import NotYaml, Plain, plain_scalar, read_yaml
from starter.authoring.yaml_writing import written_flow

ALL, ANY, NOT_ALL, NONE = "all", "any", "not-all", "none"
JOINED = (ALL, ANY, NOT_ALL, NONE)
"""How the parts of a group are joined: each holds, at least one, not each, none."""
_TEXTS = (FieldType.TEXT, FieldType.ID, FieldType.TEXTS)


@dataclass(frozen=True, slots=True)
class Row:
    """One condition, as it is filled in."""

    field: str = ""
    operator: str = ""
    value: str = ""

    @property
    def operators(self) -> tuple[str, ...]:
        """Those to choose from: of its field, or all while it names none."""
        field = field_named(self.field)
        offered = tuple(Operator) if field is None else field.type.operators
        return offered if not self.operator or self.operator in offered else (*offered, self.operator)


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions and groups, and how they are joined."""

    joined: str = ALL
    parts: tuple["Part", ...] = ()


Part: TypeAlias = Row | Group


def group_of(criteria: Plain) -> Group:
    """Criteria of a document; a single condition is a group of one, and none a group of nothing."""
    match criteria:
        case {"all": [*parts]}:
            return Group(ALL, tuple(map(_part, parts)))
        case {"any": [*parts]}:
            return Group(ANY, tuple(map(_part, parts)))
        case {"not": {"all": [*parts]}}:
            return Group(NOT_ALL, tuple(map(_part, parts)))
        case {"not": {"any": [*parts]}}:
            return Group(NONE, tuple(map(_part, parts)))
        case {"not": part}:
            return Group(NONE, (_part(part),))
        case dict() if criteria:
            return Group(ALL, (_part(criteria),))
        case _:
            return Group()


def posted_group(posted: Mapping[str, str], name: str, add_to: str = "") -> Group:
    """The criteria of a form; its empty rows are none.

    Args:
        add_to: the name of the group that is to get another group.
    """
    found = {int(match[1]) for each in posted if (match := re.match(rf"{re.escape(name)}\.(\d{{1,3}})\.", each))}
    parts: list[Part] = []
    for index in sorted(found):
        part = f"{name}.{index}"
        if f"{part}.joined" in posted:
            parts.append(posted_group(posted, part, add_to))
        elif field := posted.get(f"{part}.field", "").strip():
            value = posted.get(f"{part}.value", "").strip()
            parts.append(Row(field, posted.get(f"{part}.operator", "") or Operator.EQUALS, value))
    if add_to == name:
        parts.append(Group(ANY))
    joined = posted.get(f"{name}.joined", ALL)
    return Group(joined if joined in JOINED else ALL, tuple(parts))


def criteria_of(group: Group, before: Plain) -> Plain:
    """What a form says, as a document has it; None: nothing.

    Args:
        before: what the document says now.
    """
    return _written(group, dict(_rows_in(before)))


def _part(criteria: Any) -> Part:
    match criteria:
        case {"all": _} | {"any": _} | {"not": _}:
            return group_of(criteria)
        case dict() if len(cast("dict[str, Plain]", criteria)) == 1:
            ((field, compared),) = cast("dict[str, Any]", criteria).items()
            if isinstance(compared, dict) and len(cast("dict[str, Plain]", compared)) == 1:
                ((operator, value),) = cast("dict[str, Any]", compared).items()
                return Row(field, operator, _shown(field, value))
            return Row(field, Operator.EQUALS, _shown(field, compared))
        case _:
            return Row()


def _rows_in(criteria: Any) -> list[tuple[Row, Plain]]:
    match criteria:
        case {"all": [*parts]} | {"any": [*parts]}:
            return [row for part in parts for row in _rows_in(part)]
        case {"not": part}:
            return _rows_in(part)
        case _:
            part = _part(criteria)
            return [(part, criteria)] if isinstance(part, Row) else []


def _written(part: Part, before: Mapping[Row, Plain]) -> Plain:
    if isinstance(part, Row):
        return before[part] if part in before else {part.field: {str(part.operator): _read(part)}}
    parts: list[Plain] = [written for each in part.parts if (written := _written(each, before)) is not None]
    if not parts:
        return None
    match part.joined, parts:
        case ("all" | "any", [only]):
            return only
        case ("not-all" | "none", [only]):
            return {"not": only}
        case ("not-all", _):
            return {"not": {"all": parts}}
        case ("none", _):
            return {"not": {"any": parts}}
        case (joined, _):
            return {joined: parts}


def _shown(name: str, value: Any) -> str:
    field = field_named(name)
    match value:
        case list():
            return ", ".join(map(written_flow, cast("list[Plain]", value)))
        case str() if field is None or field.type is not FieldType.ATTRIBUTE:
            return value
        case _:
            return written_flow(value)


def _read(row: Row) -> Plain:
    field = field_named(row.field)
    takes = COMPARISONS[Operator(row.operator)].takes if row.operator in [*Operator] else Takes.VALUE
    is_text = field is not None and field.type in _TEXTS
    if takes in (Takes.LIST, Takes.PAIR):
        several = _yaml(f"[{row.value}]")
        return [str(each) if is_text else each for each in several] if isinstance(several, list) else [row.value]
    if is_text or takes in (Takes.LENGTH, Takes.MOMENT):
        return row.value
    if field is not None and field.type is FieldType.ATTRIBUTE:
        return _yaml(row.value)
    return plain_scalar(row.value)


def _yaml(text: str) -> Plain:
    try:
        value = read_yaml(text).value
    except NotYaml:
        return text
    return value if value is not None and not isinstance(value, dict) else text
