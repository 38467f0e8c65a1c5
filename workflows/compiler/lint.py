"""Lint warnings: what is allowed in a document but probably not meant. They do not prevent publishing."""

from collections.abc import Iterator

from schemas.document.alert_types.registry import raised_events
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import SendStep, Status
from schemas.names import is_shop_event
from schemas.time.durations import format_duration
from workflows.compiler.cap_lint import find_cap_warnings
from workflows.compiler.control_flow import Flow
from workflows.compiler.diagnostics import Diagnostic
from workflows.compiler.lapse_lint import find_lapse_warnings
from workflows.compiler.store_lint import find_store_warnings
from workflows.compiler.together_lint import find_together_warnings


def find_lint_warnings(document: ConversationDocument) -> tuple[Diagnostic, ...]:
    """What is allowed but probably not meant."""
    flow = Flow(document)
    return (
        *_unsent_messages(document, flow),
        *_threads_without_message(document, flow),
        *_nobody_enlisted(document, flow),
        *_nobody_enters(document, flow),
        *_told_only_by_criteria(document),
        *_answered_only_for_others(document),
        *_held_up_by_a_rest(document, flow),
        *_drafts_behind_rests(flow),
        *_done_once(flow),
        *_never_seen(document, flow),
        *_nothing_to_choose(flow),
        *_buyers_are_written_to(document, flow),
        *_without_effect(document),
        *find_lapse_warnings(document, flow),
        *find_store_warnings(document),
        *find_cap_warnings(document),
        *find_together_warnings(document),
    )


def _unsent_messages(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    sent = {spot.section.send for spot in flow.spots.values() if isinstance(spot.section, SendStep)}
    said_in_line = {each.send for alert in document.alerts.values() for each in alert.queue.while_waiting}
    for code in document.messages:
        if code not in sent | said_in_line and code != document.list.double_opt_in:
            yield Diagnostic(
                ("messages", code), "no step sends this message", f"Send it with '- send: {code}', or remove it"
            )


def _threads_without_message(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    for index, thread in enumerate(document.threads):
        reached = [spot.section for spot in flow.reached([index]).values()]
        code, _, event = (thread.on or "").partition(".")
        answers_alert = event == AlertEvent.ALERT and code in document.alerts
        if any(isinstance(step, SendStep) for step in reached):
            continue
        if answers_alert or not any(step.acts for step in reached):
            nobody = f", so nobody is enlisted for '{code}' by it" if answers_alert else ""
            yield Diagnostic(
                ("threads", index),
                f"this thread sends no message{nobody}",
                "Add a 'send' step, or remove the thread" if not nobody else "Add a 'send' step",
            )


def _nobody_enlisted(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    for code in document.alerts:
        answering = _threads_on(document, f"{code}.{AlertEvent.ALERT}")
        sends = [spot.section for spot in flow.reached(answering).values() if isinstance(spot.section, SendStep)]
        if sends and all(step.status is Status.DRAFT for step in sends):
            yield Diagnostic(
                ("alerts", code),
                "nobody is enlisted while every message behind this alert is a draft",
                f"Remove 'status: draft' from a message of '{document.threads[answering[0]].name}' when it is ready",
            )


def _nobody_enters(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    entered = any(is_shop_event(thread.on or "") for thread in document.threads)
    sends = [spot.section for spot in flow.spots.values() if isinstance(spot.section, SendStep)]
    if entered and sends and all(step.status is Status.DRAFT for step in sends):
        yield Diagnostic(
            ("threads",),
            "nobody enters while every message of this conversation is a draft",
            "Remove 'status: draft' from a message when it is ready",
        )


def _told_only_by_criteria(document: ConversationDocument) -> Iterator[Diagnostic]:
    for code in document.alerts:
        answering = _threads_on(document, f"{code}.{AlertEvent.ALERT}")
        if answering and all(document.threads[index].when is not None for index in answering):
            yield Diagnostic(
                ("threads", answering[-1], "when"),
                f"whose turn comes and who meets none of the criteria on '{code}.{AlertEvent.ALERT}' is told nothing",
                "Add a last thread on this event without 'when', or say in the alert's 'profile_filter' whom it is for",
            )


def _answered_only_for_others(document: ConversationDocument) -> Iterator[Diagnostic]:
    """An event without a thread is fine; one that has a thread for one alert and none for another looks forgotten."""
    answered = {thread.on for thread in document.threads}
    for event in (AlertEvent.SUBSCRIPTION, AlertEvent.DISCONTINUED):
        raising = [code for code, alert in document.alerts.items() if event in raised_events(alert)]
        answering = [code for code in raising if f"{code}.{event}" in answered]
        for code in raising:
            if answering and code not in answering:
                yield Diagnostic(
                    ("alerts", code),
                    f"no thread answers '{code}.{event}', though one answers '{answering[0]}.{event}'",
                    f"Add a thread with 'on: {code}.{event}', unless silence is what you want",
                )


def _held_up_by_a_rest(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    signed_up = [
        index
        for index, thread in enumerate(document.threads)
        if (thread.on or "").partition(".") in [(code, ".", AlertEvent.SUBSCRIPTION) for code in document.alerts]
    ]
    for path, spot in flow.reached(signed_up).items():
        if (rest := spot.section.rest) is None:
            continue
        later = f", up to {format_duration(rest.longest)} later" if rest.longest is not None else ""
        yield Diagnostic(
            path,
            f"a contact whose turn comes during this wait hears of it only when this thread has ended{later}",
            "Keep this thread to what is said at once; who waits in line needs no 'wait'",
        )


def _without_effect(document: ConversationDocument) -> Iterator[Diagnostic]:
    for code, alert in document.alerts.items():
        if alert.queue.contacts_per_unit is not None:
            continue
        if alert.queue.newest_first:
            yield Diagnostic(
                ("alerts", code, "order"),
                "everyone is told at once, so the order decides nothing",
                "Give 'contacts_per_unit' a number, or remove 'order'",
            )
        if alert.queue.offer_lapses_after is not None:
            yield Diagnostic(
                ("alerts", code, "offer_lapses_after"),
                "everyone is told at once, so an offer that lapses passes to nobody",
                "Give 'contacts_per_unit' a number, or remove 'offer_lapses_after'",
            )


def _drafts_behind_rests(flow: Flow) -> Iterator[Diagnostic]:
    for path, spot in flow.after_rests().items():
        if isinstance(spot.section, SendStep) and spot.section.status is Status.DRAFT:
            yield Diagnostic(
                path,
                "this is a draft behind a wait: who is under way keeps this version and is sent nothing here, "
                "also when it has been made live meanwhile",
                "Make it live or manual, or take it out until it is ready",
            )


def _done_once(flow: Flow) -> Iterator[Diagnostic]:
    """A step whose effect is in a ledger is done once per thread, however often a contact comes by."""
    for path in flow.in_loops():
        if (what := flow.spots[path].section.once) is not None:
            yield Diagnostic(
                path,
                f"a contact may come by here again, but {what} once: no step says the same thing twice",
                "Write the messages that are to follow as steps of their own",
            )


def _never_seen(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    ends = dict.fromkeys(document.goal_on, "goal_on") | dict.fromkeys(document.exit_on, "exit_on")
    for path, spot in flow.spots.items():
        for index, event in enumerate(spot.section.awaited):
            if event in ends:
                yield Diagnostic(
                    (*path, spot.section.kind, index),
                    f"'{event}' is never seen here: by '{ends[event]}' it ends the whole conversation",
                    f"Remove it here, or from '{ends[event]}'",
                )


def _nothing_to_choose(flow: Flow) -> Iterator[Diagnostic]:
    for path, spot in flow.spots.items():
        ways = spot.section.ways()
        if any(way.branch for way in ways) and not any(way.steps for way in ways):
            yield Diagnostic(
                path, "every branch is empty, so all contacts go the same way", "Give a branch steps, or remove this"
            )


def _buyers_are_written_to(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    """Only the verdict on an alert's message checks whether the contact has bought."""
    if {"bought", "ordered"} & {*document.goal_on, *document.exit_on}:
        return
    for index, thread in enumerate(document.threads):
        sends = any(isinstance(spot.section, SendStep) for spot in flow.reached([index]).values())
        if thread.on in ("added_to_cart", "checkout_started") and sends:
            yield Diagnostic(
                ("threads", index, "on"),
                "who buys meanwhile is written to all the same",
                "Add a line 'goal_on: [bought]' to the conversation",
            )


def _threads_on(document: ConversationDocument, event: str) -> list[int]:
    return [index for index, thread in enumerate(document.threads) if thread.on == event]
