"""Says what Pydantic found in words for the person who wrote the document: what is wrong, and what to do."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from schemas.attribution import Attribution
from schemas.criteria import MISTAKE as CRITERIA_MISTAKE
from schemas.document.alert_types.vocabulary import Reminders, WhileWaiting
from schemas.document.conversation import (
    Cap,
    ConversationDocument,
    ListSection,
    MessageSection,
    QuietHours,
    ThreadSection,
    Wording,
)
from schemas.document.experiment import Experiment
from schemas.document.scenarios import section_in_scenario
from schemas.document.steps import STEP_LISTS
from schemas.mistakes import mistake_in_words
from starter.authoring.alert_explanations import (
    ALERT_OF_TYPE,
    no_type,
    unknown_alert_field,
    unknown_type,
    wrong_action,
    wrong_currency,
)
from starter.authoring.marked_yaml import MarkedTree, Plain
from starter.authoring.shown_values import bounded, one_of, shown
from starter.authoring.step_explanations import (
    in_step,
    own_explanation,
    step_path,
    unknown_step_field,
    wrong_event,
    wrong_kind,
    wrong_text,
)
from workflows.compiler.diagnostics import Diagnostic, Path

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_EVENTS = ("on", "wait_for", "goal_on", "exit_on", "event")
"""The fields with the names of events."""


def explain(error: ErrorDetails) -> Iterator[Diagnostic]:
    """One of Pydantic's errors in our words; nothing for one that only follows from others."""
    path = _document_path(error)
    value = error["input"]
    context = error.get("ctx", {})
    match error["type"]:
        case kind if kind not in ("missing", "extra_forbidden") and (own := _own(error)) is not None:
            yield own
        case "union_tag_invalid":
            yield unknown_type(path, value)
        case "union_tag_not_found":
            yield no_type(path, value)
        case kind if kind == CRITERIA_MISTAKE:
            yield Diagnostic(path, bounded(context["message"]), bounded(context["advice"]))
        case "extra_forbidden":
            yield _unknown_field(path, error["loc"])
        case "missing":
            yield Diagnostic(path[:-1], f"'{path[-1]}' is missing", f"Add a line '{path[-1]}: …' here")
        case "step_kind":
            yield wrong_kind(path, value)
        case "too_short" if len(value) >= context["min_length"]:
            # Counted after its entries were found wrong; those have diagnostics of their own.
            return
        case "enum" | "literal_error":
            yield _not_among(path, value, re.findall(r"'([^']*)'", str(context["expected"])))
        case "string_pattern_mismatch":
            yield _wrong_pattern(path, value, error["loc"])
        case "value_error":
            yield _own_words(path, error["msg"], value)
        case kind:
            yield (
                _wrong_length(kind, path, value, context)
                or _wrong_type(kind, path, value)
                or Diagnostic(path, bounded(mistake_in_words(error)), "Correct the value")
            )


def _wrong_length(kind: str, path: Path, value: object, context: Mapping[str, object]) -> Diagnostic | None:
    """A text, list or number beyond its bounds; None for any other kind of error."""
    match kind:
        case "too_short" if value:
            return Diagnostic(path, f"there are less than {context['min_length']} entries", "Add another entry")
        case "too_short":
            return Diagnostic(path, "this is empty", "Add at least one entry")
        case "too_long":
            return _too_many(path, context["max_length"])
        case "string_too_short":
            return Diagnostic(path, "this is empty", "Write a text, or remove the field if it is not needed")
        case "string_too_long":
            return Diagnostic(path, f"this is longer than {context['max_length']} characters", "Shorten it")
        case "greater_than_equal" | "greater_than":
            least = context.get("ge", context.get("gt"))
            return Diagnostic(path, f"{shown(value)} is too small", f"The least is {least}")
        case "less_than_equal" | "less_than":
            most = context.get("le", context.get("lt"))
            return Diagnostic(path, f"{shown(value)} is too large", f"The most is {most}")
        case _:
            return None


def _wrong_type(kind: str, path: Path, value: object) -> Diagnostic | None:
    """A value of another type than its field's; None for any other kind of error."""
    match kind:
        case "string_type":
            return _not_text(path, value)
        case "bool_type" | "bool_parsing":
            return Diagnostic(path, f"{shown(value)} is neither true nor false", "Write true or false, without quotes")
        case kind if kind.startswith("int_"):
            return Diagnostic(path, f"{shown(value)} is not a whole number", "Write digits only, without quotes")
        case "model_type" | "model_attributes_type" | "dict_type":
            return _not_a_group(path, value)
        case "tuple_type" | "list_type" if path[-1] in _EVENTS and isinstance(value, str):
            return Diagnostic(path, "this is a list of events", f"Write it in brackets: [{bounded(value)}]")
        case "tuple_type" | "list_type":
            return Diagnostic(
                path, f"this is a list, but here is {shown(value)}", "Begin each entry with '- ' below it"
            )
        case _:
            return None


def find_clock_errors(document: Plain) -> tuple[Diagnostic, ...]:
    """Quiet hours that are no clock times. Pydantic would take 21 for 21 seconds past midnight."""
    section = document.get("list") if isinstance(document, dict) else None
    hours = section.get("quiet_hours") if isinstance(section, dict) else None
    if not isinstance(hours, dict):
        return ()
    diagnostics = [
        Diagnostic(
            ("list", "quiet_hours", name),
            f"{shown(hours[name])} is not a time of day",
            "Write hours and minutes with two digits each, like 08:00 or 21:30",
        )
        for name in ("from", "until")
        if name in hours and not (isinstance(clock := hours[name], str) and _CLOCK.fullmatch(clock))
    ]
    if not diagnostics and "from" in hours and hours["from"] == hours.get("until"):
        diagnostics.append(
            Diagnostic(
                ("list", "quiet_hours"),
                "the quiet hours end when they begin, which could mean never or always",
                "Write two different times, or remove quiet_hours",
            )
        )
    return tuple(diagnostics)


def find_empty(tree: MarkedTree) -> tuple[Diagnostic, ...]:
    """Fields after whose colon nothing was written: it may be the default that is meant, or something forgotten."""
    return tuple(
        Diagnostic(path, "this is empty", "Write a value, or remove the field if it is not needed")
        for path in tree.empty
        if path
    )


def _document_path(error: ErrorDetails) -> Path:
    """Pydantic's location without what only it sees: the kind of a step, the type of an alert, the mark of a key."""
    path = error["loc"]
    if path[-1:] == ("[key]",) and error["type"].startswith(("string_", "value_")):
        path = path[:-1]
    if in_step(path):
        return step_path(path)[0]
    if len(path) > 2 and path[0] == "alerts" and path[2] in ALERT_OF_TYPE:
        path = (*path[:2], *path[3:])
    return path


def _own(error: ErrorDetails) -> Diagnostic | None:
    return own_explanation(error["loc"], error["input"]) if in_step(error["loc"]) else None


def _unknown_field(path: Path, location: tuple[int | str, ...]) -> Diagnostic:
    """A field that its section does not have; its location is Pydantic's."""
    if in_step(location) and (section := step_path(location)[1]) is not None:
        return unknown_step_field(path, section)
    match location[:-1]:
        case ("alerts", _, str(type_)) if type_ in ALERT_OF_TYPE:
            return unknown_alert_field(path, type_)
        case ("alerts", _, _, "reminders"):
            model = Reminders
        case ("alerts", _, _, "while_waiting", _):
            model = WhileWaiting
        case ("list",):
            model = ListSection
        case ("list", "quiet_hours"):
            model = QuietHours
        case ("list", "at_most"):
            model = Cap
        case ("list", "attribution"):
            model = Attribution
        case ("experiment",):
            model = Experiment
        case ("threads", _):
            model = ThreadSection
        case ("messages", _):
            model = MessageSection
        case ("messages", _, "locales", _):
            model = Wording
        case ("scenarios", _, *inside):
            model = section_in_scenario(inside)
        case _:
            model = ConversationDocument
    known = [field.alias or name for name, field in model.model_fields.items()]
    near = get_close_matches(str(path[-1]), known, n=1)
    return Diagnostic(
        path,
        f"there is no field {shown(path[-1])} here",
        f"Did you mean '{near[0]}'?" if near else f"The fields are: {', '.join(known)}",
    )


def _not_among(path: Path, value: object, allowed: list[str]) -> Diagnostic:
    if path[-1] == "action":
        return wrong_action(path, value, allowed)
    if value is None:
        return Diagnostic(path, "this is empty", f"Write {one_of(allowed)}")
    near = get_close_matches(str(value).lower().replace("_", "-").replace(" ", "-"), allowed, n=1)
    return Diagnostic(
        path, f"{shown(value)} is not known here", f"Did you mean '{near[0]}'?" if near else f"Write {one_of(allowed)}"
    )


def _too_many(path: Path, most: object) -> Diagnostic:
    message = f"there are more than {most} entries"
    match path[-1]:
        case "threads" | "alerts" | "messages":
            return Diagnostic(path, message, "Split the conversation")
        case field if field in STEP_LISTS:
            return Diagnostic(path, message, "Put some into a thread of their own and lead there with 'go_to'")
        case _:
            return Diagnostic(path, message, f"Keep to {most}")


def _wrong_pattern(path: Path, value: object, location: tuple[int | str, ...]) -> Diagnostic:
    if path[-1] in _EVENTS or (path[-2:-1] and path[-2] in _EVENTS):
        return wrong_event(path, value)
    if path[-1] == "currency":
        return wrong_currency(path, value)
    if path[-2:-1] == ("track_opens_in",):
        return Diagnostic(path, f"{shown(value)} is no country", "Write its two capital letters, like US")
    if in_step(location) and (diagnostic := wrong_text(location, value)) is not None:
        return diagnostic
    return Diagnostic(
        path,
        f"{shown(value)} is no short name",
        "Use lower-case letters, digits and hyphens, at most 63, beginning with a letter or digit",
    )


def _not_text(path: Path, value: object) -> Diagnostic:
    match value:
        case None:
            return Diagnostic(path, "this is empty", "Write a text, or remove the field if it is not needed")
        case bool() | int() | float():
            return Diagnostic(path, f"this is a text, but here is {shown(value)}", "Put it in quotes")
        case _:
            return Diagnostic(
                path, f"this is a text, but here is {shown(value)}", "Write one text, in quotes if need be"
            )


def _not_a_group(path: Path, value: object) -> Diagnostic:
    if not path:
        return Diagnostic(path, f"this is no conversation, but {shown(value)}", "Begin with a line 'conversation: …'")
    if path[-1] == "reminders" or path[-2:-1] == ("while_waiting",):
        return Diagnostic(
            path, f"this is a group of fields, but here is {shown(value)}", "Write 'after: 2 days' below it"
        )
    return Diagnostic(
        path, f"this is a group of fields, but here is {shown(value)}", "Write 'name: value' lines below it"
    )


def _own_words(path: Path, text: str, value: object) -> Diagnostic:
    """The rules in schemas say what is wrong, a colon, and what to do. They show a value as Python does."""
    message, colon, advice = text.removeprefix("Value error, ").rpartition(": ")
    if not colon:
        message, advice = advice, "Correct the value"
    if value is None:
        message = "this is empty"
    elif message.startswith(python := repr(value)):
        message = f"{shown(value)}{message.removeprefix(python)}"
    return Diagnostic(path, bounded(message), bounded(advice[:1].upper() + advice[1:]))
