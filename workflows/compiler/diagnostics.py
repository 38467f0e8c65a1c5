"""An error or lint warning in a conversation document: where it is, what is wrong, what to do about it."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The way to a place in a document: names of fields and positions in lists, from the outside in."""

_BARE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_NAME = 64
"""Characters shown of a name that is no proper name, so that one line stays one line."""
_MOST_LISTED = 20
"""Names offered in one sentence; nobody reads more."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error, or one lint warning.

    Attributes:
        message: what is wrong.
        advice: what to do about it.
    """

    path: Path
    message: str
    advice: str


def format_path(path: Path) -> str:
    """A path as people write it: `threads[0].steps[2].wait`. The whole document is the empty text."""
    text = ""
    for part in path:
        match part:
            case int():
                text += f"[{part}]"
            case str():
                name = part if _BARE.fullmatch(part) else repr(part[:_LONGEST_NAME])
                text += f".{name}" if text else name
    return text


def listed(names: Collection[str]) -> str:
    """The names there are, or the first of them if they are many."""
    more = len(names) - _MOST_LISTED
    return ", ".join(islice(names, _MOST_LISTED)) + (f" and {more} more" if more > 0 else "")
