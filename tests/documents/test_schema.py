"""The JSON Schema that editors complete and explain conversations by."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from schemas.document.conversation import ConversationDocument
from schemas.model import Section
from starter.authoring.marked_yaml import read_yaml
from starter.authoring.schema import conversation_schema
from starter.cli import app
from tests.documents.any_document import documents
from tests.documents.starters import STARTERS

PUBLISHED = Path(__file__).parents[2] / "docs" / "conversation.schema.json"
SCHEMA: dict[str, Any] = json.loads(conversation_schema())
VALIDATOR = Draft7Validator(SCHEMA)


def _faults(document: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]  # pyright: ignore[reportUnknownMemberType] - jsonschema's stubs leave the document open


def test_the_published_schema_is_that_of_this_release() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == conversation_schema(), (
        "run: shelftalk conversation schema > docs/conversation.schema.json"
    )


def test_the_command_prints_it() -> None:
    assert CliRunner().invoke(app, ["conversation", "schema"]).output == conversation_schema()


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


def _objects(schema: object) -> list[dict[str, Any]]:
    inner = cast("dict[str, object]", schema).values() if isinstance(schema, dict) else ()
    inner = cast("list[object]", schema) if isinstance(schema, list) else inner
    found = [cast("dict[str, Any]", schema)] if isinstance(schema, dict) and "properties" in schema else []
    return [*found, *(each for part in inner for each in _objects(part))]


def _sections(among: type[Section] = Section) -> Iterator[type[Section]]:
    """Every kind of section that a document is made of; those with subclasses are what others have in common."""
    subclasses = [each for each in among.__subclasses__() if each.__module__.startswith("schemas.")]
    if not subclasses:
        yield among
    for each in subclasses:
        yield from _sections(each)


SECTIONS = {each.__name__: each for each in _sections()}


def test_no_field_is_unknown_to_it_and_none_is_let_through_that_is_unknown_to_us() -> None:
    assert all(each["additionalProperties"] is False for each in _objects(SCHEMA))
    for name, model in SECTIONS.items():
        section = SCHEMA if model is ConversationDocument else SCHEMA["definitions"][name]
        named = {field.alias or name for name, field in model.model_fields.items()}
        assert named == set(section["properties"]), name


def test_an_editor_shows_words_for_every_section_and_field() -> None:
    for name, model in SECTIONS.items():
        section = SCHEMA if model is ConversationDocument else SCHEMA["definitions"][name]
        assert section["title"], name
        assert section["description"], name
        for field in model.model_fields.values():
            assert field.description, f"{name}: a field has no docstring"
    assert {*SCHEMA["definitions"]} - {*SECTIONS} == {
        "Step",
        "Channel",
        "Criteria",
        "Level",
        "Order",
        "Status",
        "Wording",
        "Ends",
        "Reason",
    }
    assert all(definition.get("description") for definition in SCHEMA["definitions"].values())


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_every_starter_is_right_by_it(path: Path) -> None:
    assert _faults(read_yaml(path.read_text(encoding="utf-8")).value) == []


@given(documents())
@settings(max_examples=50)
def test_every_document_without_mistakes_is_right_by_it(document: ConversationDocument) -> None:
    assert _faults(document.model_dump(mode="json", by_alias=True, exclude_none=True)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("goals", "x"),
        ("goal_on", ["orderd"]),
        ("list", {"quiet_hours": {"from": "9", "until": "10:00"}}),
        ("threads", [{"name": "A", "on": "ordered", "steps": [{"wait": "2 dayz"}]}]),
        ("threads", [{"name": "A", "on": "ordered", "steps": [{"wait": "2 days", "until": "noon"}]}]),
        ("threads", [{"name": "A", "on": "ordered", "steps": [{"send": "m", "wait": "2 days"}]}]),
        ("threads", [{"name": "A", "when": {"orders.cout": 1}, "steps": [{"send": "m"}]}]),
        ("alerts", {"Back": {"type": "back-in-stock", "action": "sign-up"}}),
    ],
    ids=str,
)
def test_an_editor_sees_a_slip_while_it_is_written(field: str, value: object) -> None:
    message = {"channel": "email", "subject": "s", "text": "t"}
    right = {
        "conversation": "c",
        "name": "C",
        "threads": [{"name": "A", "on": "ordered", "steps": [{"send": "m"}]}],
        "messages": {"m": message},
    }
    assert _faults(right) == []
    assert _faults(right | {field: value}) != []
