"""Reads YAML into plain values that remember where they stood, for messages that name a line.

A small, safe YAML: one document; no anchors, aliases or tags; bounded in size, depth and number of values; a name given
twice is a mistake. Plain words mean what YAML 1.2's core schema says, so `on` is a word and 21:00 a text, and names of
fields are always text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, cast

import yaml

from workflows.compiler.diagnostics import Diagnostic, Path

LARGEST = 256 * 1024
"""Bytes of one document: twenty times a long one, and read within seconds."""
DEEPEST = 64
"""Nesting of one document; steps in the deepest branches there may be, with criteria, need 57."""
MOST_NODES = 20_000
"""Values, names, lists and groups of one document: fifty scenarios of fifty moments have fewer, and it is read within a
second or two."""

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Group:
    """Where a group of fields stands in a text.

    Attributes:
        begin, end: its first character, and the one after its last, counted from 0.
        column: of its first character, counted from 0; a field in a line of its own has the same.
        flow: written within braces or brackets.
    """

    begin: int
    end: int
    column: int
    flow: bool


@dataclass(frozen=True, slots=True)
class MarkedTree:
    """A document's values and their places.

    Attributes:
        marks: where each value is best pointed at: a scalar itself, the name of a mapping or list.
        names: where the name of each field stands.
        blocks: where the first line of a text written with `|` begins.
        groups: where each group of fields stands.
        empty: where a value was left out altogether, as after `name:`. A written-out `null` is not.
        mistakes: what is wrong with the YAML although it can be read, and where.
    """

    value: Plain
    marks: Mapping[Path, Mark]
    names: Mapping[Path, Mark]
    blocks: Mapping[Path, Mark]
    groups: Mapping[Path, Group]
    empty: frozenset[Path]
    diagnostics: tuple[tuple[Diagnostic, Mark], ...]

    def mark_within(self, path: Path, line: int, column: int = 1) -> Mark:
        """Where a place in a text stands; only in a text written with '|' is its line one of the file too."""
        first = self.blocks.get(path)
        return self.mark(path) if first is None else Mark(first.line + line - 1, first.column + column - 1)

    def mark(self, path: Path) -> Mark:
        """Where to look for a path: the value, else the nearest thing around it that exists."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, Mark(1, 1))


class NotYaml(Exception):
    """The text cannot be read at all; nothing after `mark` was looked at."""

    def __init__(self, mark: Mark, message: str, advice: str) -> None:
        super().__init__(f"line {mark.line}: {message}. {advice}.")
        self.mark = mark
        self.message = message
        self.advice = advice


def read_yaml(text: str) -> MarkedTree:
    """Read a document.

    Raises:
        NotYaml: it is too large, or no YAML of the kind above.
    """
    if len(text.encode(errors="surrogatepass")) > LARGEST:
        raise NotYaml(Mark(1, 1), f"the file is larger than {LARGEST // 1024} KiB", "Split it into conversations")
    try:
        root = _Composer(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, text) from None
    except yaml.reader.ReaderError as error:
        # A reader error counts characters, not lines.
        before = text[: error.position]
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise NotYaml(
            mark, "there is a character here that no text has", "Remove it, or save the file as UTF-8"
        ) from None
    except (ValueError, OverflowError):
        # PyYAML lets these through for escapes of characters that do not exist, such as "\UFFFFFFFF".
        raise NotYaml(
            Mark(1, 1), "an escape or a %YAML line names a number out of range", r"Look for \U, \u or % and remove it"
        ) from None
    reading = _Reading()
    value = None if root is None else reading.read(root, ())
    return MarkedTree(
        value,
        reading.marks,
        reading.names,
        reading.blocks,
        reading.groups,
        frozenset(reading.empty),
        tuple(reading.diagnostics),
    )


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What an escape can put into a text, and no database keeps."""


class _Composer(yaml.SafeLoader):
    """PyYAML's composer with bounds. What it makes of plain words is not looked at: see `plain_scalar`."""

    _depth = 0
    _nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        # PyYAML's stubs leave the type of an event open.
        event = cast("yaml.Event", self.peek_event())  # pyright: ignore[reportUnknownMemberType]
        place = event.start_mark
        mark = Mark(1, 1) if place is None else Mark(place.line + 1, place.column + 1)
        write_out = "Write it out instead; a text that begins with such a sign needs quotes"
        shared = (
            "Steps that several threads share stand in a thread of their own, without 'on', and a 'go_to' leads there; "
            "write out anything else"
        )
        match event:
            case yaml.AliasEvent():
                raise NotYaml(mark, "a '*' that repeats another part is not taken here", shared)
            case yaml.NodeEvent(anchor=str()):
                raise NotYaml(mark, "an '&' that names a part to be repeated is not taken here", shared)
            case yaml.ScalarEvent(tag=str()) | yaml.CollectionStartEvent(tag=str()):
                raise NotYaml(mark, "a '!' that gives a value its kind is not taken here", write_out)
            case yaml.ScalarEvent(value=str() as text) if _UNSTORABLE.search(text):
                raise NotYaml(
                    mark, "there is a character here that no text has", r"Remove the escape, like \0 or \uD800"
                )
            case _ if self._depth >= DEEPEST:
                advice = "A text that begins with { or [ needs quotes; a conversation is never this deep"
                raise NotYaml(mark, f"this is nested more than {DEEPEST} deep", advice)
            case _ if self._nodes >= MOST_NODES:
                raise NotYaml(
                    mark,
                    f"up to here are more than {MOST_NODES:,} values and names",
                    "Split it into conversations",
                )
            case _:
                pass
        self._nodes += 1
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _not_yaml(error: yaml.MarkedYAMLError, text: str) -> NotYaml:
    place = error.problem_mark or error.context_mark
    unclosed = error.context_mark is not None and error.context == "while scanning a quoted scalar"
    if unclosed:
        place = error.context_mark
    mark = Mark(1, 1) if place is None else Mark(place.line + 1, place.column + 1)
    lines = text.splitlines()
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    if unclosed:
        advice = "Close the quote that opens here; a text with such a quote in it goes in the other kind"
    elif line[mark.column - 1 : mark.column] == "\t" or line[: len(line) - len(line.lstrip())].count("\t"):
        advice = "Indent with spaces, never with tabs"
    elif re.search(r"(:|-)\s+\{\{", line):
        advice = "A text that begins with {{ needs quotes around it"
    elif "mapping values" in (error.problem or ""):
        advice = "A text with ': ' in it needs quotes; otherwise look at the indentation"
    else:
        advice = "Look at the indentation and the quotes of this line and the one above"
    message = ", ".join(part for part in (error.context, error.problem) if part)
    return NotYaml(mark, message.replace("\n", " ") or "this is not YAML", advice)


@dataclass(slots=True)
class _Reading:
    marks: dict[Path, Mark] = field(default_factory=dict[Path, Mark])
    names: dict[Path, Mark] = field(default_factory=dict[Path, Mark])
    blocks: dict[Path, Mark] = field(default_factory=dict[Path, Mark])
    groups: dict[Path, Group] = field(default_factory=dict[Path, Group])
    empty: set[Path] = field(default_factory=set[Path])
    diagnostics: list[tuple[Diagnostic, Mark]] = field(default_factory=list[tuple[Diagnostic, Mark]])

    def read(self, node: yaml.Node, path: Path) -> Plain:
        written = isinstance(node, yaml.ScalarNode) and (node.value or node.style)
        self.marks[path] = _mark(node) if written or path not in self.names else self.names[path]
        match node:
            case yaml.MappingNode():
                return self._read_mapping(node, path)
            case yaml.SequenceNode():
                return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
            case yaml.ScalarNode():
                text = self._text(node, path)
                if not node.value and not node.style:
                    self.empty.add(path)
                if node.style == "|":
                    self.blocks[path] = _first_line(node.start_mark)
                return text if node.style else plain_scalar(text)
            case _:
                raise AssertionError(f"YAML has no node {type(node).__name__}")

    def _read_mapping(self, node: yaml.MappingNode, path: Path) -> Plain:
        begin, end = node.start_mark, node.end_mark
        self.groups[path] = Group(begin.index, end.index, begin.column, bool(node.flow_style))
        values: dict[str, Plain] = {}
        for name_node, value_node in node.value:
            if not isinstance(name_node, yaml.ScalarNode):
                self._mistake(
                    name_node,
                    path,
                    "the name of a field is a text, but here is a list or a group",
                    "A text that begins with {{, [ or { needs quotes around it",
                )
                continue
            name = self._text(name_node, path)
            here = (*path, name)
            if name in values:
                first = self.names[here].line
                self._mistake(name_node, here, f"this is here twice, first in line {first}", "Remove one of them")
                continue
            self.names[here] = _mark(name_node)
            values[name] = self.read(value_node, here)
        return values

    def _text(self, node: yaml.ScalarNode, path: Path) -> str:
        clean = node.value.encode(errors="replace").decode()
        if clean != node.value:
            self._mistake(node, path, r"an escape such as \ud83d is half a character", "Write the character itself")
        return clean

    def _mistake(self, node: yaml.Node, path: Path, message: str, advice: str) -> None:
        self.diagnostics.append((Diagnostic(path, message, advice), _mark(node)))


_INDENTED = re.compile(r"[^\n]*\n(?: *\n)*( *)")
"""From the '|' of a text to the first of its words."""


def _first_line(bar: yaml.Mark) -> Mark:
    """Where the text of a '|' begins."""
    found = _INDENTED.match(str(bar.buffer), bar.pointer) if bar.buffer is not None else None
    return Mark(bar.line + 2, 1 if found is None else len(found[1]) + 1)


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?[0-9]{1,18}")
"""Longer ones stay text: no quantity is that large, and Python refuses to read thousands of digits."""
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?")


def plain_scalar(text: str) -> Plain:
    """A plain scalar by YAML 1.2's core schema, without octal, hexadecimal, infinity and not-a-number."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
