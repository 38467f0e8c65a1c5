"""A document edited in its own text: what was wanted is changed, and nothing else of it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starter.authoring.edited_text import CannotEdit
from starter.authoring.editing import LEFT_OUT, insert, move, remove, set_fields
from starter.authoring.marked_yaml import Plain, read_yaml
from starter.authoring.yaml_spans import Entry, Span, spans_of
from tests.console.designing.desk import EVERYTHING
from tests.documents.starters import REMINDERS
from workflows.compiler.diagnostics import Path

TEXTS = [EVERYTHING, EVERYTHING.replace("\n", "\r\n"), REMINDERS]
BY_HAND = """\
# top
name:   'Spaced'    # spaced
list:   {code: a,  name: "B, c" }
threads:
# unindented list
- name: one
  steps:
  # the first
  - send: hello # inline

  # the second,
  # in two lines
  - wait: 2 days
    id: pause

  - {send: bye,   id: 'bye'}
- name: two
  on:
  steps: [ {send: hello}, {exit: x} ]
messages:
  hello:
    text: |   # a block
      Hello,

        indented
      you.

    subject: >-
      folded
      words
  bye: {text: "x"}
"""
_texts = st.sampled_from([BY_HAND, *TEXTS])
SOME = settings(max_examples=25)
"""Each is read several times, and reading one is slow."""
_values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.sampled_from(
        ["2 days", "two\nlines\n", "no break\nat the end", "yes", "1e5", "a: b", "# no comment", " x ", ""]
    ),
    st.integers(-5, 2**40),
    st.booleans(),
    st.lists(st.sampled_from(["ordered", "a, b", "c: d"]), max_size=3),
    st.just({"all": [{"orders.count": {"at_least": 5}}, {"product.vendor": "Acme"}]}),
)


def fields(span: Span, path: Path = ()) -> list[tuple[Path, Entry]]:
    """Every field of a document, with its place."""
    found: list[tuple[Path, Entry]] = []
    for index, entry in enumerate(span.entries):
        here = (*path, index if entry.name is None else entry.name)
        found += [(here, entry)] if entry.name is not None else []
        found += fields(entry.value, here)
    return found


def items(span: Span, path: Path = ()) -> list[tuple[Path, int]]:
    """The place of every list with something in it, and how much that is."""
    found = [(path, len(span.entries))] if span.kind == "list" and span.entries else []
    for index, entry in enumerate(span.entries):
        found += items(entry.value, (*path, index if entry.name is None else entry.name))
    return found


def root(text: str) -> Span:
    found = spans_of(text)
    assert found is not None
    return found


def value_at(text: str, path: Path) -> Any:
    found: Any = read_yaml(text).value
    for part in path:
        found = found[part]
    return found


@SOME
@given(_texts, st.data(), _values)
def test_an_edit_of_one_field_changes_nothing_else_of_the_text(text: str, data: st.DataObject, value: Plain) -> None:
    path, entry = data.draw(st.sampled_from(fields(root(text))))
    edited = set_fields(text, path[:-1], {str(path[-1]): value})
    assert value_at(edited, path) == value
    end = max(entry.value.end, entry.after)
    assert edited.startswith(text[: entry.after])
    assert edited.endswith(text[end:])


@SOME
@given(_texts, st.data())
def test_what_a_field_says_already_is_not_written_again(text: str, data: st.DataObject) -> None:
    path, _ = data.draw(st.sampled_from(fields(root(text))))
    assert set_fields(text, path[:-1], {str(path[-1]): value_at(text, path)}) == text


@SOME
@given(_texts, st.data(), _values)
def test_a_new_field_stands_behind_the_others_and_goes_again_without_a_trace(
    text: str, data: st.DataObject, value: Plain
) -> None:
    groups = [path for path, entry in fields(root(text)) if entry.value.kind == "group" and entry.value.entries]
    path = data.draw(st.sampled_from([(), *groups]))
    added = set_fields(text, path, {"added": value})
    assert value_at(added, (*path, "added")) == value
    assert set_fields(added, path, {"added": LEFT_OUT}).rstrip("\r\n") == text.rstrip("\r\n")


@SOME
@given(_texts, st.data())
def test_what_is_put_into_a_list_is_removed_without_a_trace(text: str, data: st.DataObject) -> None:
    path, length = data.draw(st.sampled_from(items(root(text))))
    index = data.draw(st.integers(1, length))
    added = insert(text, path, index, {"wait": "3 days"})
    assert value_at(added, path)[index] == {"wait": "3 days"}
    assert remove(added, (*path, index)).rstrip("\r\n") == text.rstrip("\r\n")


@SOME
@given(_texts, st.data())
def test_items_change_places_and_back_with_all_that_stands_above_them(text: str, data: st.DataObject) -> None:
    several = [(path, length) for path, length in items(root(text)) if length > 1]
    path, length = data.draw(st.sampled_from(several or [((), 0)]))
    if not length:
        return
    index = data.draw(st.integers(0, length - 2))
    moved = move(text, (*path, index), 1)
    was = value_at(text, path)
    assert value_at(moved, path)[index : index + 2] == [was[index + 1], was[index]]
    assert sorted(moved) == sorted(text)
    assert move(moved, (*path, index), 1) == text


def test_comments_right_above_an_item_go_with_it() -> None:
    moved = move(BY_HAND, ("threads", 0, "steps", 1), -1)
    assert moved.index("# in two lines") < moved.index("wait: 2 days") < moved.index("# the first")
    removed = remove(BY_HAND, ("threads", 0, "steps", 1))
    assert "# in two lines" not in removed
    assert "# the first" in removed


def test_a_block_keeps_its_comment_when_its_words_change() -> None:
    edited = set_fields(BY_HAND, ("messages", "hello"), {"text": "Good day.\n"})
    assert "    text: |   # a block\n      Good day.\n" in edited


def test_a_list_that_was_not_there_is_made() -> None:
    edited = insert(EVERYTHING, ("threads", 0, "steps", 1, "did_not", 0, "otherwise"), 0, {"wait": "1 day"})
    assert "            otherwise:\n              - wait: 1 day\n" in edited
    emptied = remove(edited, ("threads", 0, "steps", 1, "did_not", 0, "otherwise", 0))
    assert emptied == EVERYTHING


def test_what_cannot_be_edited_is_refused() -> None:
    with pytest.raises(CannotEdit):
        set_fields(EVERYTHING, ("threads", 9), {"name": "x"})
    with pytest.raises(CannotEdit):
        move(EVERYTHING, ("threads", 0, "steps", 0), -1)
