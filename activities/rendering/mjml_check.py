"""What is wrong with a message's MJML, by line and column: elements, attributes, nesting, where conditions stand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import assert_never

from activities.rendering.hidden_tags import Tag, find_tags, line_and_column, masked
from activities.rendering.language import TemplateDiagnostic
from activities.rendering.markup import Attribute, Closing, Opening, Unreadable, Words, split_markup
from activities.rendering.mjml_elements import (
    EVERYWHERE,
    HTML,
    MJML,
    NEEDED,
    NOTHING,
    TAGS_ALLOWED,
    VOID,
    Element,
    html_attributes,
)

BODY = "mj-body"
DEEPEST = 64
"""Elements within one another; far more than a mail has, and far less than crashes what compiles them."""
_ENDS = {"endif": "if", "endfor": "for"}
_MIDDLES = ("else", "elif")
Found = tuple[int, str, str]
"""Where (from 0), what is wrong, what to do."""


def is_whole(mjml: str) -> bool:
    """Whether it brings its own <mjml>; otherwise it is what stands in the body of ours."""
    return any(isinstance(each, Opening) and each.name == "mjml" for each in split_markup(masked(mjml)))


def check_mjml(mjml: str) -> tuple[TemplateDiagnostic, ...]:
    """Everything wrong with MJML of which the template tags are right."""
    found = sorted(_Checking(mjml).run())
    return tuple(
        TemplateDiagnostic("mjml", line, message, advice, column)
        for at, message, advice in found
        for line, column in [line_and_column(mjml, at)]
    )


def structural_tags(mjml: str) -> frozenset[int]:
    """Where the tags begin that stand between elements of MJML; of MJML without mistakes."""
    checking = _Checking(mjml)
    for _ in checking.run():
        pass
    return frozenset(checking.structural)


@dataclass(slots=True)
class _Open:
    """An element that is not closed yet, with the blocks that are open in it."""

    name: str
    at: int
    empty: bool = False
    """Nothing may stand in it: it only says attributes."""
    blocks: list[Tag] = field(default_factory=list[Tag])

    @property
    def element(self) -> Element | None:
        """What it is in MJML; None: it is HTML."""
        return NOTHING if self.empty else MJML.get(self.name)


class _Checking:
    def __init__(self, mjml: str) -> None:
        self._masked = masked(mjml)
        self._tags = find_tags(mjml)
        self._next = 0
        root = "" if is_whole(mjml) else BODY
        self._open = [_Open(root, len(mjml))]
        self._in_html = 0
        self.structural: list[int] = []

    def run(self) -> Iterator[Found]:
        for piece in split_markup(self._masked):
            match piece:
                case Opening() if len(self._open) >= DEEPEST:
                    yield piece.at, "this is nested too deeply", "Write it in simpler parts"
                    return
                case Opening():
                    yield from self._opening(piece)
                case Closing():
                    yield from self._closing(piece)
                case Words():
                    yield from self._words(piece)
                case Unreadable():
                    yield piece.at, piece.message, piece.advice
                    return
                case _:
                    assert_never(piece)
        for each in self._open[1:]:
            yield each.at, f"<{each.name}> is not closed", f"Write </{each.name}> where it ends"
        yield from self._unclosed_blocks(self._open[0])

    def _opening(self, piece: Opening) -> Iterator[Found]:
        around = self._open[-1]
        yield from self._misplaced(piece, around)
        for attribute in piece.attributes:
            yield from self._attribute(piece, attribute)
        for missing in sorted(NEEDED.get(piece.name, set[str]()) - {each.name for each in piece.attributes}):
            yield piece.at, f"<{piece.name}> needs '{missing}'", f'Write <{piece.name} {missing}="…">'
        if not piece.empty and not (piece.name in VOID and piece.name not in MJML):
            self._open.append(_Open(piece.name, piece.at, empty=around.name == "mj-attributes"))

    def _misplaced(self, piece: Opening, around: _Open) -> Iterator[Found]:
        name, element = piece.name, around.element
        if name == "mj-include":
            yield piece.at, "a message includes no files", "Write out what is in it"
        elif name not in MJML and name not in HTML:
            near = get_close_matches(name, [*MJML, *HTML], n=1)
            advice = f"Did you mean <{near[0]}>?" if near else f"The elements are: {', '.join([*MJML, *sorted(HTML)])}"
            yield piece.at, f"there is no element <{name}>", advice
        elif around.name == "":
            if name != "mjml":
                yield piece.at, f"<{name}> stands beside <mjml>", "Put it into its <mj-body>"
        elif name in HTML:
            if element is not None and not element.html:
                yield piece.at, f"<{name}> cannot stand in <{around.name}>", _instead(around.name)
        elif element is None:
            yield piece.at, f"<{name}> cannot stand in <{around.name}>", "Close the HTML before it"
        elif name not in element.children:
            yield piece.at, f"<{name}> cannot stand in <{around.name}>", _where(name)

    def _attribute(self, piece: Opening, attribute: Attribute) -> Iterator[Found]:
        name, element = attribute.name, MJML.get(piece.name)
        if element is not None:
            known = element.attributes | EVERYWHERE
        elif piece.name in HTML:
            known = html_attributes(piece.name)
        else:
            return
        if name not in known and not name.startswith(("aria-", "data-")):
            near = get_close_matches(name, sorted(known), n=1)
            advice = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(sorted(known))}"
            yield attribute.at, f"<{piece.name}> has no attribute '{name}'", advice
            return
        tags = [*self._tags_within(attribute.value_at, attribute.value_at + len(attribute.value))]
        if tags and name not in TAGS_ALLOWED and not (element is None and name == "style"):
            advice = f"Values may stand in {', '.join(sorted(TAGS_ALLOWED))}"
            yield attribute.value_at, f"a {{{{ … }}}} cannot stand in '{name}'", advice
        inside = _Open(piece.name, attribute.at)
        yield from self._blocks(tags, inside)
        yield from self._unclosed_blocks(inside)
        value = attribute.value.strip().lower()
        if name in ("href", "src") and value.startswith(("javascript:", "vbscript:")):
            yield attribute.value_at, "a mail runs nothing", "Write the address of a page"

    def _closing(self, piece: Closing) -> Iterator[Found]:
        if len(self._open) > 1 and self._open[-1].name == piece.name:
            yield from self._unclosed_blocks(self._open.pop())
            return
        if any(each.name == piece.name for each in self._open[1:]):
            while (last := self._open.pop()).name != piece.name:
                yield last.at, f"<{last.name}> is not closed", f"Write </{last.name}> before </{piece.name}>"
            return
        if piece.name in VOID:
            yield piece.at, f"</{piece.name}> closes nothing", f"Write <{piece.name} /> alone"
        else:
            yield piece.at, f"</{piece.name}> closes nothing", f"Write <{piece.name}> where it begins, or remove it"

    def _words(self, piece: Words) -> Iterator[Found]:
        around = self._open[-1]
        element = around.element
        tags = [*self._tags_within(piece.at, piece.at + len(piece.text))]
        yield from self._blocks(tags, around)
        if around.name and (element is None or element.html or element.words):
            return
        bare = piece.text
        for tag in tags:
            if tag.is_value or element is None or not element.holds_tags:
                yield tag.begin, f"this cannot stand in <{around.name or 'mjml'}>", _instead(around.name)
            else:
                self.structural.append(tag.begin)
            begin = tag.begin - piece.at
            bare = bare[:begin] + " " * len(tag.text) + bare[begin + len(tag.text) :]
        if stripped := bare.lstrip():
            where = piece.at + len(bare) - len(stripped)
            yield where, f"words cannot stand in <{around.name or 'mjml'}>", _instead(around.name)

    def _tags_within(self, begin: int, end: int) -> Iterator[Tag]:
        """The tags of a part of the text; parts are asked for in order."""
        while self._next < len(self._tags) and self._tags[self._next].begin < begin:
            self._next += 1
        while self._next < len(self._tags) and self._tags[self._next].begin < end:
            yield self._tags[self._next]
            self._next += 1

    def _blocks(self, tags: list[Tag], inside: _Open) -> Iterator[Found]:
        for tag in tags:
            block = tag.block
            if block in _ENDS.values():
                inside.blocks.append(tag)
            elif block in (*_ENDS, *_MIDDLES) and not inside.blocks:
                advice = "Begin and end it within the same element, or around whole elements"
                yield tag.begin, f"the {{% {block} %}} belongs to what began in another element", advice
            elif block in _ENDS:
                inside.blocks.pop()

    def _unclosed_blocks(self, closed: _Open) -> Iterator[Found]:
        for tag in closed.blocks:
            advice = "Begin and end it within the same element, or around whole elements"
            yield tag.begin, f"the {{% {tag.block} %}} ends in another element than it begins in", advice


def _where(name: str) -> str:
    around = [each for each, element in MJML.items() if name in element.children]
    return f"Put it into {' or '.join(f'<{each}>' for each in around)}" if around else "Remove it"


def _instead(around: str) -> str:
    match around:
        case "mj-column" | "mj-hero":
            return "Put it into <mj-text>"
        case "mj-body" | "mj-wrapper" | "mj-section" | "mj-group":
            return "Put it into <mj-text>, and that into <mj-section><mj-column>"
        case _:
            return "Put it into <mj-text> of the body"
