"""The fields of a form, made from the fields of a model: how each is filled in, what it shows, and what is read of it.

Pure.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic.fields import FieldInfo

from schemas.model import Section
from schemas.time.durations import format_duration
from starter.authoring.criteria_forms import Group
from starter.authoring.editing import LEFT_OUT
from starter.authoring.marked_yaml import NotYaml, Plain, plain_scalar, read_yaml
from starter.authoring.yaml_writing import written_block

LONG = 5000
"""Characters: a text that may be longer is written in a field of several lines."""


class Control(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    LONG_TEXT = "long-text"
    NUMBER = "number"
    CHECKBOX = "checkbox"
    CHOICE = "choice"
    SEVERAL = "several"
    """Short texts with commas between them."""
    GROUP = "group"
    """Fields of its own."""
    ROWS = "rows"
    """Groups, one below the other; the last is empty."""
    CRITERIA = "criteria"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field.

    Attributes:
        name: by which a form sends it; of one in a group, behind the group's: `quiet_hours.from`.
        of: the name of its model.
        hint: what it means, for whoever fills it in.
        options: of a choice.
        suggested: for a text: what it usually is one of.
        default: what holds when it is left empty, where that is not shown as its value.
        inside: of a group, its fields; of rows, a group for each.
        error: what is wrong with what it says.
    """

    name: str
    of: str
    label: str
    hint: str
    control: Control
    value: str = ""
    options: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    required: bool = False
    default: str = ""
    inside: tuple["FormField", ...] = ()
    criteria: Group | None = None
    error: str = ""

    @property
    def is_said(self) -> bool:
        """Whether anything is filled in."""
        said = self.criteria is not None and len(self.criteria.parts) > 0
        return said or bool(self.value) or any(each.is_said for each in self.inside)

    @property
    def is_wrong(self) -> bool:
        """Whether anything of it has a mistake."""
        return bool(self.error) or any(each.is_wrong for each in self.inside)


def errors_of(fields: Iterable[FormField]) -> Iterator[str]:
    """What is told beside the fields of a form."""
    for each in fields:
        if each.error:
            yield each.error
        yield from errors_of(each.inside)


def control_of(info: FieldInfo) -> tuple[Control, tuple[str, ...]]:
    """How a field is filled in; of a choice, what it is between."""
    kinds = [kind for kind in _kinds(info.annotation) if kind is not NoneType]
    if any(get_origin(kind) is Literal for kind in kinds) and len(kinds) == 1:
        offered = tuple(str(each) for each in get_args(kinds[0]))
        return Control.CHOICE, offered if info.is_required() else ("", *offered)
    match kinds:
        case [type() as kind] if issubclass(kind, StrEnum):
            return Control.CHOICE, tuple(kind) if info.default is not None else ("", *kind)
        case [type() as kind] if kind is bool:
            return Control.CHECKBOX, ()
        case [type() as kind] if kind is int:
            return Control.NUMBER, ()
        case [type() as kind] if kind is str:
            return (Control.LONG_TEXT if _longest(info) > LONG else Control.TEXT), ()
        case [kind] if get_origin(kind) is tuple:
            return _of_several(kind), ()
        case [type() as kind] if issubclass(kind, Section):
            return Control.GROUP, ()
        case [kind] if get_origin(kind) is dict:
            return Control.YAML, ()
        case _ if any(getattr(kind, "__module__", "").startswith("schemas.criteria") for kind in kinds):
            return Control.CRITERIA, ()
        case _:
            return Control.TEXT, ()


def section_of(info: FieldInfo) -> type[Section]:
    """The model of a group, or of each of the rows."""
    for kind in _kinds(info.annotation):
        inside = _kinds(get_args(kind)[0])[0] if get_origin(kind) is tuple else kind
        if isinstance(inside, type) and issubclass(inside, Section):
            return inside
    raise AssertionError("this field has no fields of its own")


def shown(value: Any, control: Control) -> str:
    """A value as its field shows it."""
    match value:
        case None | () | [] | {}:
            return ""
        case bool():
            return "true" if value else "" if control is Control.CHECKBOX else "false"
        case [*several] if control is Control.SEVERAL:
            return ", ".join(map(str, several))
        case dict() | list():
            return written_block(cast("Plain", value), 0, "\n")
        case timedelta():
            return format_duration(value)
        case time():
            return value.isoformat("minutes")
        case str() | int() | float():
            return str(value)
        case _:
            return ""


def value_of(info: FieldInfo, text: str) -> Any:
    """What a field says: a value of a document, or that it is left out."""
    control, _ = control_of(info)
    match control:
        case Control.CHECKBOX:
            return True if text else LEFT_OUT
        case _ if not text.strip():
            return LEFT_OUT
        case Control.LONG_TEXT:
            return f"{text.rstrip()}\n" if "\n" in text.strip() else text.strip()
        case Control.SEVERAL:
            return [each.strip() for each in text.split(",") if each.strip()]
        case Control.YAML:
            try:
                return read_yaml(text).value
            except NotYaml:
                return text
        case Control.TEXT if _is_text(info):
            return text.strip()
        case _:
            return plain_scalar(text.strip())


def _of_several(kind: Any) -> Control:
    inside = [each for each in _kinds(get_args(kind)[0]) if each is not Ellipsis]
    if all(each is str or get_origin(each) is Literal for each in inside):
        return Control.SEVERAL
    return (
        Control.ROWS if all(isinstance(each, type) and issubclass(each, Section) for each in inside) else Control.YAML
    )


def _kinds(annotation: Any) -> list[Any]:
    """The members of a union, without what annotates them."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for each in get_args(annotation) for kind in _kinds(each)]
    return [annotation]


def _is_text(info: FieldInfo) -> bool:
    """Whether it is a text whatever stands in it, and not a number or word where it looks like one."""
    return not {int, float, bool} & set(_kinds(info.annotation))


def _longest(info: FieldInfo) -> int:
    found = re.search(r"max_length=(\d+)", repr((info.annotation, info.metadata)))
    return int(found[1]) if found else 0
