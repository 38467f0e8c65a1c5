"""A document becomes a program that a journey can walk to its end; one that contradicts itself becomes mistakes."""

from datetime import timedelta

import pytest
from hypothesis import given, settings

from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.registry import raised_events
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import (
    Decide,
    Exit,
    ExitStep,
    Send,
    SendStep,
    Split,
    Status,
    Step,
    StepSection,
    Wait,
    WaitFor,
    WaitStep,
    WaitUntil,
    every_step,
    step_id,
)
from schemas.ids import StepId, VersionId
from schemas.journey.program import Program
from starter.documents import STARTER_CONVERSATION, load_document
from tests.documents.any_document import documents
from workflows.compiler.compile import NotCompilable, compile_document, find_errors
from workflows.compiler.diagnostics import format_path
from workflows.compiler.lint import find_lint_warnings
from workflows.compiler.step_ids import with_ids
from workflows.interpreter.journey import NO_TERMS

V1 = VersionId("v1")

LARGEST_STARTER = 2048
"""Bytes of the starter's program: it lies in the start input of every journey."""


def _document(*steps: StepSection, **changes: object) -> ConversationDocument:
    content: dict[str, object] = {
        "conversation": "back",
        "name": "Back",
        "alerts": {"a": {"type": "back-in-stock", "action": "sign-up"}},
        "threads": [{"name": "T", "on": "a.alert", "steps": steps or (SendStep(send="m"),)}],
        "messages": {code: {"channel": "email", "subject": "s", "text": "t"} for code in ("m", "n", "o")},
    }
    return ConversationDocument.model_validate(content | changes)


def _ways(step: Step) -> tuple[StepId | None, ...]:
    match step:
        case WaitFor(happened=happened, did_not=did_not):
            return happened, did_not
        case Decide(branches=branches, otherwise=otherwise):
            return (*(branch.next for branch in branches), otherwise)
        case Split(arms=arms):
            return tuple(arm.next for arm in arms)
        case Exit():
            return (None,)
        case _:
            return (step.next,)


@given(documents())
@settings(max_examples=50)
def test_a_program_holds_every_step_and_names_only_steps_it_holds(document: ConversationDocument) -> None:
    program = compile_document(document, V1)
    written = [step_id(section) for thread in with_ids(document).threads for _, section in every_step(thread.steps)]
    assert list(program.steps) == written
    assert all(key == step.id for key, step in program.steps.items())
    assert all(entry.first in program.steps for entry in program.threads)
    assert all(way is None or way in program.steps for step in program.steps.values() for way in _ways(step))


@given(documents())
@settings(max_examples=50)
def test_every_step_is_reached_from_a_door(document: ConversationDocument) -> None:
    program = compile_document(document, V1)
    reached: set[StepId] = set()
    ahead = [entry.first for entry in program.threads]
    while ahead:
        if (at := ahead.pop()) not in reached:
            reached.add(at)
            ahead += [way for way in _ways(program.steps[at]) if way is not None]
    assert reached == set(program.steps)


@given(documents())
@settings(max_examples=50)
def test_nobody_can_go_round_without_a_rest(document: ConversationDocument) -> None:
    steps = dict(compile_document(document, V1).steps)
    while leaves := [at for at, step in steps.items() if _takes_time(step) or not any(w in steps for w in _ways(step))]:
        for at in leaves:
            del steps[at]
    assert not steps


def _takes_time(step: Step) -> bool:
    match step:
        case Wait(length=length) | WaitFor(window=length):
            return length >= timedelta(hours=1)
        case WaitUntil(until=until):
            return until.date is None
        case _:
            return False


@given(documents())
@settings(max_examples=50)
def test_every_alert_and_every_reminder_has_a_door(document: ConversationDocument) -> None:
    program = compile_document(document, V1)
    entry_triggers = [entry.event for entry in program.threads]
    assert entry_triggers == [thread.on for thread in document.threads if thread.on is not None]
    for code, alert in document.alerts.items():
        assert {door for door in entry_triggers if door.startswith(f"{code}.")} <= {
            f"{code}.{e}" for e in raised_events(alert)
        }
        assert f"{code}.alert" in entry_triggers
        reminders = alert.reminders if isinstance(alert, BackInStock) else None
        terms = program.terms.get(code, NO_TERMS)
        assert terms.reminders == (reminders.times if reminders else 0)
        assert (f"{code}.follow-up" in entry_triggers) == (reminders is not None)


@given(documents())
@settings(max_examples=50)
def test_a_program_survives_the_journey_through_json(document: ConversationDocument) -> None:
    program = compile_document(document, V1)
    assert Program.model_validate_json(program.model_dump_json()) == program


@given(documents())
@settings(max_examples=50)
def test_the_same_document_compiles_to_the_same_program(document: ConversationDocument) -> None:
    assert compile_document(document, V1).model_dump_json() == compile_document(document, V1).model_dump_json()


def test_the_starter_is_told_reminded_and_let_go_in_a_small_program() -> None:
    program = compile_document(load_document(STARTER_CONVERSATION.read_text(), "starter"), V1)
    assert list(program.steps.values()) == [
        Send(id=StepId("it-is-back"), message="it-is-back", next=StepId("pause")),
        Wait(id=StepId("pause"), length=timedelta(days=2), next=StepId("still-here")),
        Send(id=StepId("still-here"), message="still-here", next=StepId("exit")),
        Exit(id=StepId("exit"), why="They have been told and reminded; that is enough"),
    ]
    assert len(program.model_dump_json().encode()) <= LARGEST_STARTER


def test_a_draft_stays_a_draft_in_the_program() -> None:
    step = compile_document(_document(SendStep(send="m", status=Status.DRAFT)), V1).steps[StepId("m")]
    assert isinstance(step, Send)
    assert step.draft


def test_an_id_that_another_step_has_is_to_be_left_out() -> None:
    document = _document(SendStep(send="m", id="m"), SendStep(send="n", id="m-2"), SendStep(send="m", id="m"))
    (diagnostic,) = find_errors(document)
    assert format_path(diagnostic.path) == "threads[0].steps[2]"
    assert "Remove this 'id', and the step is given one of its own" in diagnostic.advice


def test_a_contradiction_is_raised_with_all_its_mistakes() -> None:
    document = _document(ExitStep(exit="x"), SendStep(send="gone"))
    with pytest.raises(NotCompilable, match="there is no message 'gone'") as raised:
        compile_document(document, V1)
    assert {format_path(m.path) for m in raised.value.diagnostics} == {
        "threads[0].steps[1].send",
        "threads[0].steps[1]",
    }


def test_a_second_thread_on_the_same_event_is_never_entered() -> None:
    threads = [
        {"name": "One", "on": "a.alert", "steps": [{"send": "m"}]},
        {"name": "Two", "on": "a.alert", "steps": [{"send": "n"}]},
    ]
    (diagnostic,) = find_errors(_document(threads=threads))
    assert format_path(diagnostic.path) == "threads[1].on"
    assert "'One'" in diagnostic.message


def test_a_list_has_one_alert_of_each_type_and_each_leads_to_a_thread() -> None:
    alert = {"type": "back-in-stock", "action": "sign-up"}
    diagnostics = find_errors(_document(alerts={"a": alert, "b": alert}))
    assert [format_path(m.path) for m in diagnostics] == ["alerts.b", "alerts.b"]
    assert "'a' is of the type back-in-stock already" in diagnostics[0].message
    assert "a second list" in diagnostics[0].advice
    assert "on: b.alert" in diagnostics[1].advice


def test_each_type_of_alert_once_stands_in_one_list() -> None:
    alerts = {
        "a": {"type": "back-in-stock", "action": "sign-up"},
        "c": {"type": "price-drop", "action": "browse", "drops_by": "10%"},
        "e": {"type": "low-inventory", "action": "cart", "low_at": 3},
    }
    threads = [{"name": code, "on": f"{code}.alert", "steps": [{"send": "m", "id": f"to-{code}"}]} for code in alerts]
    assert find_errors(_document(alerts=alerts, threads=threads)) == ()


def test_reminders_that_no_thread_answers_are_a_mistake() -> None:
    (diagnostic,) = find_errors(_document(alerts=_back(reminders={"after": "2 days"})))
    assert format_path(diagnostic.path) == "alerts.a.reminders"
    assert "on: a.follow-up" in diagnostic.advice


def test_an_event_that_no_alert_raises_is_explained_by_what_is_missing() -> None:
    looked_at = {"b": {"type": "price-drop", "action": "browse", "drops_by": "10%"}}
    for on, words in (
        ("a.follow-up", "has no reminders"),
        ("b.follow-up", "price-drop raise no event"),
        ("b.subscription", "price-drop raise no event"),
        ("a.sold", "raises no event 'sold'"),
        ("c.alert", "there is no alert 'c'"),
    ):
        threads = [
            {"name": "A", "on": "a.alert", "steps": [{"send": "m"}]},
            {"name": "B", "on": "b.alert", "steps": [{"send": "n"}]},
            {"name": "Never", "on": on, "steps": [{"send": "o"}]},
        ]
        (diagnostic,) = find_errors(_document(alerts=_back() | looked_at, threads=threads))
        assert format_path(diagnostic.path) == "threads[2].on"
        assert words in diagnostic.message


def test_unsent_messages_and_silent_threads_are_noted() -> None:
    warnings = find_lint_warnings(_document(WaitStep(wait=timedelta(days=1))))
    assert {format_path(note.path) for note in warnings} == {"messages.m", "messages.n", "messages.o", "threads[0]"}
    assert any("nobody is enlisted for 'a'" in note.message for note in warnings)


def _back(**terms: object) -> dict[str, object]:
    return {"a": {"type": "back-in-stock", "action": "sign-up", **terms}}


def _thread(event: AlertEvent, *steps: StepSection) -> dict[str, object]:
    return {"name": event, "on": f"a.{event}", "steps": steps}


def _notes_of(*threads: dict[str, object], **terms: object) -> dict[str, str]:
    """The notes beside those on messages that no step sends."""
    warnings = find_lint_warnings(_document(alerts=_back(**terms), threads=threads))
    return {format_path(note.path): note.message for note in warnings if note.path[0] != "messages"}


DRAFT = SendStep(send="m", status=Status.DRAFT)
SENT = SendStep(send="m")
SENT_AGAIN = SendStep(send="n")


def test_an_alert_whose_messages_are_all_drafts_is_noted_for_nobody_is_enlisted() -> None:
    warnings = _notes_of(_thread(AlertEvent.ALERT, DRAFT), _thread(AlertEvent.SUBSCRIPTION, SENT_AGAIN))
    assert list(warnings) == ["alerts.a"]
    assert "nobody is enlisted" in warnings["alerts.a"]
    assert _notes_of(_thread(AlertEvent.ALERT, DRAFT, SENT_AGAIN)) == {}


def test_an_event_that_is_answered_for_one_alert_only_is_noted() -> None:
    alerts = _back() | {"b": {"type": "back-in-stock", "action": "browse"}}
    threads = [
        _thread(AlertEvent.ALERT, SENT),
        _thread(AlertEvent.DISCONTINUED, SENT_AGAIN),
        {"name": "B", "on": "b.alert", "steps": [{"send": "o"}]},
    ]
    (note,) = find_lint_warnings(_document(alerts=alerts, threads=threads))
    assert format_path(note.path) == "alerts.b"
    assert "on: b.discontinued" in note.advice


def test_a_wait_before_standing_in_line_is_noted_for_it_holds_up_the_alert() -> None:
    wait = WaitStep(wait=timedelta(days=2))
    warnings = _notes_of(_thread(AlertEvent.SUBSCRIPTION, SENT, wait, SENT_AGAIN), _thread(AlertEvent.ALERT, SENT))
    assert list(warnings) == ["threads[0].steps[1]"]
    assert "up to 2 days later" in warnings["threads[0].steps[1]"]
    assert _notes_of(_thread(AlertEvent.ALERT, SENT, wait, SENT_AGAIN)) == {}


def test_terms_without_effect_are_noted() -> None:
    told = _thread(AlertEvent.ALERT, SENT)
    terms: dict[str, object] = {"order": "first-in-last-out", "offer_lapses_after": "24 hours"}
    assert list(_notes_of(told, contacts_per_unit="all", **terms)) == ["alerts.a.order", "alerts.a.offer_lapses_after"]
    assert _notes_of(told, contacts_per_unit=2, **terms) == {}


@pytest.mark.parametrize(
    ("hours", "times", "wait", "said"),
    [
        (24, 2, 0, "only 0"),
        (25, 1, 0, None),
        (48, 2, 0, "only 1 of 2"),
        (49, 2, 0, None),
        (49, 2, 1, "only 1 of 2"),
        (100, 4, 0, None),
    ],
)
def test_reminders_that_come_after_the_offer_has_lapsed_are_noted(
    hours: int, times: int, wait: int, said: str | None
) -> None:
    waits = [WaitStep(wait=timedelta(hours=wait))] if wait else []
    warnings = _notes_of(
        _thread(AlertEvent.ALERT, SENT),
        _thread(AlertEvent.FOLLOW_UP, SENT_AGAIN, *waits),
        reminders={"after": "24 hours", "times": times},
        offer_lapses_after=f"{hours} hours",
    )
    match said:
        case None:
            assert warnings == {}
        case "only 0":
            assert "no reminder is sent" in warnings["alerts.a.reminders"]
        case _:
            assert said in warnings["alerts.a.reminders"]


def test_a_message_after_the_offer_has_lapsed_is_noted() -> None:
    wait = WaitStep(wait=timedelta(days=2))
    before = WaitStep(wait=timedelta(days=9), id="before")
    thread = _thread(AlertEvent.ALERT, before, SENT, wait, SENT_AGAIN)
    assert list(_notes_of(thread, offer_lapses_after="2 days")) == ["threads[0].steps[3]"]
    assert _notes_of(thread, offer_lapses_after="49 hours") == {}
