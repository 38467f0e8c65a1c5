"""Says what Pydantic found in words for the person who wrote the document: what is wrong, and what to do."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from schemas.alerts import BackInStock, LowInventory, PriceDrop
from schemas.conversation import (
    STEP_KINDS,
    ConversationDocument,
    ExitStep,
    ListSection,
    MessageSection,
    QuietHours,
    SendStep,
    ThreadSection,
    WaitStep,
)
from starter.marked_yaml import Plain
from workflows.interpreter.mistakes import Mistake, Path

_LONGEST_MESSAGE = 300
"""Characters; some messages repeat what was written, which may be a whole text."""
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_KIND_OF_STEP: dict[str, type[BaseModel]] = {"send": SendStep, "wait": WaitStep, "exit": ExitStep}
_ALERT_OF_TYPE: dict[str, type[BaseModel]] = {
    "back-in-stock": BackInStock,
    "price-drop": PriceDrop,
    "low-inventory": LowInventory,
}


def explain(error: ErrorDetails) -> Iterator[Mistake]:
    """One of Pydantic's findings in our words; none where it only follows from others."""
    path = _document_path(error["loc"])
    value = error["input"]
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            yield _unknown_field(path, _model_at(error["loc"][:-1]))
        case "missing":
            yield Mistake(path[:-1], f"'{path[-1]}' is missing", f"Add a line '{path[-1]}: …' here")
        case "step_kind":
            yield _wrong_kind(path, value)
        case "too_short" if value:
            # Counted after its entries were found wrong; those have their own mistakes.
            return
        case "too_short":
            yield Mistake(path, "this is empty", "Add at least one entry")
        case "too_long":
            yield Mistake(path, f"there are more than {context['max_length']} entries", "Split the conversation")
        case "enum" | "literal_error":
            expected = str(context["expected"])
            near = get_close_matches(str(value), re.findall(r"'([^']*)'", expected), n=1)
            yield Mistake(
                path,
                f"{_shown(value)} is not known here",
                f"Did you mean '{near[0]}'?" if near else f"Write {expected}",
            )
        case "string_pattern_mismatch":
            yield _wrong_pattern(path, value)
        case "string_type":
            yield _not_text(path, value)
        case "string_too_short":
            yield Mistake(path, "this is empty", "Write a text, or remove the field if it is not needed")
        case "string_too_long":
            yield Mistake(path, f"this is longer than {context['max_length']} characters", "Shorten it")
        case "greater_than_equal" | "greater_than":
            yield Mistake(path, f"{_shown(value)} is too small", f"The least is {context.get('ge', context.get('gt'))}")
        case "less_than_equal" | "less_than":
            yield Mistake(path, f"{_shown(value)} is too large", f"The most is {context.get('le', context.get('lt'))}")
        case kind if kind.startswith("int_"):
            yield Mistake(path, f"{_shown(value)} is not a whole number", "Write digits only, without quotes")
        case "model_type" | "model_attributes_type" | "dict_type":
            yield _not_a_group(path, value)
        case "tuple_type" | "list_type":
            yield Mistake(path, f"this is a list, but here is {_what(value)}", "Begin each entry with '- ' below it")
        case "value_error":
            yield _own_words(path, error["msg"])
        case _:
            yield Mistake(path, _bounded(error["msg"]), "Correct the value")


def find_clock_mistakes(document: Plain) -> tuple[Mistake, ...]:
    """Quiet hours that are no clock times. Pydantic would take 21 for 21 seconds past midnight."""
    section = document.get("list") if isinstance(document, dict) else None
    hours = section.get("quiet_hours") if isinstance(section, dict) else None
    if not isinstance(hours, dict):
        return ()
    mistakes = [
        Mistake(
            ("list", "quiet_hours", name),
            f"{_shown(hours[name])} is not a time of day",
            "Write hours and minutes with two digits each, like 08:00 or 21:30",
        )
        for name in ("from", "until")
        if name in hours and not (isinstance(clock := hours[name], str) and _CLOCK.fullmatch(clock))
    ]
    if not mistakes and "from" in hours and hours["from"] == hours.get("until"):
        mistakes.append(
            Mistake(
                ("list", "quiet_hours"),
                "the quiet hours end when they begin, which could mean never or always",
                "Write two different times, or remove quiet_hours",
            )
        )
    return tuple(mistakes)


def _document_path(loc: tuple[int | str, ...]) -> Path:
    """Pydantic's location without what only it sees: the kind of a step, the mark of a key."""
    path = tuple(part for part in loc if part != "[key]")
    if _in_step(path) and len(path) > 4:
        path = (*path[:4], *path[5:])
    if len(path) > 2 and path[0] == "alerts" and path[2] in _ALERT_OF_TYPE:
        path = (*path[:2], *path[3:])
    return path


def _in_step(path: Path) -> bool:
    return len(path) >= 4 and path[0] == "threads" and path[2] == "steps"


def _model_at(loc: tuple[int | str, ...]) -> type[BaseModel]:
    match loc:
        case ("list",):
            return ListSection
        case ("list", "quiet_hours"):
            return QuietHours
        case ("alerts", _, str(type_)) if type_ in _ALERT_OF_TYPE:
            return _ALERT_OF_TYPE[type_]
        case ("threads", _):
            return ThreadSection
        case ("threads", _, "steps", _, str(kind)):
            return _KIND_OF_STEP[kind]
        case ("messages", _):
            return MessageSection
        case _:
            return ConversationDocument


def _unknown_field(path: Path, model: type[BaseModel]) -> Mistake:
    known = [field.alias or name for name, field in model.model_fields.items()]
    near = get_close_matches(str(path[-1]), known, n=1)
    return Mistake(
        path,
        f"there is no field {_shown(path[-1])} here",
        f"Did you mean '{near[0]}'?" if near else f"The fields are: {', '.join(known)}",
    )


def _wrong_kind(path: Path, value: object) -> Mistake:
    kinds = ", ".join(f"'{kind}'" for kind in STEP_KINDS)
    match value:
        case dict():
            names = [str(name) for name in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - a value as it was written
            said = [name for name in names if name in STEP_KINDS]
            if len(said) > 1:
                return Mistake(
                    path, f"one step says {' and '.join(said)}", "Make each a step of its own, beginning with '- '"
                )
            near = [close for name in names for close in get_close_matches(name, STEP_KINDS, n=1)]
            message = "this step does not say what to do"
            return Mistake(path, message, f"Did you mean '{near[0]}'?" if near else f"The kinds of step are {kinds}")
        case str() if value in STEP_KINDS:
            return Mistake(path, f"'{value}' needs to say what", f"Write '- {value}: …'")
        case _:
            return Mistake(
                path, f"this is no step, but {_what(value)}", f"The kinds of step are {kinds}: '- wait: 2 days'"
            )


def _wrong_pattern(path: Path, value: object) -> Mistake:
    if path[-1] == "on":
        return Mistake(
            path,
            f"{_shown(value)} is not the name of an event",
            "Write the alert's code, a dot and its event, for example 'back-in-stock.alert'",
        )
    return Mistake(
        path,
        f"{_shown(value)} is no short name",
        "Use lower-case letters, digits and hyphens, at most 63, beginning with a letter or digit",
    )


def _not_text(path: Path, value: object) -> Mistake:
    match value:
        case None:
            return Mistake(path, "this is empty", "Write a text, or remove the field if it is not needed")
        case bool() | int() | float():
            return Mistake(path, f"this is a text, but here is {_what(value)}", "Put it in quotes")
        case _:
            return Mistake(path, f"this is a text, but here is {_what(value)}", "Write one text, in quotes if need be")


def _not_a_group(path: Path, value: object) -> Mistake:
    if not path:
        return Mistake(path, f"this is no conversation, but {_what(value)}", "Begin with a line 'conversation: …'")
    return Mistake(path, f"this is a group of fields, but here is {_what(value)}", "Write 'name: value' lines below it")


def _own_words(path: Path, text: str) -> Mistake:
    """The rules in schemas say what is wrong, a colon, and what to do."""
    message, colon, advice = text.removeprefix("Value error, ").rpartition(": ")
    if not colon:
        message, advice = advice, "Correct the value"
    return Mistake(path, _bounded(message), _bounded(advice[:1].upper() + advice[1:]))


def _what(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "a group of fields"
        case list() | tuple():
            return "a list"
        case _:
            return _shown(value)


def _shown(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None | dict() | list() | tuple():
            return _what(value)  # pyright: ignore[reportUnknownArgumentType] - a value as it was written
        case _:
            text = repr(value)
            return text if len(text) <= 80 else f"{text[:79]}…"


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 1]}…"
