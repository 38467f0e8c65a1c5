"""Reads criteria from YAML or JSON values, with an error for everything wrong, by its path; and writes them back."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias, assert_never, cast

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from schemas.criteria.fields import FIELDS, Field, FieldType, Operator, field_named, is_member_name
from schemas.criteria.nodes import All, AnyOf, Condition, Node, Not, conditions
from schemas.criteria.values import BadValue, Plain, read_value, shown, write_value

DEEPEST = 8
"""Groups inside one another; people lose their way after three."""
MOST_CONDITIONS = 100
"""Conditions of one criteria: ten times a long one, and still evaluated in well under a millisecond."""
MISTAKE = "criteria"
"""The type of each error; its context holds `message` (what is wrong) and `advice` (what to do)."""

ALL, ANY, NOT = "all", "any", "not"
_GROUPS = (ALL, ANY, NOT)
_Path: TypeAlias = tuple[str | int, ...]


def read_criteria(value: object) -> Node:
    """The criteria in a plain value, or a node that was built in Python, held to the same rules.

    Raises:
        ValidationError: with everything that is wrong, each by its path in `value`.
    """
    if isinstance(value, All | AnyOf | Not | Condition):
        value = write_criteria(value)
    reading = _Reading()
    criteria = reading.node(value, (), 1)
    if criteria is not None and (count := sum(1 for _ in conditions(criteria))) > MOST_CONDITIONS:
        reading.diagnostic((), value, f"there are {count} conditions", f"Keep to {MOST_CONDITIONS}; 'in' takes a list")
    if criteria is None or reading.diagnostics:
        raise ValidationError.from_exception_data("Criteria", reading.diagnostics)
    return criteria


def write_criteria(criteria: Node) -> Plain:
    """Criteria as YAML and JSON have them. The inverse of `read_criteria`, always without shorthand."""
    match criteria:
        case All(parts):
            return {ALL: [write_criteria(part) for part in parts]}
        case AnyOf(parts):
            return {ANY: [write_criteria(part) for part in parts]}
        case Not(part):
            return {NOT: write_criteria(part)}
        case Condition(name, operator, value):
            return {name: {operator.value: write_value(value)}}
        case _:
            assert_never(criteria)


@dataclass(slots=True)
class _Reading:
    """One reading. A method returns None where it has recorded an error."""

    diagnostics: list[InitErrorDetails] = field(default_factory=list[InitErrorDetails])

    def diagnostic(self, path: _Path, value: object, message: str, advice: str) -> None:
        kind = PydanticCustomError(MISTAKE, "{message}: {advice}", {"message": message, "advice": advice})
        self.diagnostics.append(InitErrorDetails(type=kind, loc=path, input=value))

    def node(self, value: object, path: _Path, depth: int) -> Node | None:
        if not isinstance(value, dict):
            self.diagnostic(
                path,
                value,
                f"this is no condition, but {shown(value)}",
                "Write a field and what it is compared with, like 'product.vendor: {equals: Acme}'",
            )
            return None
        entries = cast("dict[object, object]", value)
        if len(entries) != 1:
            message = "several conditions stand side by side" if entries else "there is no condition here"
            advice = "Write 'all:' or 'any:' and each condition below it, beginning with '- '"
            self.diagnostic(path, entries, message, advice)
            # Each of them is still read, so that all errors are reported at once.
        # A key is good only alone; with several, the error above has been recorded.
        read = [self._entry(name, below, path, depth) for name, below in entries.items()]
        return read[0] if len(read) == 1 else None

    def _entry(self, name: object, value: object, path: _Path, depth: int) -> Node | None:
        match name:
            case "all" | "any" | "not" if depth > DEEPEST:
                self.diagnostic(path, value, f"this is nested more than {DEEPEST} deep", "Bring it into fewer groups")
                return None
            case "all":
                parts = self._parts(ALL, value, path, depth)
                return None if parts is None else All(parts)
            case "any":
                parts = self._parts(ANY, value, path, depth)
                return None if parts is None else AnyOf(parts)
            case "not":
                return self._not(value, (*path, NOT), depth)
            case str():
                return self._condition(name, value, (*path, name))
            case _:
                self.diagnostic(path, value, f"{shown(name)} is no field", "Write the name of a field")
                return None

    def _not(self, value: object, path: _Path, depth: int) -> Node | None:
        if isinstance(value, list):
            advice = "Write one condition below 'not:', or 'not: {any: [...]}' for none of several"
            self.diagnostic(path, cast("object", value), "'not' takes one condition, but here is a list", advice)
            return None
        part = self.node(value, path, depth + 1)
        return None if part is None else Not(part)

    def _parts(self, name: str, value: object, path: _Path, depth: int) -> tuple[Node, ...] | None:
        path = (*path, name)
        items = cast("list[object] | tuple[object, ...]", value) if isinstance(value, list | tuple) else ()
        if not items:
            found = "an empty one" if isinstance(value, list | tuple) else shown(value)
            message = f"'{name}' takes a list of conditions, but here is {found}"
            self.diagnostic(path, cast("object", value), message, "Write each condition below it, beginning with '- '")
            return None
        if len(items) > MOST_CONDITIONS:
            advice = f"Keep to {MOST_CONDITIONS}; 'in' takes a list"
            self.diagnostic(path, items, f"there are {len(items)} conditions", advice)
            return None
        read = [self.node(item, (*path, index), depth + 1) for index, item in enumerate(items)]
        parts = tuple(part for part in read if part is not None)
        return parts if len(parts) == len(read) else None

    def _condition(self, name: str, value: object, path: _Path) -> Condition | None:
        about = field_named(name)
        if about is None:
            self.diagnostic(path, value, f"there is no field {shown(name)}", _advice_for_name(name))
        elif about.family is not None and not is_member_name(about, name):
            advice = f"Write letters, digits, '_' and '-' after '{about.family}', at most 64"
            self.diagnostic(path, value, f"{shown(name)} does not name one of {about.name}", advice)
        elif isinstance(value, dict):
            return self._comparison(about, name, cast("dict[object, object]", value), path)
        elif about.type.has_shorthand and not isinstance(value, list):
            return self._value(about, name, Operator.EQUALS, value, path)
        else:
            message = f"this does not say how {name} is compared with {shown(cast('object', value))}"
            self.diagnostic(path, cast("object", value), message, _example(about, name))
        return None

    def _comparison(self, about: Field, name: str, value: dict[object, object], path: _Path) -> Condition | None:
        if len(value) != 1:
            message = f"{name} is compared in {len(value) or 'no'} ways at once"
            advice = _example(about, name) if not value else "Make each a condition of its own below 'all:'"
            self.diagnostic(path, value, message, advice)
            return None
        ((said, compared),) = value.items()
        try:
            operator = Operator(said) if isinstance(said, str) else None
        except ValueError:
            operator = None
        if operator is not None and operator in about.type.operators:
            return self._value(about, name, operator, compared, (*path, operator.value))
        where = (*path, said) if isinstance(said, str) else path
        if operator is None:
            message, advice = f"there is no operator {shown(said)}", _advice_for_operator(about, str(shown(said)))
        else:
            message = f"'{operator}' does not compare {name}, which is {_with_article(about)}"
            advice = f"Its operators are {_list_of(about)}"
        self.diagnostic(where, compared, message, advice)
        return None

    def _value(self, about: Field, name: str, operator: Operator, value: object, path: _Path) -> Condition | None:
        try:
            return Condition(name, operator, read_value(about.type, operator, value))
        except BadValue as bad:
            for part in bad.parts:
                self.diagnostic((*path, *part.at), value, part.message, part.advice)
            return None


_ELSEWHERE = {"and": ALL, "or": ANY, "none": NOT}
"""What other languages call the groups."""


def _advice_for_name(name: str) -> str:
    written = name.lower().strip()[:100]
    written = _ELSEWHERE.get(written, written)
    known = [*(each.name for each in FIELDS), *_GROUPS]
    near = get_close_matches(written, known, n=1, cutoff=0.7)
    if not near:
        # People write 'tags' or 'item.tags' where the field is called product.tags.
        by_end = {each.rpartition(".")[2]: each for each in reversed(known)}
        near = [by_end[end] for end in get_close_matches(written.rpartition(".")[2], by_end, n=1, cutoff=0.8)]
    return f"Did you mean '{near[0]}'?" if near else f"The fields are {', '.join(each.name for each in FIELDS)}"


def _advice_for_operator(about: Field, said: str) -> str:
    near = get_close_matches(said.strip("'").lower()[:100].replace(" ", "_"), about.type.operators, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"The operators of {about.name} are {_list_of(about)}"


def _list_of(about: Field) -> str:
    return ", ".join(f"'{operator}'" for operator in about.type.operators)


def _with_article(about: Field) -> str:
    match about.type:
        case FieldType.TEXT | FieldType.COUNT | FieldType.MOMENT | FieldType.ATTRIBUTE:
            return f"a {about.type}"
        case FieldType.ID | FieldType.MONEY:
            return f"an {about.type}"
        case FieldType.TEXTS:
            return "a set of texts"
        case FieldType.BOOLEAN:
            return "true or false"
        case _:
            assert_never(about.type)


_EXAMPLES = {
    FieldType.TEXT: "equals: Acme",
    FieldType.ID: "equals: '8423'",
    FieldType.TEXTS: "contains: sale",
    FieldType.COUNT: "at_least: 2",
    FieldType.MONEY: "at_most: 20.00",
    FieldType.BOOLEAN: "equals: true",
    FieldType.MOMENT: "within: 30 days",
    FieldType.ATTRIBUTE: "equals: true",
}


def _example(about: Field, name: str) -> str:
    return f"Write for example '{name}: {{{_EXAMPLES[about.type]}}}'; its operators are {_list_of(about)}"
