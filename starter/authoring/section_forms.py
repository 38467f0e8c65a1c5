"""Forms made from the models of a document: a field of a form for each of a section's, with its docstring as the hint.

Pure. What has fields of its own, like criteria, is written as YAML in a field of several lines.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic.fields import FieldInfo

from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.conversation import ConversationDocument, ListSection, MessageSection, ThreadSection
from schemas.document.steps import SECTIONS, STEP_KINDS, STEP_LISTS
from schemas.model import Section
from schemas.time.durations import format_duration
from starter.authoring.editing import LEFT_OUT, Fields
from starter.authoring.marked_yaml import NotYaml, Plain, plain_scalar, read_yaml
from starter.authoring.yaml_writing import written_block
from workflows.compiler.diagnostics import Path

LONG = 5000
"""Characters: a text that may be longer is written in a field of several lines."""
_OF_THE_WHOLE = ("name", "goal", "goal_on", "exit_on", "experiment")
BRANCHES = {kind: section.branch_type for kind, section in SECTIONS.items() if section.branch_type is not None}
"""The section of the branches of each kind of step that has any."""
_NOT_HERE = frozenset({"id", "type", *STEP_LISTS, *BRANCHES})
"""What a step is known by is kept, and what stands inside it has forms of its own."""
_PART = re.compile(r"\[(\d+)\]|\.?([^.\[\]']+)|\.?'([^']*)'")


class Control(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    LONG_TEXT = "long-text"
    NUMBER = "number"
    CHECKBOX = "checkbox"
    CHOICE = "choice"
    SEVERAL = "several"
    """Short texts with commas between them."""
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field.

    Attributes:
        hint: what it means, for whoever fills it in.
        options: of a choice.
        suggested: for a text: what it usually is one of.
    """

    name: str
    label: str
    hint: str
    control: Control
    value: str
    options: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    required: bool = False


def place_of(text: str) -> Path:
    """The inverse of `format_path`, for the places that forms are of."""
    return tuple(int(index) if index else name or quoted for index, name, quoted in _PART.findall(text))


def section_at(document: Plain, place: Path) -> tuple[type[Section], Mapping[str, Plain]] | None:
    """The model of what stands at a place, and what it says; None: there is nothing that has a form."""
    found: Any = document
    for part in place:
        try:
            found = found[part]
        except (KeyError, IndexError, TypeError):
            return None
    if not isinstance(found, dict):
        return None
    says = cast("Mapping[str, Plain]", found)
    model = _model_of(place, says)
    return None if model is None else (model, says)


def _model_of(place: Path, says: Mapping[str, Plain]) -> type[Section] | None:
    match place:
        case ():
            return ConversationDocument
        case ("list",):
            return ListSection
        case ("alerts", _):
            type_ = str(says.get("type"))
            return ALERT_TYPES[AlertType(type_)] if type_ in [*AlertType] else None
        case ("messages", _):
            return MessageSection
        case ("threads", int()):
            return ThreadSection
        case (*_, str(kind), int()) if kind in BRANCHES:
            return BRANCHES[kind]
        case ("threads", *_, int()):
            return next((SECTIONS[kind] for kind in STEP_KINDS if kind in says), None)
        case _:
            return None


def form_of(
    model: type[Section], says: Mapping[str, Plain], suggested: Mapping[str, Sequence[str]] = {}
) -> tuple[FormField, ...]:
    """The fields of a section's form, filled in with what it says."""
    fields: list[FormField] = []
    for name, info in _fields_of(model):
        control, options = _control(info)
        hint = " ".join((info.description or "").split())
        label = name.replace("_", " ").capitalize()
        value, offered = says.get(name), tuple(suggested.get(name, ()))
        if offered and name in ("send", "go_to", "double_opt_in"):
            control, options = Control.CHOICE, offered if info.is_required() else ("", *offered)
        default = info.get_default(call_default_factory=True) if name not in says else None
        shown = _shown(default if value is None else value, control)
        fields.append(FormField(name, label, hint, control, shown, options, offered, info.is_required()))
    return tuple(fields)


def values_of(model: type[Section], says: Mapping[str, Plain], posted: Mapping[str, str]) -> Fields:
    """What was changed in a form that was filled in with what a section says; an emptied field is left out."""
    shown = {each.name: each.value for each in form_of(model, says)}
    return {
        name: _value(info, text)
        for name, info in _fields_of(model)
        if (text := posted.get(name, "").replace("\r\n", "\n")) != shown[name] and text != shown[name].rstrip("\n")
    }


def _fields_of(model: type[Section]) -> list[tuple[str, FieldInfo]]:
    """Its fields that a form has, by the names that a document has them under."""
    whole = model is ConversationDocument
    return [
        (info.alias or name, info)
        for name, info in model.model_fields.items()
        if (name in _OF_THE_WHOLE if whole else name not in _NOT_HERE)
    ]


def _value(info: FieldInfo, text: str) -> Any:
    control, _ = _control(info)
    clean = text.replace("\r\n", "\n")
    match control:
        case Control.CHECKBOX:
            return True if clean else LEFT_OUT
        case _ if not clean.strip():
            return LEFT_OUT
        case Control.LONG_TEXT:
            return f"{clean.rstrip()}\n" if "\n" in clean.strip() else clean.strip()
        case Control.SEVERAL:
            return [each.strip() for each in clean.split(",") if each.strip()]
        case Control.YAML:
            try:
                return read_yaml(clean).value
            except NotYaml:
                return clean
        case Control.TEXT if _is_text(info):
            return clean.strip()
        case _:
            return plain_scalar(clean.strip())


def _shown(value: Any, control: Control) -> str:
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
        case str() | int() | float():
            return str(value)
        case _:
            return ""


def _control(info: FieldInfo) -> tuple[Control, tuple[str, ...]]:
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
            inside = [each for each in _kinds(get_args(kind)[0]) if each is not Ellipsis]
            texts = all(each is str or get_origin(each) is Literal for each in inside)
            return (Control.SEVERAL if texts else Control.YAML), ()
        case [type() as kind] if issubclass(kind, Section):
            return Control.YAML, ()
        case [kind] if get_origin(kind) is dict:
            return Control.YAML, ()
        case _ if any(getattr(kind, "__module__", "").startswith("schemas.criteria") for kind in kinds):
            return Control.YAML, ()
        case _:
            return Control.TEXT, ()


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
