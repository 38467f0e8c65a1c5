"""Where each value of a YAML text begins and ends, to the character: PyYAML's marks, without the blanks and comments
that it counts to a list or group in lines of its own.
"""

from dataclasses import dataclass
from typing import TypeAlias, cast

import yaml

from workflows.compiler.diagnostics import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A field, or an item of a list.

    Attributes:
        name: of a field.
        begin: of its name, or of the item's value.
        after: behind its colon; of an item, where its value begins.
        value: what it says.
    """

    name: str | None
    begin: int
    after: int
    value: "Span"


@dataclass(frozen=True, slots=True)
class Span:
    """A value.

    Attributes:
        begin, end: its first character, and the one after its last.
        column: of its first character.
        kind: `scalar`, `group` or `list`.
        flow: within braces or brackets.
        literal: a text below a `|`.
    """

    kind: str
    begin: int
    end: int
    column: int
    flow: bool
    literal: bool
    entries: tuple[Entry, ...]

    def at(self, path: Path) -> "Span | None":
        """The value at a place inside this one."""
        span: Span | None = self
        for part in path:
            if span is None:
                return None
            span = span.entry_value(part)
        return span

    def entry(self, part: str | int) -> Entry | None:
        """A field by its name, or an item by its position."""
        if isinstance(part, int):
            return self.entries[part] if self.kind == "list" and part < len(self.entries) else None
        return next((each for each in self.entries if each.name == part), None)

    def entry_value(self, part: str | int) -> "Span | None":
        """What it says."""
        found = self.entry(part)
        return None if found is None else found.value


_Pair: TypeAlias = tuple[yaml.Node, yaml.Node]


def spans_of(text: str) -> Span | None:
    """The spans of a document that `read_yaml` has read; None: it is empty."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return None if root is None else _span(text, root)


def _span(text: str, node: yaml.Node) -> Span:
    begin, end, column = node.start_mark.index, node.end_mark.index, node.start_mark.column
    match node:
        case yaml.ScalarNode():
            literal = node.style in ("|", ">")
            end = begin + len(text[begin:end].rstrip()) if literal else end
            return Span("scalar", begin, end, column, False, literal, ())
        case yaml.MappingNode():
            pairs = cast("list[_Pair]", node.value)
            entries = tuple(_field(text, name, value) for name, value in pairs)
            kind = "group"
        case yaml.SequenceNode():
            values = [_span(text, each) for each in cast("list[yaml.Node]", node.value)]
            entries = tuple(Entry(None, each.begin, each.begin, each) for each in values)
            kind = "list"
        case _:
            raise AssertionError(f"YAML has no node {type(node).__name__}")
    if not node.flow_style and entries:
        end = max(entries[-1].value.end, entries[-1].after)
    return Span(kind, begin, end, column, bool(node.flow_style), False, entries)


def _field(text: str, name: yaml.Node, value: yaml.Node) -> Entry:
    after = text.index(":", name.end_mark.index) + 1
    span = _span(text, value)
    if span.kind == "scalar" and span.begin == span.end:
        # Left out altogether: PyYAML has it wherever it looked for it.
        span = Span("scalar", after, after, span.column, False, False, ())
    return Entry(str(name.value), name.start_mark.index, after, span)
