"""Edits a document in its own text: only what is changed is written anew; every other line, comment and order stays.

Pure. Each edit is checked by reading the text again: it says what was wanted and nothing else, or the edit is refused
and its author is led to the text. The reasons are in docs/decisions/0055-edits-in-the-text.md.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from starter.authoring.edited_text import CannotEdit, DocumentText
from starter.authoring.marked_yaml import Plain
from starter.authoring.yaml_writing import written_block, written_flow
from workflows.compiler.diagnostics import Path


class _LeftOut:
    """The value of a field that is to be removed."""


LEFT_OUT: Final = _LeftOut()
Fields = Mapping[str, "Plain | _LeftOut"]


def set_fields(source: str, place: Path, fields: Fields) -> str:
    """Give fields of the group at a place other values; those that say the same already are not touched.

    Raises:
        CannotEdit: as it says.
    """
    for name, value in fields.items():
        source = _set_field(source, place, name, value)
    return source


def insert(source: str, place: Path, index: int, value: Plain) -> str:
    """Put a value into the list at a place, before the item that stands at `index`; where there is no list, make it.

    Raises:
        CannotEdit: as it says.
    """
    text = DocumentText.of(source)
    old = text.value_at(place)
    if not old:
        return _set_field(source, place[:-1], str(place[-1]), [value])
    span = text.span_at(place)
    index = min(index, len(span.entries))
    if span.flow:
        written = written_flow(value)
        last = index == len(span.entries)
        at = span.entries[-1].value.end if last else span.entries[index].begin
        edited = text.put(at, at, f", {written}" if last else f"{written}, ")
    else:
        dash = text.dash(span.entries[0])
        column = dash - text.line_begin(dash)
        written = f"- {written_block(value, column + 2, text.line_break)}"
        if index == 0:
            edited = text.put(dash, dash, written + text.line_break + " " * column)
        else:
            edited = text.put_line_after(span.entries[index - 1].value, " " * column + written)
    return text.checked(edited, place, lambda items: [*items[:index], value, *items[index:]])


def remove(source: str, place: Path) -> str:
    """Remove a field, or an item of a list with the comments right above it.

    Raises:
        CannotEdit: as it says.
    """
    *above, last = place
    if isinstance(last, str):
        return _set_field(source, tuple(above), last, LEFT_OUT)
    text = DocumentText.of(source)
    span = text.span_at(tuple(above))
    if len(span.entries) == 1:
        edited = text.put(span.begin, span.end, "[]") if span.flow else text.empty_list(tuple(above), span)
    elif span.flow:
        edited = text.cut_flow(span, last)
    else:
        begin, end = text.item_lines(span.entries[last])
        edited = text.put(begin, end, "")
    return text.checked(edited, tuple(above), lambda items: [*items[:last], *items[last + 1 :]])


def move(source: str, place: Path, by: int) -> str:
    """Let an item of a list and its neighbour change places, with the comments right above them. `by`: -1 or 1.

    Raises:
        CannotEdit: as it says; there is no such neighbour.
    """
    *above, last = place
    text = DocumentText.of(source)
    span = text.span_at(tuple(above))
    if not isinstance(last, int) or not 0 <= last + by < len(span.entries):
        raise CannotEdit("There is nothing it could change places with.")
    first, second = sorted((last, last + by))
    one, other = span.entries[first], span.entries[second]
    if span.flow:
        a, b, c, d = one.begin, one.value.end, other.begin, other.value.end
    else:
        (a, b), (c, d) = text.item_lines(one), text.item_lines(other)
    edited = (
        source[:a]
        + _with_end(source[c:d], source[a:b])
        + source[b:c]
        + _with_end(source[a:b], source[c:d])
        + source[d:]
    )

    def swapped(items: list[Any]) -> list[Any]:
        return [*items[:first], items[second], items[first], *items[second + 1 :]]

    return text.checked(edited, tuple(above), swapped)


def _with_end(part: str, like: str) -> str:
    """A block of lines that ends as another one does: the last of a text may have no line break."""
    return part.rstrip("\r\n") + like[len(like.rstrip("\r\n")) :]


def _set_field(source: str, place: Path, name: str, value: "Plain | _LeftOut") -> str:
    text = DocumentText.of(source)
    old = text.value_at((*place, name))
    there = text.has((*place, name))
    if (not there and value is LEFT_OUT) or (there and _same(old, value)):
        return source
    try:
        inside = _set_inside(source, (*place, name), old, value)
    except CannotEdit:
        inside = None
    if inside is not None:
        return inside
    span = text.span_at(place)
    if span.kind != "group":
        raise text.refused(place)
    entry = span.entry(name)
    if entry is None:
        edited = text.add_field(span, name, cast("Plain", value))
    elif value is LEFT_OUT:
        edited = text.cut_field(span, entry)
    else:
        edited = text.replace(span, entry, cast("Plain", value))

    def changed(group: dict[str, Any]) -> dict[str, Any]:
        return {key: each for key, each in (group | {name: value}).items() if each is not LEFT_OUT}

    return text.checked(edited, place, changed)


def _set_inside(source: str, place: Path, old: Plain, new: "Plain | _LeftOut") -> str | None:
    """The text where only parts of a group, or of a list of groups, say something else; None: all of it does."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() & new.keys():
        gone: Fields = {name: LEFT_OUT for name in old if name not in new}
        return set_fields(source, place, {**gone, **new})
    if isinstance(old, list) and isinstance(new, list) and new and any(isinstance(each, dict) for each in old):
        return _set_items(source, place, old, new)
    return None


def _set_items(source: str, place: Path, old: list[Plain], new: list[Plain]) -> str:
    """The text with other items in a list; those that it begins and ends with, and that stay, are not touched."""
    first, shorter = 0, min(len(old), len(new))
    while first < shorter and _same(old[first], new[first]):
        first += 1
    last = 0
    while last < shorter - first and _same(old[-1 - last], new[-1 - last]):
        last += 1
    old_until, new_until = len(old) - last, len(new) - last
    for index in range(first, min(old_until, new_until)):
        inside = _set_inside(source, (*place, index), old[index], new[index])
        source = insert(remove(source, (*place, index)), place, index, new[index]) if inside is None else inside
    for index in reversed(range(new_until, old_until)):
        source = remove(source, (*place, index))
    for index in range(old_until, new_until):
        source = insert(source, place, index, new[index])
    return source


def _same(old: object, new: object) -> bool:
    return type(old) is type(new) and old == new
