"""Splits MJML into what it consists of, each with its place; strictly, for mrml names no line and lets much pass."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from activities.rendering.hidden_tags import MASK

_NAME = r"[A-Za-z][\w:-]*+"
_VALUE = r"\"[^\"]*+\"|'[^']*+'"
_ATTRIBUTE = re.compile(rf"\s++(?P<name>[A-Za-z_:@][\w:.-]*+)(?:\s*+=\s*+(?P<value>{_VALUE}))?+")
_PIECE = re.compile(
    rf"""(?P<comment><!--.*?-->)
    | </(?P<closes>{_NAME})\s*+>
    | <(?P<opens>{_NAME})(?P<attributes>(?:\s++[A-Za-z_:@][\w:.-]*+(?:\s*+=\s*+(?:{_VALUE}))?+)*+)\s*+(?P<empty>/?)>
    | (?P<text>[^<]++)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name="value"`; `value_at`: where the value begins, after its quote."""

    name: str
    value: str
    at: int
    value_at: int


@dataclass(frozen=True, slots=True)
class Opening:
    """`<name …>`; `empty`: it closes itself."""

    name: str
    attributes: tuple[Attribute, ...]
    empty: bool
    at: int


@dataclass(frozen=True, slots=True)
class Closing:
    """`</name>`."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Words:
    """What stands between elements."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A '<' that begins nothing; what comes after it was not looked at."""

    message: str
    advice: str
    at: int


Piece: TypeAlias = Opening | Closing | Words | Unreadable


def split_markup(masked: str) -> Iterator[Piece]:
    """The pieces of a masked template, in order, without comments. Places count from 0."""
    at = 0
    while at < len(masked):
        found = _PIECE.match(masked, at)
        if found is None:
            yield _unreadable(masked, at)
            return
        if (opens := found["opens"]) is not None:
            yield Opening(opens, tuple(_attributes(found)), bool(found["empty"]), at)
        elif (closes := found["closes"]) is not None:
            yield Closing(closes, at)
        elif (text := found["text"]) is not None:
            yield Words(text, at)
        at = found.end()


def _attributes(found: re.Match[str]) -> Iterator[Attribute]:
    begin = found.start("attributes")
    for each in _ATTRIBUTE.finditer(found["attributes"]):
        value = each["value"]
        inside = begin + (each.start("value") + 1 if value is not None else each.end())
        yield Attribute(each["name"], value[1:-1] if value is not None else "", begin + each.start("name"), inside)


def _unreadable(masked: str, at: int) -> Unreadable:
    inside = masked[at : masked.find(">", at) + 1] or masked[at:]
    if masked.startswith("<!--", at):
        return Unreadable("this comment is not closed", "End it with -->", at)
    if re.match(r"<[!?]", inside):
        return Unreadable("a message has no such declaration", "Remove it: begin with the elements themselves", at)
    if MASK in re.sub(_VALUE, "", inside):
        advice = 'Put it into the quotes of an attribute, as in href="{{ product.url }}", or around whole elements'
        return Unreadable("a {{ … }} or {% … %} stands within the brackets of an element", advice, at)
    if re.match(r"</?[A-Za-z]", inside):
        advice = "Write attributes as name=\"value\", with a blank between them, and end with '>'"
        return Unreadable("this element cannot be read", advice, at)
    return Unreadable("this '<' begins no element", "Write the sign itself as &lt;", at)
