"""Steps get their ids once, when they are saved, and keep them whatever their words become."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import STEP_KINDS
from starter.authoring.marked_yaml import read_yaml
from starter.documents import load_document
from starter.versioning.contents import as_yaml
from starter.versioning.step_ids import name_steps
from tests.documents.any_document import documents
from tests.documents.starters import STARTERS
from workflows.compiler.step_ids import RESERVED_STEP_IDS, steps_with_places

HEAD = """\
conversation: c
name: C
messages:
  hello: {channel: email, subject: s, text: t}
threads:
  - name: T
    on: joined_list
    steps:"""


def _steps_changed(part: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """A document as plain values, with every step changed, those inside others too."""
    match part:
        case dict():
            whole = {name: _steps_changed(each, change) for name, each in cast("dict[str, Any]", part).items()}
            return change(whole) if any(kind in whole for kind in STEP_KINDS) else whole
        case list():
            return [_steps_changed(each, change) for each in cast("list[Any]", part)]
        case _:
            return part


def _without_id(step: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name != "id"}


def _longer(step: dict[str, Any]) -> dict[str, Any]:
    return step | {"wait": "17 days"} if "wait" in step else step


def _plain(document: ConversationDocument) -> dict[str, Any]:
    threads = document.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"scenarios"})
    return threads | {"threads": _steps_changed(threads["threads"], _without_id)}


def _read(text: str) -> ConversationDocument:
    return ConversationDocument.model_validate(read_yaml(text).value)


def _ids(document: ConversationDocument) -> list[str | None]:
    return [step.id for step in steps_with_places(document).values()]


@given(documents(), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=60, deadline=None)
def test_every_step_gets_an_id_of_its_own_and_the_text_says_the_same_besides(
    document: ConversationDocument, line_break: str
) -> None:
    text = as_yaml(_plain(document)).replace("\n", line_break)
    unnamed = _read(text)
    named = name_steps(unnamed, text, None)
    ids = _ids(named.document)
    assert None not in ids
    assert len({*ids} | RESERVED_STEP_IDS) == len(ids) + len(RESERVED_STEP_IDS)
    assert [each.id for each in named.given] == ids
    assert named.source is not None
    assert _read(named.source) == named.document
    ahead = iter(named.source)
    assert all(each in ahead for each in text), "what was written is all there, in its order"
    assert _plain(named.document) == _plain(unnamed)
    assert name_steps(named.document, named.source, None).source == named.source


@given(documents())
@settings(max_examples=60, deadline=None)
def test_what_is_saved_again_without_ids_keeps_those_it_had(document: ConversationDocument) -> None:
    unnamed = ConversationDocument.model_validate(_plain(document))
    first = name_steps(unnamed, None, None).document
    assert name_steps(unnamed, None, first).document == first


@given(documents())
@settings(max_examples=60, deadline=None)
def test_ids_stay_when_words_change(document: ConversationDocument) -> None:
    plain = _plain(document)
    first = name_steps(ConversationDocument.model_validate(plain), None, None).document
    changed = plain | {"threads": _steps_changed(plain["threads"], _longer)}
    again = name_steps(ConversationDocument.model_validate(changed), None, first).document
    waits = [step for step in steps_with_places(first).values() if "wait" in type(step).model_fields]
    ids = _ids(again)
    assert len({*ids}) == len(ids)
    if len(waits) == 1:
        assert ids == _ids(first)


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_every_step_of_a_starter_has_an_id(path: Any) -> None:
    assert name_steps(load_document(path.read_text(encoding="utf-8"), path.name), None, None).given == ()


@pytest.mark.parametrize(
    ("written", "saved"),
    [
        ("\n    - send: hello  # first\n", "\n    - id: hello\n      send: hello  # first\n"),
        ("\n        - wait: 2 days\n", "\n        - id: wait-2-days\n          wait: 2 days\n"),
        (" [{send: hello}]\n", " [{id: hello, send: hello}]\n"),
        (" [send: hello, wait: 1 day]\n", " [{id: hello, send: hello}, {id: wait-1-day, wait: 1 day}]\n"),
        (
            "\n    - wait: 1 day\n    # a word\n    - {wait: 1 day, id: mine}\n    - wait: 1 day\n",
            "\n    - id: wait-1-day\n      wait: 1 day\n    # a word\n    - {wait: 1 day, id: mine}\n"
            "    - id: wait-1-day-2\n      wait: 1 day\n",
        ),
    ],
)
def test_ids_are_written_beside_what_the_author_wrote(written: str, saved: str) -> None:
    assert name_steps(_read(HEAD + written), HEAD + written, None).source == HEAD + saved


def _again(before: str, after: str) -> list[str | None]:
    first = name_steps(_read(f"{HEAD} {before}"), None, None).document
    return _ids(name_steps(_read(f"{HEAD} {after}"), None, first).document)


def test_a_wait_that_is_made_longer_is_the_same_step() -> None:
    ids = _again("[send: hello, wait: 2 days, exit: Done]", "[send: hello, wait: 3 days, exit: Done]")
    assert ids == ["hello", "wait-2-days", "exit"]


def test_a_step_that_is_put_before_others_of_the_same_words_takes_nobodys_id() -> None:
    before = "[wait: 1 day, send: hello, wait: 1 day, exit: Done]"
    after = "[wait: 1 day, add_tag: new, wait: 1 day, send: hello, wait: 1 day, exit: Done]"
    assert _again(before, after) == ["wait-1-day-3", "tag-new", "wait-1-day", "hello", "wait-1-day-2", "exit"]


def test_a_step_that_is_moved_elsewhere_keeps_its_id() -> None:
    ids = _again("[add_tag: new, wait: 1 day, send: hello]", "[wait: 1 day, send: hello, add_tag: new]")
    assert ids == ["wait-1-day", "hello", "tag-new"]


def test_a_step_inside_a_branch_that_is_changed_is_the_same_step() -> None:
    branch = "[{wait_for: [bought], within: 1 day, did_not: [{wait: %s}, {send: hello}]}]"
    assert _again(branch % "2 days", branch % "5 days") == ["wait-for-bought", "wait-2-days", "hello"]


def test_which_of_two_steps_was_meant_is_not_guessed() -> None:
    ids = _again("[wait: 1 day, send: hello]", "[wait: 2 days, wait: 3 days, send: hello]")
    assert ids == ["wait-2-days", "wait-3-days", "hello"]
