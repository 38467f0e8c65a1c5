"""docs/conversations.md: its examples are right, and no kind of step, field, event or bound is missing from it."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft7Validator

from schemas.document.conversation import ConversationDocument, MessageSection, ThreadSection
from schemas.document.steps import (
    DEEPEST,
    MOST_BRANCHES,
    MOST_STEPS,
    SECTIONS,
    STEP_KINDS,
    GoToStep,
    Status,
    every_step,
)
from schemas.names import SHOP_EVENTS
from starter.authoring.marked_yaml import read_yaml
from starter.authoring.schema import conversation_schema
from starter.documents import check, load_document
from workflows.compiler.compile import LARGEST_PROGRAM

DOCS = (Path(__file__).parents[2] / "docs" / "conversations.md").read_text(encoding="utf-8")
EXAMPLES = [
    example for example in re.findall(r"^```yaml\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL) if ":\n" in example
]
CHAPTERS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", DOCS, re.MULTILINE | re.DOTALL))


def _completed(example: str) -> str:
    """The example with what a document needs besides: a thread for its steps, and the messages they send."""
    written = cast("dict[str, Any]", read_yaml(example).value)
    if "conversation" in written:
        return example
    if "messages" in written:
        steps = [{"send": code} for code in written["messages"]]
        return json.dumps({"conversation": "c", "name": "C", "threads": [_thread(steps)]} | written)
    if "steps" in written:
        written = {"threads": [_thread(written["steps"])]}
    messages = {code: {"channel": "email", "subject": "s", "text": "t"} for code in re.findall(r"send: (\S+)", example)}
    return json.dumps({"conversation": "c", "name": "C", "messages": messages} | written)


def _thread(steps: list[Any]) -> dict[str, Any]:
    return {"name": "T", "on": "joined_list", "steps": steps}


def _title(example: str) -> str:
    before = DOCS[: DOCS.index(example)]
    return re.findall(r"^##+ (.+)$", before, re.MULTILINE)[-1] if "##" in before else "whole"


@pytest.mark.parametrize("example", EXAMPLES, ids=_title)
def test_every_example_in_the_docs_is_right_and_nothing_is_to_be_said_of_it(example: str) -> None:
    report = check(_completed(example), "example")
    assert [str(diagnostic) for diagnostic in (*report.diagnostics, *report.warnings)] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=_title)
def test_every_example_is_right_in_an_editor(example: str) -> None:
    validator = Draft7Validator(json.loads(conversation_schema()))
    whole: Any = read_yaml(_completed(example)).value
    faults = [error.message for error in validator.iter_errors(whole)]  # pyright: ignore[reportUnknownMemberType] - jsonschema's stubs leave the document open
    assert faults == []


def test_every_kind_of_step_has_a_chapter_with_an_example_of_it() -> None:
    assert list(CHAPTERS) == list(STEP_KINDS)
    for kind, chapter in CHAPTERS.items():
        (example,) = re.findall(r"^```yaml\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL)
        threads = load_document(_completed(example), "f").threads
        kinds = {type(step) for thread in threads for _, step in every_step(thread.steps)}
        assert SECTIONS[kind] in kinds, kind


def test_every_field_of_a_step_is_told_of_in_its_chapter_and_shown() -> None:
    for kind, section in SECTIONS.items():
        for name in section.model_fields:
            if name != "id" and section is not GoToStep:
                assert f"{name}:" in CHAPTERS[kind] or f"`{name}`" in CHAPTERS[kind], f"{kind}: {name}"
    assert all(f"`{status}`" in CHAPTERS["send"] for status in Status)


def test_every_part_of_a_document_and_of_a_thread_has_a_row() -> None:
    rows = re.findall(r"^\| (`[^|]*) \| [^|]+ \| [^|]+ \|$", DOCS, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert {*ConversationDocument.model_fields, *ThreadSection.model_fields} - told == set()


def test_every_part_of_a_message_has_a_row() -> None:
    told = set(re.findall(r"`([a-z_.<>]+)`", DOCS))
    assert {*MessageSection.model_fields} - told == set()


def test_every_event_is_named() -> None:
    assert [event for event in SHOP_EVENTS if f"`{event}`" not in DOCS] == []


def test_the_bounds_are_as_written() -> None:
    (row,) = re.findall(r"^\| too much \| (.*) \|$", DOCS, re.MULTILINE)
    assert [int(number) for number in re.findall(r"\d+", row)] == [
        50,
        MOST_STEPS,
        MOST_BRANCHES,
        DEEPEST,
        LARGEST_PROGRAM // 1024,
    ]
    assert f"at most {MOST_BRANCHES}, each" in CHAPTERS["decide"]
