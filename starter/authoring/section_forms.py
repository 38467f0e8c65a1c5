"""Forms made from the models of a document: a field of a form for each of a section's, with its docstring as the hint.

Pure. What has fields of its own, like quiet hours, is a group; what there may be several of, a group for each.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from pydantic.fields import FieldInfo

from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.conversation import ConversationDocument, ListSection, MessageSection, ThreadSection, Wording
from schemas.document.steps import SECTIONS, STEP_KINDS, STEP_LISTS
from schemas.model import Section
from starter.authoring.criteria_forms import criteria_of, group_of, posted_group
from starter.authoring.editing import LEFT_OUT, Fields
from starter.authoring.form_fields import Control, FormField, control_of, errors_of, section_of, shown, value_of
from starter.authoring.marked_yaml import Plain
from workflows.compiler.diagnostics import Path, format_path

_OF_THE_WHOLE = ("name", "goal", "goal_on", "exit_on", "experiment")
BRANCHES = {kind: section.branch_type for kind, section in SECTIONS.items() if section.branch_type is not None}
"""The section of the branches of each kind of step that has any."""
_NOT_HERE = frozenset({"id", "type", "locales", *STEP_LISTS, *BRANCHES})
"""What a step is known by is kept, and what stands inside it has forms of its own."""
_PART = re.compile(r"\[(\d+)\]|\.?([^.\[\]']+)|\.?'([^']*)'")
_CHOSEN = ("send", "go_to", "double_opt_in")
"""Fields that name a part of the document; it is chosen from those there are."""


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
        case ("messages", _, "locales", _):
            return Wording
        case ("threads", int()):
            return ThreadSection
        case (*_, str(kind), int()) if kind in BRANCHES:
            return BRANCHES[kind]
        case ("threads", *_, int()):
            return next((SECTIONS[kind] for kind in STEP_KINDS if kind in says), None)
        case _:
            return None


def form_of(
    model: type[Section],
    says: Mapping[str, Plain],
    suggested: Mapping[str, Sequence[str]] = {},
    within: str = "",
    begun: bool = True,
) -> tuple[FormField, ...]:
    """The fields of a section's form, filled in with what it says.

    Args:
        within: what the names of the fields begin with: of a group, its own and a dot.
        begun: the section is there; of one that is not, defaults are told, and not filled in.
    """
    fields: list[FormField] = []
    for name, info in _fields_of(model):
        control, options = control_of(info)
        hint = " ".join((info.description or "").split())
        label = name.replace("_", " ").capitalize()
        field = FormField(f"{within}{name}", model.__name__, label, hint, control, required=info.is_required())
        value = says.get(name)
        match control:
            case Control.GROUP:
                inside = form_of(section_of(info), _group(value), suggested, f"{field.name}.", value is not None)
                field = replace(field, inside=inside)
            case Control.ROWS:
                rows = [*cast("list[dict[str, Plain]]", value or []), None]
                field = replace(field, inside=tuple(_row(field, info, n, row, suggested) for n, row in enumerate(rows)))
            case Control.CRITERIA:
                field = replace(field, criteria=group_of(value))
            case _:
                field = _filled_in(field, info, value, begun, options, tuple(suggested.get(name, ())))
        fields.append(field)
    return tuple(fields)


def _filled_in(
    field: FormField, info: FieldInfo, value: Plain, begun: bool, options: tuple[str, ...], offered: tuple[str, ...]
) -> FormField:
    control = field.control
    if offered and field.name.rpartition(".")[2] in _CHOSEN:
        control, options = Control.CHOICE, offered if info.is_required() and begun else ("", *offered)
    default = None if info.is_required() else shown(info.get_default(call_default_factory=True), control)
    said = shown(value, control) if value is not None else (default or "") if begun else ""
    return replace(field, control=control, value=said, options=options, suggested=offered, default=default or "")


def _row(
    field: FormField, info: FieldInfo, n: int, row: Mapping[str, Plain] | None, suggested: Mapping[str, Sequence[str]]
) -> FormField:
    inside = form_of(section_of(info), row or {}, suggested, f"{field.name}.{n}.", row is not None)
    return FormField(f"{field.name}.{n}", field.of, field.label, "", Control.GROUP, inside=inside)


def posted_form(fields: Sequence[FormField], posted: Mapping[str, str], add_to: str = "") -> tuple[FormField, ...]:
    """A form with what was sent in it.

    Args:
        add_to: the name of the criteria or rows that are to have one more.
    """
    return tuple(_posted(each, posted, add_to) for each in fields)


def _posted(field: FormField, posted: Mapping[str, str], add_to: str) -> FormField:
    match field.control:
        case Control.GROUP:
            return replace(field, inside=posted_form(field.inside, posted, add_to))
        case Control.ROWS:
            rows = [*field.inside, *_more_rows(field, posted)]
            return replace(field, inside=posted_form(rows, posted, add_to))
        case Control.CRITERIA:
            return replace(field, criteria=posted_group(posted, field.name, add_to))
        case _:
            return replace(field, value=posted.get(field.name, ""))


def _more_rows(field: FormField, posted: Mapping[str, str]) -> list[FormField]:
    """Rows that a form has and its section not yet, and an empty one."""
    last = field.inside[-1]
    there = len(field.inside)
    while any(posted.get(f"{field.name}.{there - 1}.{each.name.rpartition('.')[2]}") for each in last.inside):
        there += 1
    return [_renumbered(last, field.name, n) for n in range(len(field.inside), there)]


def _renumbered(row: FormField, of: str, n: int) -> FormField:
    inside = tuple(replace(each, name=f"{of}.{n}.{each.name.rpartition('.')[2]}") for each in row.inside)
    return replace(row, name=f"{of}.{n}", inside=inside)


def with_mistakes(fields: Sequence[FormField], place: Path, told: Mapping[str, str]) -> tuple[FormField, ...]:
    """A form with what is wrong beside each field.

    Args:
        place: of its section in the document.
        told: mistakes, by their paths; each is told at the innermost field that it lies in.
    """
    return tuple(_with_mistake(each, place, told) for each in fields)


def _with_mistake(field: FormField, place: Path, told: Mapping[str, str]) -> FormField:
    inside = with_mistakes(field.inside, place, told)
    own = format_path((*place, *(int(part) if part.isdigit() else part for part in field.name.split("."))))
    held = [each for path, each in told.items() if path == own or path.startswith((f"{own}.", f"{own}["))]
    known = set(errors_of(inside))
    return replace(field, inside=inside, error=next((each for each in held if each not in known), ""))


def values_of(model: type[Section], says: Mapping[str, Plain], posted: Mapping[str, str]) -> Fields:
    """What was changed in a form that was filled in with what a section says; an emptied field is left out."""
    return _changes(model, says, {name: text.replace("\r\n", "\n") for name, text in posted.items()}, "", True)


def _changes(
    model: type[Section], says: Mapping[str, Plain], posted: Mapping[str, str], within: str, begun: bool
) -> Fields:
    changes: dict[str, Any] = {}
    filled = {each.name: each for each in form_of(model, says, {}, within, begun)}
    for name, info in _fields_of(model):
        field, old = filled[f"{within}{name}"], says.get(name)
        match field.control:
            case Control.GROUP:
                new: Any = _changed_group(info, old, posted, field.name)
            case Control.ROWS:
                new = _changed_rows(info, old, posted, field.name)
            case Control.CRITERIA:
                group = posted_group(posted, field.name)
                new = old if group == field.criteria else criteria_of(group, old)
            case _:
                text = posted.get(field.name, "")
                if text not in (field.value, field.value.rstrip("\n")):
                    changes[name] = value_of(info, text)
                continue
        if new != old:
            changes[name] = LEFT_OUT if new is None else new
    return changes


def _changed_group(info: FieldInfo, old: Plain, posted: Mapping[str, str], name: str) -> Plain:
    """What a group says now; None: it is left out, for nothing that it needs is there."""
    model = section_of(info)
    changes = _changes(model, _group(old), posted, f"{name}.", old is not None)
    says = {each: value for each, value in {**_group(old), **changes}.items() if value is not LEFT_OUT}
    needed = [each for each, one in _fields_of(model) if one.is_required()] if old is not None else []
    return cast("Plain", says) if any(each in says for each in needed or says) else None


def _changed_rows(info: FieldInfo, old: Plain, posted: Mapping[str, str], name: str) -> Plain:
    rows = cast("list[Plain]", old or [])
    found = {int(match[1]) for each in posted if (match := re.match(rf"{re.escape(name)}\.(\d{{1,3}})\.", each))}
    said = [
        _changed_group(info, rows[n] if n < len(rows) else None, posted, f"{name}.{n}")
        for n in sorted(found | {*range(len(rows))})
    ]
    return [each for each in said if each is not None] or None


def _group(value: Plain) -> Mapping[str, Plain]:
    return value if isinstance(value, dict) else {}


def _fields_of(model: type[Section]) -> list[tuple[str, FieldInfo]]:
    """Its fields that a form has, by the names that a document has them under."""
    whole = model is ConversationDocument
    return [
        (info.alias or name, info)
        for name, info in model.model_fields.items()
        if (name in _OF_THE_WHOLE if whole else name not in _NOT_HERE)
    ]
