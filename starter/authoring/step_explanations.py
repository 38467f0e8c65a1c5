"""Says what is wrong with a step, at any depth: where it is by the document, which step was meant, which event."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import cast

from activities.outbound.addresses import check_url
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import SECTIONS, STEP_KINDS, BaseBranch, BaseStep, every_step
from schemas.names import CUSTOM, SHOP_EVENTS
from starter.authoring.shown_values import shown
from workflows.compiler.diagnostics import Diagnostic, Path
from workflows.compiler.semantic_checks import repeated_step_id

_ELSEWHERE: Mapping[str, str] = {name: kind for kind, section in SECTIONS.items() for name in section.also_called}
"""What other tools call our steps."""
_OTHER_EVENTS: Mapping[str, str] = {
    "viewed": "viewed_product",
    "browsed": "viewed_product",
    "carted": "added_to_cart",
    "cart": "added_to_cart",
    "checkout": "checkout_started",
    "order": "ordered",
    "purchase": "bought",
    "purchased": "bought",
    "signed_up": "joined_list",
    "subscribed": "joined_list",
    "opened": "opened_message",
    "clicked": "clicked_message",
    "opted_out": "unsubscribed",
}
"""What others call what a contact does."""
_OWN_EVENT = f"'{CUSTOM}<name>' for an event of your own"


def find_address_errors(document: ConversationDocument) -> Iterator[Diagnostic]:
    """Webhook addresses that are called on no installation: the same rule that is used at every call."""
    for path, url in _addresses(document):
        if (told := check_url(url, private_hosts=True)) is not None:
            yield _told(path, told)


def find_address_warnings(document: ConversationDocument) -> Iterator[Diagnostic]:
    """Those that are called only where the installation's setting lets calls into its own network."""
    for path, url in _addresses(document):
        if check_url(url, private_hosts=True) is None and (told := check_url(url)) is not None:
            yield _told(path, told)


def find_repeated_ids(value: object) -> Iterator[Diagnostic]:
    """Steps with the id of another, in a document of which other parts are invalid: all mistakes are told at once."""
    first_with: dict[str, Path] = {}
    threads = cast("dict[str, object]", value).get("threads") if isinstance(value, dict) else None
    for path, own in _ids_within(threads, ("threads",)):
        first = first_with.setdefault(own, path)
        if first != path:
            yield repeated_step_id(path, own, first)


def _ids_within(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case list():
            for index, each in enumerate(cast("list[object]", value)):
                yield from _ids_within(each, (*path, index))
        case dict():
            fields = cast("dict[str, object]", value)
            if isinstance(own := fields.get("id"), str) and isinstance(path[-1], int):
                yield path, own
            for name, each in fields.items():
                yield from _ids_within(each, (*path, name))
        case _:
            return


def _addresses(document: ConversationDocument) -> Iterator[tuple[Path, str]]:
    for index, thread in enumerate(document.threads):
        for way, step in every_step(thread.steps):
            if step.address is not None:
                yield ("threads", index, "steps", *way, step.kind), step.address


def _told(path: Path, told: str) -> Diagnostic:
    message, _, advice = told.rpartition(": ")
    return Diagnostic(path, message, advice[:1].upper() + advice[1:])


def in_step(path: Path) -> bool:
    """Whether this location of Pydantic's lies in a step."""
    return len(path) >= 4 and path[0] == "threads" and path[2] == "steps"


def step_path(location: Path) -> tuple[Path, type[BaseStep | BaseBranch] | None]:
    """The way in the document to a location of Pydantic's in a step, which names the kind of each step on the way.

    Returns:
        Also the section that the last name of the location is a field of; None where it ends at a step.
    """
    path: Path = location[:4]
    rest: Path = location[4:]
    while rest:
        section = SECTIONS[str(rest[0])]
        inside: list[str | int] = [*rest[1:]]
        match inside:
            case [section.kind, int(), "steps", int(), *deeper] if section.branch_type is not None:
                path, rest = (*path, *inside[:4]), (*deeper,)
            case [field, int(), *deeper] if field in section.step_lists:
                path, rest = (*path, *inside[:2]), (*deeper,)
            case [field, *_] if field in section.explained:
                # Below it Pydantic names each kind of value that it is not.
                return (*path, field), section
            case [section.kind, int(), _, *_] if section.branch_type is not None:
                return (*path, *inside), section.branch_type
            case _:
                return (*path, *inside), section
    return path, None


def own_explanation(location: Path, value: object) -> Diagnostic | None:
    """What the kind of step says itself of a value that cannot stand in a field of it; None where it has no words."""
    path, section = step_path(location)
    if section is None or not issubclass(section, BaseStep) or path[-1] not in section.explained:
        return None
    message, advice = section.explained[str(path[-1])](value)
    return Diagnostic(path, message.replace("{value}", shown(value)), advice)


def unknown_step_field(path: Path, section: type[BaseStep | BaseBranch]) -> Diagnostic:
    """A step, or a branch of one, has a field that it does not have."""
    name = str(path[-1])
    known = [*section.model_fields]
    owner = next((kind for kind, other in SECTIONS.items() if name in other.model_fields), None)
    if near := get_close_matches(name, known, n=1):
        advice = f"Did you mean '{near[0]}'?"
    elif name in STEP_KINDS:
        advice = f"Make it a step of its own, beginning with '- {name}: …'"
    elif owner is not None:
        advice = f"'{name}' is said of '{owner}' steps. The fields are: {', '.join(known)}"
    else:
        advice = f"The fields are: {', '.join(known)}"
    return Diagnostic(path, f"there is no field {shown(path[-1])} here", advice)


def wrong_kind(path: Path, value: object) -> Diagnostic:
    """What stands in the place of a step says nothing to do, or several things."""
    kinds = ", ".join(f"'{kind}'" for kind in STEP_KINDS)
    match value:
        case dict():
            names = [str(name) for name in cast("dict[object, object]", value)]
            said = [name for name in names if name in STEP_KINDS]
            if len(said) > 1:
                return Diagnostic(
                    path, f"one step says {' and '.join(said)}", "Make each a step of its own, beginning with '- '"
                )
            near = [close for name in names if (close := _kind_like(name)) is not None]
            owners = [(name, kind) for name in names for kind, other in SECTIONS.items() if name in other.model_fields]
            message = "this step does not say what to do"
            if near:
                return Diagnostic(path, message, f"Did you mean '{near[0]}'?")
            if owners and owners[0][0] != "id":
                name, kind = owners[0]
                advice = f"'{name}' belongs to a step '{kind}': write it below that one, without '- '"
                return Diagnostic(path, message, advice)
            return Diagnostic(path, message, f"The kinds of step are {kinds}")
        case str() if value in STEP_KINDS:
            return Diagnostic(path, f"'{value}' needs to say what", f"Write '- {value}: …'")
        case str() if (near_kind := _kind_like(value)) is not None:
            return Diagnostic(path, f"this is no step, but {shown(value)}", f"Did you mean '- {near_kind}: …'?")
        case _:
            return Diagnostic(
                path, f"this is no step, but {shown(value)}", f"The kinds of step are {kinds}: '- wait: 2 days'"
            )


def _kind_like(name: str) -> str | None:
    written = name.strip().lower().replace("-", "_").replace(" ", "_")[:40]
    return next(iter(get_close_matches(written, STEP_KINDS, n=1)), _ELSEWHERE.get(written))


def wrong_event(path: Path, value: object) -> Diagnostic:
    """A text that names no event."""
    text = value if isinstance(value, str) else ""
    written = text.strip().lower().replace("-", "_").replace(" ", "_")[:40]
    near = get_close_matches(written, SHOP_EVENTS, n=1, cutoff=0.75)
    meant = near[0] if near else _OTHER_EVENTS.get(written)
    message = f"{shown(value)} is not the name of an event"
    what_contacts_do = f"{', '.join(SHOP_EVENTS)}, or {_OWN_EVENT}"
    on = path[-1] == "on"
    if meant is not None:
        advice = f"Did you mean '{meant}'?"
    elif written.startswith(CUSTOM.rstrip(".")):
        advice = f"Write {_OWN_EVENT}: one to 100 characters after the dot, without spaces at its ends"
    elif on:
        advice = (
            "Write the alert's code, a dot and its event, for example 'back-in-stock.alert', "
            f"or what a contact does: {what_contacts_do}"
        )
    elif "." in text:
        message = f"{shown(value)} is nothing that a contact does"
        advice = f"What an alert raises enters a thread, by 'on'. Here stands what a contact does: {what_contacts_do}"
    else:
        advice = f"Write what a contact does: {what_contacts_do}"
    return Diagnostic(path, message, advice)


def wrong_text(location: Path, value: object) -> Diagnostic | None:
    """A text of a step that is not written as it must be; None where it is a short name like others."""
    path, section = step_path(location)
    if section is None or not issubclass(section, BaseStep) or path[-1] != section.kind or section.wrong_text is None:
        return None
    message, advice = section.wrong_text
    return Diagnostic(path, f"{shown(value)} {message}", advice)
