"""A document becomes a program that a journey can walk to its end; one that contradicts itself becomes mistakes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.conversation import ConversationDocument, ExitStep, SendStep, Status, StepSection, WaitStep
from schemas.ids import StepId, VersionId
from schemas.program import Exit, Program, Send, Wait
from starter.documents import STARTER_CONVERSATION, load_document
from workflows.interpreter.compiler import NotCompilable, compile_document, find_mistakes, find_notes, step_id
from workflows.interpreter.mistakes import format_path

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


def _next(program: Program, at: StepId) -> StepId | None:
    step = program.steps[at]
    return None if isinstance(step, Exit) else step.next


_codes = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True).filter(lambda code: code != "waiting-list")
_lengths = st.integers(1, 500).map(lambda hours: timedelta(hours=hours))


@st.composite
def documents(draw: st.DrawFn) -> ConversationDocument:
    """Any document without mistakes: its steps have ids of their own, and an exit comes last if at all."""
    ids = draw(st.lists(_codes, min_size=1, max_size=30, unique=True))
    steps: list[StepSection] = [
        draw(
            st.one_of(
                st.builds(SendStep, send=st.sampled_from("mno"), id=st.just(own), status=st.sampled_from(Status)),
                st.builds(WaitStep, wait=_lengths, id=st.just(own)),
            )
        )
        for own in ids
    ]
    if draw(st.booleans()):
        steps[-1] = ExitStep(exit="Enough", id=ids[-1])
    return _document(*steps)


@given(documents())
def test_a_program_holds_every_step_and_names_only_steps_it_holds(document: ConversationDocument) -> None:
    program = compile_document(document, V1)
    assert list(program.steps) == [step_id(section) for section in document.threads[0].steps]
    assert all(key == step.id for key, step in program.steps.items())
    assert all(entry.first in program.steps for entry in program.entries)
    assert all((after := _next(program, at)) is None or after in program.steps for at in program.steps)


@given(documents())
def test_every_step_is_reached_once_from_a_door_and_every_walk_ends(document: ConversationDocument) -> None:
    program = compile_document(document, V1)
    walked: list[StepId] = []
    for entry in program.entries:
        at: StepId | None = entry.first
        while at is not None:
            assert at not in walked, "a loop"
            walked.append(at)
            at = _next(program, at)
    assert walked == list(program.steps)


@given(documents())
def test_a_program_survives_the_journey_through_json(document: ConversationDocument) -> None:
    program = compile_document(document, V1)
    assert Program.model_validate_json(program.model_dump_json()) == program


@given(documents())
def test_the_same_document_compiles_to_the_same_program(document: ConversationDocument) -> None:
    assert compile_document(document, V1).model_dump_json() == compile_document(document, V1).model_dump_json()


def test_the_starter_is_told_reminded_and_let_go_in_a_small_program() -> None:
    program = compile_document(load_document(STARTER_CONVERSATION.read_text(), "starter"), V1)
    assert list(program.steps.values()) == [
        Send(id=StepId("it-is-back"), message="it-is-back", next=StepId("wait-2-days")),
        Wait(id=StepId("wait-2-days"), length=timedelta(days=2), next=StepId("still-here")),
        Send(id=StepId("still-here"), message="still-here", next=StepId("exit")),
        Exit(id=StepId("exit"), why="They have been told and reminded; that is enough"),
    ]
    assert len(program.model_dump_json().encode()) <= LARGEST_STARTER


def test_a_draft_stays_a_draft_in_the_program() -> None:
    step = compile_document(_document(SendStep(send="m", status=Status.DRAFT)), V1).steps[StepId("m")]
    assert isinstance(step, Send)
    assert step.draft


def test_a_second_message_of_the_same_code_asks_for_an_id_that_is_free() -> None:
    document = _document(SendStep(send="m"), SendStep(send="n", id="m-2"), SendStep(send="m"))
    (mistake,) = find_mistakes(document)
    assert format_path(mistake.path) == "threads[0].steps[2]"
    assert "id: m-3" in mistake.advice


def test_a_name_longer_than_an_id_may_be_still_gets_a_valid_proposal() -> None:
    code = "m" * 63
    document = _document(
        SendStep(send=code), SendStep(send=code), messages={code: {"channel": "email", "subject": "s", "text": "t"}}
    )
    proposal = find_mistakes(document)[0].advice.partition("id: ")[2].rstrip("'")
    assert SendStep(send=code, id=proposal).id == proposal


def test_a_contradiction_is_raised_with_all_its_mistakes() -> None:
    document = _document(ExitStep(exit="x"), SendStep(send="gone"))
    with pytest.raises(NotCompilable, match="there is no message 'gone'") as raised:
        compile_document(document, V1)
    assert {format_path(m.path) for m in raised.value.mistakes} == {"threads[0].steps[1].send", "threads[0].steps[1]"}


def test_a_second_thread_on_the_same_event_is_never_entered() -> None:
    threads = [
        {"name": "One", "on": "a.alert", "steps": [{"send": "m"}]},
        {"name": "Two", "on": "a.alert", "steps": [{"send": "n"}]},
    ]
    (mistake,) = find_mistakes(_document(threads=threads))
    assert format_path(mistake.path) == "threads[1].on"
    assert "'One'" in mistake.message


def test_a_list_has_one_alert_of_each_kind_and_each_leads_to_a_thread() -> None:
    alert = {"type": "back-in-stock", "action": "sign-up"}
    mistakes = find_mistakes(_document(alerts={"a": alert, "b": alert}))
    assert [format_path(m.path) for m in mistakes] == ["alerts.b", "alerts.b"]
    assert "'a' already watches for back-in-stock by sign-up" in mistakes[0].message
    assert "on: b.alert" in mistakes[1].advice


def test_unsent_messages_and_silent_threads_are_noted() -> None:
    notes = find_notes(_document(WaitStep(wait=timedelta(days=1))))
    assert {format_path(note.path) for note in notes} == {"messages.m", "messages.n", "messages.o", "threads[0]"}
