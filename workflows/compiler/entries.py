"""Checks how a document is entered: each thread on an event that exists, and each alert's event by a thread."""

from collections.abc import Iterator
from difflib import get_close_matches

from schemas.document.alert_types.registry import raised_events
from schemas.document.alert_types.vocabulary import Action, AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.ids import Level
from schemas.names import CUSTOM, SHOP_EVENTS, is_shop_event
from workflows.compiler.diagnostics import Diagnostic, Path

SHOP_EVENTS_IN_WORDS = f"what a contact does: {', '.join(SHOP_EVENTS)}, or {CUSTOM}<name> for an event of your own"


def find_entry_errors(document: ConversationDocument) -> Iterator[Diagnostic]:
    """What is wrong with the events that threads are entered on."""
    yield from _nothing_enters(document)
    yield from _alert_errors(document)
    yield from _thread_errors(document)


def _nothing_enters(document: ConversationDocument) -> Iterator[Diagnostic]:
    if not document.alerts and all(thread.on is None for thread in document.threads):
        yield Diagnostic(
            ("threads",),
            "nobody enters this conversation: it has no alert, and no thread is entered on an event",
            f"Add an 'on' to the thread it begins with. The events are {SHOP_EVENTS_IN_WORDS}",
        )


def _alert_errors(document: ConversationDocument) -> Iterator[Diagnostic]:
    answered = {thread.on for thread in document.threads}
    first_of_type: dict[str, str] = {}
    for code, alert in document.alerts.items():
        if f"{code}." == CUSTOM:
            yield Diagnostic(
                ("alerts", code),
                f"'{code}' cannot be the short name of an alert: events of your own begin with it",
                "Give the alert another short name",
            )
        first = first_of_type.setdefault(alert.type, code)
        if first != code:
            yield Diagnostic(
                ("alerts", code),
                f"'{first}' is of the type {alert.type} already, and a list has one alert of each type, "
                "with one action",
                "Put one of the two into a conversation of its own, with a second list, or remove it",
            )
        queue = alert.queue
        if queue.units_per_contact > 1 and queue.contacts_per_unit != 1:
            yield Diagnostic(
                ("alerts", code, "units_per_contact"),
                "'contacts_per_unit' lets several contacts share a unit, and this keeps several units for each contact",
                "Keep one of the two",
            )
        if queue.units_per_contact > 1 and alert.level is Level.PRODUCT:
            yield Diagnostic(
                ("alerts", code, "units_per_contact"),
                "several units for each contact are of one variant, and this watches the product, whose units are "
                "summed: ten sizes with one unit each would be places for nobody",
                "Watch the variant: remove 'level: product'; or remove 'units_per_contact'",
            )
        if queue.stay_until_bought is not None and queue.newest_first:
            yield Diagnostic(
                ("alerts", code, "stay_until_bought"),
                "who stays stands behind those who were never told, and 'first-in-last-out' would call them first",
                "Remove 'order', or 'stay_until_bought'",
            )
        if f"{code}.{AlertEvent.ALERT}" not in answered:
            yield Diagnostic(
                ("alerts", code),
                f"no thread answers the alert '{code}', so its contacts would wait and never be told",
                f"Add a thread with 'on: {code}.{AlertEvent.ALERT}', or remove the alert",
            )
        if alert.queue.reminders and f"{code}.{AlertEvent.FOLLOW_UP}" not in answered:
            yield Diagnostic(
                ("alerts", code, "reminders"),
                "no thread answers these reminders, so nobody would be reminded",
                f"Add a thread with 'on: {code}.{AlertEvent.FOLLOW_UP}', or remove 'reminders'",
            )


def _thread_errors(document: ConversationDocument) -> Iterator[Diagnostic]:
    raised = [f"{code}.{event}" for code, alert in document.alerts.items() for event in raised_events(alert)]
    first_named: dict[str, int] = {}
    first_on: dict[str, int] = {}
    for index, thread in enumerate(document.threads):
        namesake = first_named.setdefault(thread.name, index)
        if namesake != index:
            yield Diagnostic(
                ("threads", index, "name"),
                f"threads[{namesake}] is called '{thread.name}' too, and a 'go_to' says which by the name",
                "Give one of them another name",
            )
        if thread.on is None:
            if thread.when is not None:
                yield Diagnostic(
                    ("threads", index, "when"),
                    "nobody is asked these criteria: they are asked when an event happens, and this thread has no 'on'",
                    "Add an 'on' with the event, or use a 'decide' step",
                )
            continue
        first = first_on.get(thread.on)
        if first is not None:
            yield Diagnostic(
                ("threads", index, "on"),
                f"this thread is never entered: '{document.threads[first].name}' (threads[{first}]) comes first "
                f"and is entered on the same event, {thread.on}, by everyone",
                "Give the first one criteria with 'when', put the steps of both into one thread, or remove one",
            )
        elif thread.when is None:
            first_on[thread.on] = index
        if thread.on not in raised and not is_shop_event(thread.on):
            yield _no_such_event(document, ("threads", index, "on"), thread.on, raised)


def _no_such_event(document: ConversationDocument, path: Path, on: str, raised: list[str]) -> Diagnostic:
    code, _, event = on.partition(".")
    of_alerts = f"{', '.join(raised)}; and " if raised else ""
    there_are = f"The events there are: {of_alerts}{SHOP_EVENTS_IN_WORDS}"
    near = get_close_matches(on, raised, n=1, cutoff=0.85)
    advice = f"Did you mean '{near[0]}'? {there_are}" if near else there_are
    if code not in document.alerts:
        if not near and get_close_matches(f"{code}.", [CUSTOM], cutoff=0.7):
            advice = f"Did you mean '{CUSTOM}{event}'? {there_are}"
        return Diagnostic(path, f"there is no alert '{code}'", advice)
    alert = document.alerts[code]
    if event in (AlertEvent.FOLLOW_UP, AlertEvent.SUBSCRIPTION) and event not in alert.may_raise:
        message = f"alerts of the type {alert.type} raise no event '{event}'"
    elif event == AlertEvent.FOLLOW_UP:
        message = f"the alert '{code}' has no reminders, so it raises no event '{event}'"
        advice = "Give the alert 'reminders' with a line 'after: 2 days', or remove this thread"
    elif event == AlertEvent.SUBSCRIPTION and alert.action is not Action.SIGN_UP:
        message = f"nobody signs up for the alert '{code}': its contacts {alert.action}"
    else:
        message = f"the alert '{code}' raises no event '{event}'"
    return Diagnostic(path, message, advice)
