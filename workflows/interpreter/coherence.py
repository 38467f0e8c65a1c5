"""The rules that hold between the parts of a document: a send names a message that exists, a thread an event that is
raised, every step is reached. What one part may say by itself is the business of schemas.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from schemas.alerts import Action, AlertEvent, BackInStock, LowInventory, PriceDrop, raised_events
from schemas.conversation import ConversationDocument
from schemas.ids import StepId
from schemas.names import is_shop_event
from schemas.steps import AnyStep, ExitStep, SendStep, every_step
from workflows.interpreter.mistakes import Mistake, Path, format_path
from workflows.interpreter.step_ids import RESERVED_STEP_IDS, step_id


def find_mistakes(document: ConversationDocument) -> tuple[Mistake, ...]:
    """Everything that keeps the document from being published, in no particular order."""
    return (
        *_alert_mistakes(document),
        *_entry_mistakes(document),
        *_step_id_mistakes(document),
        *_send_mistakes(document),
        *_unreachable_steps(document),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    section: AnyStep


def _places(document: ConversationDocument) -> Iterator[_Place]:
    for index, thread in enumerate(document.threads):
        for way, section in every_step(thread.steps):
            yield _Place(("threads", index, "steps", *way), section)


def _alert_mistakes(document: ConversationDocument) -> Iterator[Mistake]:
    answered = {thread.on for thread in document.threads}
    first_of_kind: dict[tuple[str, str], str] = {}
    for code, alert in document.alerts.items():
        first = first_of_kind.setdefault((alert.type, alert.action), code)
        if first != code:
            yield Mistake(
                ("alerts", code),
                f"'{first}' already watches for {alert.type} by {alert.action}, "
                "and a list has one alert of each type for one action",
                "Remove one of the two, give one another action, or put it in a conversation for another list",
            )
        if f"{code}.{AlertEvent.ALERT}" not in answered:
            yield Mistake(
                ("alerts", code),
                f"no thread answers the alert '{code}', so its contacts would wait and never be told",
                f"Add a thread with 'on: {code}.{AlertEvent.ALERT}', or remove the alert",
            )
        if isinstance(alert, BackInStock) and alert.reminders and f"{code}.{AlertEvent.FOLLOW_UP}" not in answered:
            yield Mistake(
                ("alerts", code, "reminders"),
                "no thread answers these reminders, so nobody would be reminded",
                f"Add a thread with 'on: {code}.{AlertEvent.FOLLOW_UP}', or remove 'reminders'",
            )


def _entry_mistakes(document: ConversationDocument) -> Iterator[Mistake]:
    raised = [f"{code}.{event}" for code, alert in document.alerts.items() for event in raised_events(alert)]
    first_on: dict[str, int] = {}
    for index, thread in enumerate(document.threads):
        if thread.on is None:
            continue
        first = first_on.get(thread.on)
        if first is not None:
            yield Mistake(
                ("threads", index, "on"),
                f"this thread is never entered: '{document.threads[first].name}' (threads[{first}]) comes first "
                f"and is entered on the same event, {thread.on}, by everyone",
                "Give the first one criteria with 'when', put the steps of both into one thread, or remove one",
            )
        elif thread.when is None:
            first_on[thread.on] = index
        if thread.on not in raised and not is_shop_event(thread.on):
            yield _no_such_event(document, ("threads", index, "on"), thread.on, raised)


def _no_such_event(document: ConversationDocument, path: Path, on: str, raised: list[str]) -> Mistake:
    code, _, event = on.partition(".")
    there_are = f"The events there are: {', '.join(raised)}"
    near = get_close_matches(on, raised, n=1, cutoff=0.85)
    advice = f"Did you mean '{near[0]}'? {there_are}" if near else there_are
    if code not in document.alerts:
        return Mistake(path, f"there is no alert '{code}'", advice)
    match document.alerts[code], event:
        case BackInStock(), AlertEvent.FOLLOW_UP:
            message = f"the alert '{code}' has no reminders, so it raises no event '{event}'"
            advice = "Give the alert 'reminders' with a line 'after: 2 days', or remove this thread"
        case BackInStock(action=Action.BROWSE), AlertEvent.SUBSCRIPTION:
            message = f"nobody signs up for the alert '{code}': its contacts browse"
        case ((PriceDrop() | LowInventory() as alert), (AlertEvent.FOLLOW_UP | AlertEvent.SUBSCRIPTION)):
            message = f"alerts of the type {alert.type} raise no event '{event}'"
        case _:
            message = f"the alert '{code}' raises no event '{event}'"
    return Mistake(path, message, advice)


def _step_id_mistakes(document: ConversationDocument) -> Iterator[Mistake]:
    first_with: dict[StepId, Path] = {}
    for place in _places(document):
        own = step_id(place.section)
        if own in RESERVED_STEP_IDS:
            yield Mistake(
                place.path,
                f"the step id '{own}' is taken: it stands for the time between threads",
                "Give this step an 'id' of its own",
            )
        first = first_with.setdefault(own, place.path)
        if first != place.path:
            yield Mistake(
                place.path,
                f"the step id '{own}' is already that of {format_path(first)}; "
                "reports and running journeys tell steps apart by it",
                f"Give this step an id of its own, for example 'id: {_free_id(own, document)}'",
            )


def _free_id(taken: StepId, document: ConversationDocument) -> str:
    used = {step_id(place.section) for place in _places(document)}
    return next(name for count in range(2, len(used) + 3) if (name := f"{taken[:55]}-{count}") not in used)


def _send_mistakes(document: ConversationDocument) -> Iterator[Mistake]:
    for place in _places(document):
        if isinstance(place.section, SendStep) and place.section.send not in document.messages:
            code = place.section.send
            near = get_close_matches(code, document.messages, n=1)
            yield Mistake(
                (*place.path, "send"),
                f"there is no message '{code}'",
                f"Did you mean '{near[0]}'?" if near else f"The messages there are: {', '.join(document.messages)}",
            )


def _unreachable_steps(document: ConversationDocument) -> Iterator[Mistake]:
    for index, thread in enumerate(document.threads):
        exits = [position for position, section in enumerate(thread.steps) if isinstance(section, ExitStep)]
        if exits and exits[0] + 1 < len(thread.steps):
            yield Mistake(
                ("threads", index, "steps", exits[0] + 1),
                f"no contact gets here: the thread is left at the exit before it (steps[{exits[0]}])",
                "Move the exit to the end, or remove what follows it",
            )
