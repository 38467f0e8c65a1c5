"""Template tags hidden from what reads markup: `{% if a < b %}` is no element, and `{{ x }}` no text, to an XML parser.

Masked, a template has its own length and lines, so that a place in it is a place in the original. With tokens it can be
compiled to something else, and gets its tags back there.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
TAG = re.compile(
    rf"\{{\{{(?:{_QUOTED}|[^'\"])*?\}}\}}|\{{%(?:{_QUOTED}|[^'\"])*?%\}}|\{{\#.*?\#\}}",
    re.DOTALL,
)
"""A value, a block or a comment, of a template that Jinja can read."""
TOKEN = re.compile(r"tag\d+x\d+y")
"""Stands for a tag where it is to be found again; every parser takes it for a word."""
MASK = "\ue000"
"""Stands for each character of a tag; nobody's text has it."""
_BLOCK = re.compile(r"\{%[-+]?\s*(\w+)")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a template; `begin` counts from 0."""

    text: str
    begin: int

    @property
    def is_value(self) -> bool:
        return self.text.startswith("{{")

    @property
    def block(self) -> str | None:
        """`if`, `endfor`; None of what is no block."""
        found = _BLOCK.match(self.text)
        return found[1] if found else None


def find_tags(template: str) -> tuple[Tag, ...]:
    """Every tag, in order."""
    return tuple(Tag(found[0], found.start()) for found in TAG.finditer(template))


def masked(template: str) -> str:
    """The same text with tags that cannot be read; line breaks within them stay."""
    return TAG.sub(lambda found: "".join(c if c == "\n" else MASK for c in found[0]), template)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A text with tokens in place of tags, and the tags by their tokens."""

    text: str
    tags: dict[str, Tag]

    @classmethod
    def of(cls, template: str, around: Callable[[Tag, str], str] = lambda _tag, token: token) -> "Hidden":
        """Hide every tag; `around` says what stands in its place, with the token in it."""
        salt = 0
        while f"tag{salt}x" in template:
            salt += 1
        tags: dict[str, Tag] = {}

        def hide(found: re.Match[str]) -> str:
            token = f"tag{salt}x{len(tags)}y"
            tags[token] = Tag(found[0], found.start())
            return around(tags[token], token)

        return cls(TAG.sub(hide, template), tags)

    def restore(self, text: str) -> str:
        """A text that was made of this one, with the tags back in it."""
        return TOKEN.sub(lambda found: self.tags[found[0]].text if found[0] in self.tags else found[0], text)

    def lost(self, text: str) -> Collection[Tag]:
        """The tags that are not in what was made of this text."""
        return [tag for token, tag in self.tags.items() if token not in text]


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """Of a place in a text, both counted from 1."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
