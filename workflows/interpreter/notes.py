"""What a document may say but probably does not mean: notes, which do not stand against publishing it."""

from collections.abc import Iterator
from datetime import timedelta

from schemas.alerts import AlertEvent, BackInStock, Order, raised_events
from schemas.conversation import ConversationDocument, ThreadSection
from schemas.durations import format_duration
from schemas.steps import SendStep, Status, WaitStep, every_step
from workflows.interpreter.mistakes import Mistake


def find_notes(document: ConversationDocument) -> tuple[Mistake, ...]:
    """What is allowed but probably not meant."""
    return (
        *_unsent_messages(document),
        *_silent_threads(document),
        *_nobody_enlisted(document),
        *_answered_only_for_others(document),
        *_held_up_by_a_wait(document),
        *_without_effect(document),
        *_after_the_offer_lapsed(document),
    )


def _unsent_messages(document: ConversationDocument) -> Iterator[Mistake]:
    sent = {step.send for thread in document.threads for step in _sends(thread)}
    for code in document.messages:
        if code not in sent:
            yield Mistake(
                ("messages", code), "no step sends this message", f"Send it with '- send: {code}', or remove it"
            )


def _silent_threads(document: ConversationDocument) -> Iterator[Mistake]:
    for index, thread in enumerate(document.threads):
        if not any(_sends(thread)):
            code, _, event = (thread.on or "").partition(".")
            nobody = f", so nobody is enlisted for '{code}'" if event == AlertEvent.ALERT else ""
            yield Mistake(
                ("threads", index),
                f"this thread sends no message{nobody}",
                "Add a 'send' step, or remove the thread" if not nobody else "Add a 'send' step",
            )


def _nobody_enlisted(document: ConversationDocument) -> Iterator[Mistake]:
    for thread in document.threads:
        code, _, event = (thread.on or "").partition(".")
        sends = list(_sends(thread))
        if event == AlertEvent.ALERT and sends and all(step.status is Status.DRAFT for step in sends):
            yield Mistake(
                ("alerts", code),
                "nobody is enlisted while every message behind this alert is a draft",
                f"Remove 'status: draft' from a message of '{thread.name}' when it is ready",
            )


def _answered_only_for_others(document: ConversationDocument) -> Iterator[Mistake]:
    """Leaving an event unanswered is fine; answering it for one alert and not for another looks forgotten."""
    answered = {thread.on for thread in document.threads}
    for event in (AlertEvent.SUBSCRIPTION, AlertEvent.DISCONTINUED):
        raising = [code for code, alert in document.alerts.items() if event in raised_events(alert)]
        heard = [code for code in raising if f"{code}.{event}" in answered]
        for code in raising:
            if heard and code not in heard:
                yield Mistake(
                    ("alerts", code),
                    f"no thread answers '{code}.{event}', though one answers '{heard[0]}.{event}'",
                    f"Add a thread with 'on: {code}.{event}', unless silence is what you want",
                )


def _held_up_by_a_wait(document: ConversationDocument) -> Iterator[Mistake]:
    for index, thread in enumerate(document.threads):
        if not (thread.on or "").endswith(f".{AlertEvent.SUBSCRIPTION}"):
            continue
        for position, step in enumerate(thread.steps):
            if isinstance(step, WaitStep):
                yield Mistake(
                    ("threads", index, "steps", position),
                    "a contact whose turn comes during this wait hears of it only when this thread has ended, "
                    f"up to {format_duration(step.wait)} later",
                    "Keep this thread to what is said at once; who waits in line needs no 'wait'",
                )


def _without_effect(document: ConversationDocument) -> Iterator[Mistake]:
    for code, alert in document.alerts.items():
        if not isinstance(alert, BackInStock) or alert.contacts_per_unit != "all":
            continue
        if alert.order is Order.FIRST_IN_LAST_OUT:
            yield Mistake(
                ("alerts", code, "order"),
                "everyone is told at once, so the order decides nothing",
                "Give 'contacts_per_unit' a number, or remove 'order'",
            )
        if alert.offer_lapses_after is not None:
            yield Mistake(
                ("alerts", code, "offer_lapses_after"),
                "everyone is told at once, so an offer that lapses passes to nobody",
                "Give 'contacts_per_unit' a number, or remove 'offer_lapses_after'",
            )


def _after_the_offer_lapsed(document: ConversationDocument) -> Iterator[Mistake]:
    """What would be said to someone whose offer has passed to the next by then; the check before it refuses it."""
    for index, thread in enumerate(document.threads):
        code, _, event = (thread.on or "").partition(".")
        alert = document.alerts.get(code)
        if event != AlertEvent.ALERT or not isinstance(alert, BackInStock) or alert.offer_lapses_after is None:
            continue
        advice = f"Let the offer lapse later than after {format_duration(alert.offer_lapses_after)}, or say this sooner"
        told, since_told = False, timedelta(0)
        for position, step in enumerate(thread.steps):
            if isinstance(step, WaitStep) and told:
                since_told += step.wait
            if isinstance(step, SendStep):
                if told and since_told >= alert.offer_lapses_after:
                    message = "the offer has lapsed by now, so this message is not sent"
                    yield Mistake(("threads", index, "steps", position), message, advice)
                told = True
        if alert.reminders is not None:
            each = alert.reminders.after + _waits(document, f"{code}.{AlertEvent.FOLLOW_UP}")
            # The first is due `after` the alert's thread, each further one `after` the thread of the one before.
            left = alert.offer_lapses_after - since_told - alert.reminders.after
            sent = 0 if left <= timedelta(0) else -(-left // each)
            if sent < alert.reminders.times:
                which = "no reminder is sent" if not sent else f"only {sent} of {alert.reminders.times} are sent"
                message = f"the offer has lapsed before reminder {sent + 1}, so {which}"
                yield Mistake(("alerts", code, "reminders"), message, advice)


def _waits(document: ConversationDocument, event: str) -> timedelta:
    """How long the thread that answers this event waits in all."""
    steps = next((thread.steps for thread in document.threads if thread.on == event), ())
    return sum((step.wait for step in steps if isinstance(step, WaitStep)), timedelta(0))


def _sends(thread: ThreadSection) -> Iterator[SendStep]:
    return (step for _, step in every_step(thread.steps) if isinstance(step, SendStep))
