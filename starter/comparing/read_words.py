"""How messages differ as somebody reads them: both rendered for the same made-up contact, line by line. Pure."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.responses.previews import PreviewedMessage


class Kept(StrEnum):
    """What became of a line."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line, of the message before or after."""

    kept: Kept
    text: str


@dataclass(frozen=True, slots=True)
class Reworded:
    """A message that reads differently, in one language; its subject first, where it has one."""

    message: str
    language: str
    lines: tuple[ReadLine, ...]


def find_reworded(before: Sequence[PreviewedMessage], after: Sequence[PreviewedMessage]) -> tuple[Reworded, ...]:
    """The messages that read differently, with those that are new or gone."""
    old = {(each.message, each.language): _lines(each) for each in before}
    new = {(each.message, each.language): _lines(each) for each in after}
    return tuple(
        Reworded(*key, tuple(_compared(old.get(key, []), new.get(key, []))))
        for key in dict.fromkeys((*new, *old))
        if old.get(key) != new.get(key)
    )


def _lines(message: PreviewedMessage) -> list[str]:
    text = message.text.strip().splitlines()
    return text if message.subject is None else [message.subject, "", *text]


def _compared(before: list[str], after: list[str]) -> Iterator[ReadLine]:
    for line in difflib.ndiff(before, after):
        match line[:2]:
            case "- ":
                yield ReadLine(Kept.GONE, line[2:])
            case "+ ":
                yield ReadLine(Kept.NEW, line[2:])
            case "  ":
                yield ReadLine(Kept.SAME, line[2:])
            case _:
                pass  # where in a line it differs, which is seen
