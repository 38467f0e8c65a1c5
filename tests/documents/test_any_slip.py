"""A slip anywhere in any conversation is told, at a place that exists."""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import SECTIONS
from starter.documents import check, load_document
from tests.documents.any_document import documents
from workflows.compiler.diagnostics import Path, format_path

Container: TypeAlias = dict[str, Any] | list[Any]

_fields = sorted({name for section in SECTIONS.values() for name in section.model_fields} | {"steps", "name", "when"})
_words = ["", "m", "draft", "2 days", "0 days", "09:00", "ordered", "custom.x", "a.alert", "https://x.example", "[key]"]
_scalars = st.none() | st.booleans() | st.integers(-2, 2000) | st.floats(allow_nan=False, allow_infinity=False)
_written_steps: list[dict[str, Any]] = [
    {"send": "m"},
    {"send": "gone"},
    {"wait": "2 days"},
    {"exit": "x"},
    {"go_to": "x"},
    {"wait_for": ["ordered"], "within": "1 day", "happened": [{"exit": "y"}], "did_not": [{"wat": 1}]},
    {"decide": [{"name": "x", "when": {"orders.count": 1}, "steps": []}], "otherwise": None},
    {"split": [{"name": "x"}, {"name": "x"}]},
]
_steps = st.sampled_from(_written_steps)
_values: st.SearchStrategy[Any] = st.one_of(
    _scalars,
    st.sampled_from(_words),
    _steps,
    st.lists(_scalars | _steps, max_size=2),
    st.dictionaries(st.sampled_from(_fields), _scalars | st.sampled_from(_words), max_size=2),
)


def _places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, value
    if isinstance(value, dict):
        for name, below in cast("dict[str, Any]", value).items():
            yield from _places(below, (*path, name))
    if isinstance(value, list):
        for index, below in enumerate(cast("list[Any]", value)):
            yield from _places(below, (*path, index))


def _containers(value: Any) -> list[Container]:
    return [cast("Container", below) for _, below in _places(value) if isinstance(below, dict | list)]


def _slip(container: Container, data: st.DataObject) -> None:
    """Something is left out, put in, written twice or written otherwise."""
    match container:
        case dict():
            field = data.draw(st.sampled_from(sorted(container) or ["id"]) | st.sampled_from(_fields))
            if data.draw(st.booleans()):
                container.pop(field, None)
            else:
                container[field] = data.draw(_values)
        case list():
            index = data.draw(st.integers(0, max(0, len(container) - 1)))
            if data.draw(st.booleans()):
                container[index : index + 1] = data.draw(st.lists(_values, max_size=1))
            else:
                container[index:index] = container[index : index + 1]


@given(documents(), st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_slip_anywhere_is_told_at_a_place_that_exists(document: ConversationDocument, data: st.DataObject) -> None:
    written: dict[str, Any] = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    for _ in range(data.draw(st.integers(1, 2))):
        # Of the threads mostly: slips in alerts and lists have a test of their own.
        _slip(data.draw(st.sampled_from([written, *_containers(written.get("threads"))])), data)
    text = json.dumps(written)
    report = check(text, "f")
    places = {format_path(path) for path, _ in _places(written)}
    for diagnostic in (*report.diagnostics, *report.warnings):
        assert diagnostic.path in places, diagnostic
        assert all((diagnostic.message, diagnostic.advice))
        assert "\n" not in str(diagnostic)
    if report.ok:
        load_document(text, "f")
