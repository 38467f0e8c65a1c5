"""Turns a template of another tool into one of ours: Liquid as shops write it, and Klaviyo's Django.

What has no counterpart becomes a comment, `{# not converted: … #}`, and is told with its line: nobody is sent a tag
that nothing fills in. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from activities.rendering.hidden_tags import line_and_column
from activities.rendering.templates import check_one
from starter.authoring.foreign_conditions import convert_condition
from starter.authoring.foreign_names import is_our_list
from starter.authoring.foreign_values import NoCounterpart, convert_value

_TAG = re.compile(r"\{\{(?P<value>.*?)\}\}|\{%(?P<block>.*?)%\}", re.DOTALL)
_LINK = re.compile(r"""(?:\s+(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"))?\s*""")
_FOR = re.compile(r"(?P<name>\w+)\s+in\s+(?P<list>[\w.]+)(?P<more>.*)", re.DOTALL)
_ENDS = {"endif": "if", "endunless": "if", "endfor": "for", "endifequal": "if"}


@dataclass(frozen=True, slots=True)
class Unconverted:
    """Something that has no counterpart, or not the same; lines count from 1."""

    line: int
    column: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """A template in our language, and what could not be converted."""

    text: str
    unconverted: tuple[Unconverted, ...]


def convert(template: str) -> Conversion:
    """The template in our language. What is ours already stays."""
    converting = _Converting(template)
    text = "".join(converting.pieces())
    html = "<" in text
    told = [*converting.unconverted]
    if not told:
        told += [
            Unconverted(each.line, each.column, "", f"{each.message}. {each.advice}")
            for each in check_one("text", text, html=html)
        ]
    return Conversion(text, tuple(told))


@dataclass(slots=True)
class _Block:
    """A block that is open: what it became, and the name that a loop gives to each item."""

    kind: str
    converted: bool
    item: str | None = None


@dataclass(slots=True)
class _Converting:
    template: str
    unconverted: list[Unconverted] = field(default_factory=list[Unconverted])
    _open: list[_Block] = field(default_factory=list[_Block])
    _until: str | None = None
    """The end of a comment, which is left out whole."""

    def pieces(self) -> Iterator[str]:
        at = 0
        for found in _TAG.finditer(self.template):
            if self._until is None:
                yield self.template[at : found.start()]
            at = found.end()
            yield self._tag(found)
        yield self.template[at:]

    def _tag(self, found: re.Match[str]) -> str:
        block = found["block"]
        if self._until is not None:
            if block is not None and block.strip(" -+\n") == self._until:
                self._until = None
            return ""
        try:
            if block is None:
                value, notes = convert_value(_inside(found["value"]), self._loops)
                for note in notes:
                    self._tell(found, note)
                return _marked(found["value"], "{{", value, "}}")
            return self._block(found, _inside(block))
        except NoCounterpart as error:
            self._tell(found, str(error))
            return _comment(found[0])

    @property
    def _loops(self) -> list[str]:
        return [block.item for block in self._open if block.item is not None]

    def _block(self, found: re.Match[str], inside: str) -> str:
        word, _, rest = inside.partition(" ")
        rest = rest.strip()
        match word:
            case "if" | "unless" | "ifequal" | "for":
                return self._begin(found, word, rest)
            case "elsif" | "elif" | "else" if self._open:
                if not self._open[-1].converted:
                    return _comment(found[0])
                condition = f" {convert_condition(rest, self._loops)}" if rest else ""
                return _marked(found["block"], "{%", f"{'elif' if condition else 'else'}{condition}", "%}")
            case end if end in _ENDS and self._open:
                begun = self._open.pop()
                return (
                    _marked(found["block"], "{%", f"end{begun.kind}", "%}") if begun.converted else _comment(found[0])
                )
            case "comment":
                self._until = "endcomment"
                return ""
            case "catalog" | "endcatalog":
                # Here the product of the message is the one it is about.
                return ""
            case "raw" | "endraw" | "verbatim" | "endverbatim":
                return _marked(found["block"], "{%", word.replace("verbatim", "raw"), "%}")
            case "coupon_code":
                return "{{ coupon.code }}"
            case "unsubscribe" | "unsubscribe_link":
                return self._link("links.unsubscribe", word, rest, "Unsubscribe")
            case "manage_preferences" | "manage_preferences_link":
                return self._link("links.page", word, rest, "Your settings")
            case _:
                raise NoCounterpart(f"there is no tag like '{word}'")

    def _begin(self, found: re.Match[str], word: str, rest: str) -> str:
        block = _Block("for" if word == "for" else "if", converted=False)
        self._open.append(block)
        if word == "for":
            loop = _FOR.fullmatch(rest)
            if loop is None or not is_our_list(loop["list"]):
                raise NoCounterpart("a message goes through 'items' only, what was in the cart or order")
            if loop["more"].strip():
                self._tell(found, f"'{loop['more'].strip()}' is left out: a message goes through all items")
            block.converted, block.item = True, loop["name"]
            return _marked(found["block"], "{%", f"for {loop['name']} in items", "%}")
        if word == "ifequal":
            rest = " == ".join(rest.split(None, 1))
        condition = convert_condition(rest, self._loops)
        block.converted = True
        return _marked(found["block"], "{%", f"if not ({condition})" if word == "unless" else f"if {condition}", "%}")

    def _link(self, address: str, word: str, rest: str, usual: str) -> str:
        """A link, only where there is one."""
        words = _LINK.fullmatch(f" {rest}" if rest else "")
        if words is None:
            raise NoCounterpart(f"what stands after '{word}' cannot be read")
        if word.endswith("_link"):
            return f"{{{{ {address} }}}}"
        said = words["single"] or words["double"] or usual
        link = f'<a href="{{{{ {address} }}}}">{said}</a>' if "<" in self.template else f"{said}: {{{{ {address} }}}}"
        return f"{{% if {address} %}}{link}{{% endif %}}"

    def _tell(self, found: re.Match[str], why: str) -> None:
        line, column = line_and_column(self.template, found.start())
        self.unconverted.append(Unconverted(line, column, found[0], why))


def _inside(text: str) -> str:
    return " ".join(text.strip(" \n\t-").split())


def _marked(original: str, opening: str, inside: str, closing: str) -> str:
    """With the marks for white space that the original has."""
    left = "-" if original.startswith("-") else ""
    right = "-" if original.endswith("-") else ""
    return f"{opening}{left} {inside} {right}{closing}"


def _comment(tag: str) -> str:
    return f"{{# not converted: {_inside(tag[2:-2]).replace('#}', '# }')} #}}"
