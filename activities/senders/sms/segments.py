"""How many segments a text message is sent in: what is paid for, and what a phone puts together again. Pure.

In the GSM alphabet (3GPP TS 23.038, GSM-7) a message of one segment has 160 characters, and each of several has 153;
characters of its extension count two, and are not divided. With one character outside it, all is sent in UCS-2: 70, and
67 each, of UTF-16's units; an emoji is two, and is not divided either.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 1600
"""Characters of a text message: what the strictest of providers takes."""
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")


class Alphabet(StrEnum):
    """What a message is written in."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"

    @property
    def alone(self) -> int:
        """Units of a message that is one segment."""
        return 160 if self is Alphabet.GSM7 else 70

    @property
    def each(self) -> int:
        """Units of each of several segments: their head takes the room of the others."""
        return 153 if self is Alphabet.GSM7 else 67


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text is sent.

    Attributes:
        units: in all; a character is one or two of them.
        segments: 1 or more.
        outside: the characters that are not in the GSM alphabet, each once, in the order of the text.
    """

    alphabet: Alphabet
    units: int
    segments: int
    outside: tuple[str, ...] = ()


def count_segments(text: str) -> Segments:
    """How this text is sent."""
    outside = tuple(dict.fromkeys(character for character in text if character not in BASIC | EXTENSION))
    alphabet = Alphabet.UCS2 if outside else Alphabet.GSM7
    sizes = [*_sizes(text, alphabet)]
    units = sum(sizes)
    segments = 1 if units <= alphabet.alone else _filled(sizes, alphabet.each)
    return Segments(alphabet, units, segments, outside)


def _sizes(text: str, alphabet: Alphabet) -> Iterator[int]:
    for character in text:
        two = character in EXTENSION if alphabet is Alphabet.GSM7 else ord(character) > 0xFFFF
        yield 2 if two else 1


def _filled(sizes: Iterable[int], room: int) -> int:
    """How many segments of this room they fill, in order, none divided."""
    segments, left = 1, room
    for size in sizes:
        if size > left:
            segments, left = segments + 1, room
        left -= size
    return segments
