"""Edits a document in its own text: only what is changed is written anew; every other line, comment and order stays.

Pure. Each edit is checked by reading the text again: it says what was wanted and nothing else, or the edit is refused
and its author is led to the text. The reasons are in docs/decisions/0055-edits-in-the-text.md.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, cast

from schemas.errors import DomainError, ErrorKind
from starter.authoring.marked_yaml import NotYaml, Plain, read_yaml
from starter.authoring.yaml_spans import Entry, Span, spans_of
from starter.authoring.yaml_writing import written_after, written_block, written_flow
from workflows.compiler.diagnostics import Path, format_path


class CannotEdit(DomainError):
    """What stands at a place in a document is written in a way that is not edited for its author."""

    code = "cannot_edit"
    kind = ErrorKind.INVALID
    advice = "Change it in the text itself."


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
    text = _Text.of(source)
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
    text = _Text.of(source)
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
    text = _Text.of(source)
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
    text = _Text.of(source)
    old = text.value_at((*place, name))
    there = text.has((*place, name))
    if (not there and value is LEFT_OUT) or (there and _same(old, value)):
        return source
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


def _same(old: object, new: object) -> bool:
    return type(old) is type(new) and old == new


_COMMENT = re.compile(r"[ \t]*#[^\n]*\n")
_LITERAL_HEAD = re.compile(r"\|(-?)[ \t]*(#[^\r\n]*)?\r?\n")


@dataclass(frozen=True, slots=True)
class _Text:
    """A document's text with what it says and where."""

    source: str
    value: Plain
    root: Span

    @classmethod
    def of(cls, source: str) -> "_Text":
        value, root = read_yaml(source).value, spans_of(source)
        if root is None or root.kind != "group":
            raise CannotEdit("The text is no conversation.")
        return cls(source, value, root)

    @property
    def line_break(self) -> str:
        return "\r\n" if "\r\n" in self.source else "\n"

    def has(self, place: Path) -> bool:
        return self.root.at(place) is not None

    def value_at(self, place: Path) -> Plain:
        found: Any = self.value
        for part in place:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def span_at(self, place: Path) -> Span:
        found = self.root.at(place)
        if found is None:
            raise self.refused(place)
        return found

    def refused(self, place: Path) -> CannotEdit:
        return CannotEdit(f"{format_path(place) or 'The document'} is written in a way that is not edited here.")

    def checked(self, edited: str, place: Path, change: Any) -> str:
        """The edited text, if it says what it said with this change at a place.

        Raises:
            CannotEdit: it says something else.
        """
        wanted: Any = deepcopy(self.value)
        if not place:
            wanted = change(wanted)
        else:
            holder = wanted
            for part in place[:-1]:
                holder = holder[part]
            holder[place[-1]] = change(holder[place[-1]])
        try:
            says = read_yaml(edited)
        except NotYaml:
            raise self.refused(place) from None
        if says.value != wanted or says.diagnostics:
            raise self.refused(place)
        return edited

    def put(self, begin: int, end: int, written: str) -> str:
        return self.source[:begin] + written + self.source[end:]

    def line_begin(self, at: int) -> int:
        return self.source.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Behind the line break of the line that ends or stands at `at`."""
        found = self.source.find("\n", at)
        return len(self.source) if found == -1 else found + 1

    def put_line_after(self, span: Span, line: str) -> str:
        at = self.line_end(span.end)
        before = "" if self.source[:at].endswith("\n") else self.line_break
        return self.put(at, at, f"{before}{line}{self.line_break}")

    def dash(self, entry: Entry) -> int:
        """Where the dash of an item of a list in lines stands."""
        found = self.source.rfind("-", self.line_begin(entry.begin), entry.begin)
        if found == -1 or self.source[found + 1 : entry.begin].strip():
            raise CannotEdit("The items of this list do not stand behind their dashes.")
        return found

    def item_lines(self, entry: Entry) -> tuple[int, int]:
        """An item's lines, from the comments right above it to its last."""
        begin = self.line_begin(self.dash(entry))
        if self.source[begin : self.dash(entry)].strip():
            raise CannotEdit("This item stands in one line with the list it is in.")
        while begin and _COMMENT.fullmatch(self.source, above := self.line_begin(begin - 1), begin):
            begin = above
        return begin, self.line_end(entry.value.end)

    def add_field(self, span: Span, name: str, value: Plain) -> str:
        if span.flow:
            written = written_flow({name: value})[1:-1]
            at = span.entries[-1].value.end if span.entries else span.begin + 1
            return self.put(at, at, f", {written}" if span.entries else written)
        written = written_block({name: value}, span.column, self.line_break)
        return self.put_line_after(span, " " * span.column + written)

    def replace(self, span: Span, entry: Entry, value: Plain) -> str:
        old = entry.value
        written = written_after(value, span.column, self.line_break)
        # A comment behind the value stays behind it, so there is no room for lines below it.
        followed = not old.literal and self.source[old.end : self.line_end(old.end)].strip()
        if span.flow or (old.flow and old.entries) or (followed and "\n" in written):
            before = "" if self.source[entry.after : old.begin] else " "
            return self.put(old.begin, old.end, before + written_flow(value))
        head = _LITERAL_HEAD.match(self.source, old.begin) if old.literal else None
        new_head = _LITERAL_HEAD.match(written, 1)
        if head is not None and new_head is not None and head[1] == new_head[1]:
            return self.put(head.end(), old.end, written[new_head.end() :])
        if not old.literal and not old.entries and not written.startswith(("\n", "\r")):
            before = self.source[entry.after : old.begin] or " "
            return self.put(entry.after, old.end, before + written[1:])
        return self.put(entry.after, old.end, written)

    def cut_field(self, span: Span, entry: Entry) -> str:
        position = span.entries.index(entry)
        if span.flow:
            return self.cut_flow(span, position)
        end = max(entry.value.end, entry.after)
        begin = self.line_begin(entry.begin)
        if not self.source[begin : entry.begin].strip():
            return self.put(begin, self.line_end(end), "")
        # It stands behind the dash of its item: what follows moves up to it.
        rest = self.source[self.line_end(end) :]
        return self.source[: entry.begin] + rest.lstrip(" \r\n")

    def cut_flow(self, span: Span, position: int) -> str:
        entry = span.entries[position]
        if position + 1 < len(span.entries):
            return self.put(entry.begin, span.entries[position + 1].begin, "")
        begin = span.entries[position - 1].value.end if position else entry.begin
        return self.put(begin, entry.value.end, "")

    def empty_list(self, place: Path, span: Span) -> str:
        holder = self.span_at(place[:-1]).entry(place[-1])
        assert holder is not None
        return self.put(holder.after, span.end, " []")
