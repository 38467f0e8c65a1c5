"""From a conversation document to the program a journey carries: steps by id, each naming what comes next.

Here are the rules that hold between the parts of a document (a send names a message that exists, a thread an event
that is raised). What one part may say by itself is the business of schemas/conversation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import assert_never

from schemas.alerts import AlertEvent, BackInStock, raised_events
from schemas.conversation import (
    ConversationDocument,
    ExitStep,
    SendStep,
    Status,
    StepSection,
    ThreadSection,
    WaitStep,
)
from schemas.durations import format_duration
from schemas.ids import StepId, VersionId
from schemas.program import Entry, Exit, Program, Send, Step, Terms, Wait
from workflows.interpreter.mistakes import Mistake, Path, format_path

RESERVED_STEP_IDS = frozenset({"waiting-list", "until-reminder"})
"""A journey's path uses these for places that are not steps."""


class NotCompilable(ValueError):
    """The document contradicts itself. `mistakes` says where and what to do; the author of the document fixes it."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(f"{format_path(m.path)}: {m.message}. {m.advice}." for m in mistakes))
        self.mistakes = mistakes


def compile_document(document: ConversationDocument, version: VersionId) -> Program:
    """The program of one version.

    Raises:
        NotCompilable: `find_mistakes` found some.
    """
    if mistakes := find_mistakes(document):
        raise NotCompilable(mistakes)
    steps: dict[StepId, Step] = {}
    for thread in document.threads:
        following: StepId | None = None
        for section in reversed(thread.steps):
            step = _compile_step(section, following)
            steps[step.id] = step
            following = step.id
    return Program(
        version=version,
        conversation=document.conversation,
        entries=tuple(Entry(event=thread.on, first=step_id(thread.steps[0])) for thread in document.threads),
        terms={
            code: Terms(reminder_after=alert.reminders.after, reminders=alert.reminders.times)
            for code, alert in document.alerts.items()
            if isinstance(alert, BackInStock) and alert.reminders is not None
        },
        steps=dict(reversed(steps.items())),
    )


def step_id(section: StepSection) -> StepId:
    """The id a step is known by in programs, paths and reports: its own `id`, or one made from what it does."""
    if section.id is not None:
        return StepId(section.id)
    match section:
        case SendStep(send=message):
            return StepId(message)
        case WaitStep(wait=length):
            return StepId(f"wait-{format_duration(length).replace(' ', '-')}")
        case ExitStep():
            return StepId("exit")
        case _:
            assert_never(section)


def _compile_step(section: StepSection, following: StepId | None) -> Step:
    own = step_id(section)
    match section:
        case SendStep(send=message, status=status):
            return Send(id=own, message=message, draft=status is Status.DRAFT, next=following)
        case WaitStep(wait=length):
            return Wait(id=own, length=length, next=following)
        case ExitStep(exit=why):
            return Exit(id=own, why=why)
        case _:
            assert_never(section)


def find_mistakes(document: ConversationDocument) -> tuple[Mistake, ...]:
    """Everything that keeps the document from being published, in no particular order."""
    return (
        *_alert_mistakes(document),
        *_entry_mistakes(document),
        *_step_id_mistakes(document),
        *_send_mistakes(document),
        *_unreachable_steps(document),
    )


def find_notes(document: ConversationDocument) -> tuple[Mistake, ...]:
    """What is allowed but probably not meant."""
    sent = {place.section.send for place in _places(document) if isinstance(place.section, SendStep)}
    unsent = [code for code in document.messages if code not in sent]
    silent = [
        index for index, thread in enumerate(document.threads) if not any(isinstance(s, SendStep) for s in thread.steps)
    ]
    return (
        *(
            Mistake(("messages", code), "no step sends this message", f"Send it with '- send: {code}', or remove it")
            for code in unsent
        ),
        *(
            Mistake(
                ("threads", index),
                "this thread sends no message, yet each contact in it uses up a place in the queue",
                "Add a 'send' step, unless that is what you want",
            )
            for index in silent
        ),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    section: StepSection


def _places(document: ConversationDocument) -> Iterator[_Place]:
    for index, thread in enumerate(document.threads):
        for position, section in enumerate(thread.steps):
            yield _Place(("threads", index, "steps", position), section)


def _alert_mistakes(document: ConversationDocument) -> Iterator[Mistake]:
    answered = {thread.on for thread in document.threads}
    first_of_kind: dict[tuple[str, str], str] = {}
    for code, alert in document.alerts.items():
        first = first_of_kind.setdefault((alert.type, alert.action), code)
        if first != code:
            yield Mistake(
                ("alerts", code),
                f"'{first}' already watches for {alert.type} by {alert.action}; a list has one alert of each kind",
                "Remove one of the two",
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
        first = first_on.setdefault(thread.on, index)
        if first != index:
            yield Mistake(
                ("threads", index, "on"),
                f"this thread is never entered: '{document.threads[first].name}' (threads[{first}]) comes first "
                f"and is entered on the same event, {thread.on}",
                "Put the steps of both into one thread, or remove one",
            )
        if thread.on not in raised:
            alert, event = _alert_of(thread), thread.on.partition(".")[2]
            what = (
                f"the alert '{alert}' raises no event '{event}'"
                if alert in document.alerts
                else f"there is no alert '{alert}'"
            )
            yield Mistake(("threads", index, "on"), what, f"The events there are: {', '.join(raised)}")


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


def _alert_of(thread: ThreadSection) -> str:
    return thread.on.partition(".")[0]
