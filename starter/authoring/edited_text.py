"""A document's text under the pen: what it says, where each part stands, and the text with a part written anew."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

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


_COMMENT = re.compile(r"[ \t]*#[^\n]*\n")
_LITERAL_HEAD = re.compile(r"\|(-?)[ \t]*(#[^\r\n]*)?\r?\n")


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document's text with what it says and where. Its edits are whole texts."""

    source: str
    value: Plain
    root: Span

    @classmethod
    def of(cls, source: str) -> "DocumentText":
        """Read a text. Raises `CannotEdit` where it is no conversation."""
        value, root = read_yaml(source).value, spans_of(source)
        if root is None or root.kind != "group":
            raise CannotEdit("The text is no conversation.")
        return cls(source, value, root)

    @property
    def line_break(self) -> str:
        """How its lines end."""
        return "\r\n" if "\r\n" in self.source else "\n"

    def has(self, place: Path) -> bool:
        """Whether anything stands at a place."""
        return self.root.at(place) is not None

    def value_at(self, place: Path) -> Plain:
        """What it says there; None: nothing."""
        found: Any = self.value
        for part in place:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def span_at(self, place: Path) -> Span:
        """Where that stands. Raises `CannotEdit` where there is nothing."""
        found = self.root.at(place)
        if found is None:
            raise self.refused(place)
        return found

    def refused(self, place: Path) -> CannotEdit:
        """The refusal to edit what stands at a place."""
        return CannotEdit(f"{format_path(place) or 'The document'} is written in a way that is not edited here.")

    def checked(self, edited: str, place: Path, change: Callable[[Any], Any]) -> str:
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
        """The text with other characters in this place."""
        return self.source[:begin] + written + self.source[end:]

    def line_begin(self, at: int) -> int:
        """Where the line of a character begins."""
        return self.source.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Behind the line break of the line that ends or stands at `at`."""
        found = self.source.find("\n", at)
        return len(self.source) if found == -1 else found + 1

    def put_line_after(self, span: Span, line: str) -> str:
        """The text with a line below the last of a value."""
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
        """The text with one more field, behind the others of a group."""
        if span.flow:
            written = written_flow({name: value})[1:-1]
            at = span.entries[-1].value.end if span.entries else span.begin + 1
            return self.put(at, at, f", {written}" if span.entries else written)
        written = written_block({name: value}, span.column, self.line_break)
        return self.put_line_after(span, " " * span.column + written)

    def replace(self, span: Span, entry: Entry, value: Plain) -> str:
        """The text with another value of a field."""
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
        """The text without a field of a group."""
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
        """The text without a part within braces or brackets."""
        entry = span.entries[position]
        if position + 1 < len(span.entries):
            return self.put(entry.begin, span.entries[position + 1].begin, "")
        begin = span.entries[position - 1].value.end if position else entry.begin
        return self.put(begin, entry.value.end, "")

    def empty_list(self, place: Path, span: Span) -> str:
        """The text with nothing in a list in lines."""
        holder = self.span_at(place[:-1]).entry(place[-1])
        assert holder is not None
        return self.put(holder.after, span.end, " []")
