"""Says what is wrong with an alert, or with the list it belongs to, where a type of alert decides what is right."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import cast

from activities.senders.email.mime import parse_sender
from schemas.document.alert_types.registry import ALERT_TYPES, AnyAlert
from schemas.document.alert_types.vocabulary import Action
from schemas.document.conversation import ListSection
from starter.authoring.marked_yaml import Plain
from starter.authoring.shown_values import one_of, shown
from workflows.compiler.diagnostics import Diagnostic, Path

ALERT_OF_TYPE: Mapping[str, type[AnyAlert]] = {str(type_): model for type_, model in ALERT_TYPES.items()}
_TYPES = [*ALERT_OF_TYPE]


def unknown_type(path: Path, alert: object) -> Diagnostic:
    """The alert says a type that does not exist."""
    said = cast("Mapping[str, object]", alert).get("type") if isinstance(alert, dict) else None
    written = said.strip().lower().replace("_", "-").replace(" ", "-") if isinstance(said, str) else ""
    near = get_close_matches(written, _TYPES, n=1)
    types = f"The types are {', '.join(_TYPES)}"
    return Diagnostic(
        (*path, "type"),
        f"{shown(said)} is no type of alert" if said is not None else "this is empty",
        f"Did you mean '{near[0]}'? {types}" if near else types,
    )


def no_type(path: Path, alert: object) -> Diagnostic:
    """The alert does not say its type; what it says besides may tell which was meant."""
    fields = [str(name) for name in cast("dict[object, object]", alert)] if isinstance(alert, dict) else []
    misspelt = [name for name in fields if get_close_matches(name.lower(), ["type"], n=1, cutoff=0.7)]
    meant = [type_ for type_ in _TYPES if any(_types_with(name) == [type_] for name in fields)]
    if misspelt:
        advice = f"Did you mean 'type' where it says {shown(misspelt[0])}?"
    elif len(meant) == 1:
        advice = f"Add a line 'type: {meant[0]}' here"
    else:
        advice = f"Add a line 'type: …' here; the types are {', '.join(_TYPES)}"
    return Diagnostic(path, "'type' is missing", advice)


def unknown_alert_field(path: Path, type_: str) -> Diagnostic:
    """The alert has a field that its type does not have; perhaps another one does, or the list."""
    name = str(path[-1])
    own = [*ALERT_OF_TYPE[type_].model_fields]
    if owners := _types_with(name):
        return Diagnostic(
            path, f"{_alerts(type_)} have no '{name}'; {_alerts(*owners)} do", _instead(name, type_, owners)
        )
    if name in ListSection.model_fields:
        return Diagnostic(path, f"'{name}' is said of the whole list, not of one alert", "Move it below 'list:'")
    if near := get_close_matches(name, own, n=1):
        return Diagnostic(path, f"there is no field {shown(name)} here", f"Did you mean '{near[0]}'?")
    others = [field for model in ALERT_OF_TYPE.values() for field in model.model_fields if field not in own]
    if near := get_close_matches(name, others, n=1):
        message = f"there is no field {shown(name)} here; {_alerts(*_types_with(near[0]))} have '{near[0]}'"
        return Diagnostic(path, message, _instead(near[0], type_, _types_with(near[0])))
    return Diagnostic(path, f"there is no field {shown(name)} here", f"The fields are: {', '.join(own)}")


def wrong_action(path: Path, value: object, allowed: list[str]) -> Diagnostic:
    """The alert is fed by what does not feed its type, or by nothing there is."""
    if isinstance(value, str) and value in [*Action]:
        return Diagnostic(path, f"'{value}' puts nobody in the queue of this type of alert", f"Write {one_of(allowed)}")
    written = value.strip().lower().replace("_", "-").replace(" ", "-") if isinstance(value, str) else ""
    near = get_close_matches(written, allowed, n=1)
    advice = f"Did you mean '{near[0]}'?" if near else f"Write {one_of(allowed)}"
    return Diagnostic(path, f"{shown(value)} is no action" if value is not None else "this is empty", advice)


def wrong_currency(path: Path, value: object) -> Diagnostic:
    """The list's currency is not three capital letters."""
    capitals = value.strip().upper() if isinstance(value, str) else ""
    is_code = len(capitals) == 3 and capitals.isascii() and capitals.isalpha()
    return Diagnostic(
        path,
        f"{shown(value)} is not the code of a currency",
        f"Did you mean '{capitals}'?" if is_code else "Write its three capital letters, like EUR or USD",
    )


def find_sender_errors(document: Plain) -> tuple[Diagnostic, ...]:
    """A sender that is no From address: the same rule that is used when a message leaves."""
    section = document.get("list") if isinstance(document, dict) else None
    sender = section.get("sender") if isinstance(section, dict) else None
    if not isinstance(sender, str) or not sender.strip():
        return ()
    try:
        parse_sender(sender.strip())
    except ValueError:
        # Not its own words: they speak of "the sender", and here the path says so.
        return (
            Diagnostic(
                ("list", "sender"),
                f"{shown(sender)} is not an address mail can be sent from",
                'Write a name and an address, like "Blue Shop <hello@shop.example>", or the address alone',
            ),
        )
    return ()


def _types_with(field: str) -> list[str]:
    """The types that have this field, unless all have it."""
    having = [type_ for type_, model in ALERT_OF_TYPE.items() if field in model.model_fields]
    return having if len(having) < len(ALERT_OF_TYPE) else []


def _alerts(*types: str) -> str:
    return f"{' and '.join(types)} alerts"


def _instead(field: str, type_: str, owners: list[str]) -> str:
    if field in [model.bound for model in ALERT_OF_TYPE.values()]:
        return f"Write '{ALERT_OF_TYPE[type_].bound}', or make this 'type: {owners[0]}'"
    return f"Remove it, or make this 'type: {owners[0]}'"
