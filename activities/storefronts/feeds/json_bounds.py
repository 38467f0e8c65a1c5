"""JSON on its way to a parser that counts neither depth nor digits: refused before it is read, by both.

ijson keeps a path for every level that is open, so that memory grows with the square of the depth, and its parser in C
ends the process at a whole number of more digits than Python reads (`sys.get_int_max_str_digits`).
"""

import re
from typing import Protocol

from activities.storefronts.feeds.rows import FeedCut

DEEPEST = 1000
"""Levels. An item of a catalogue has a few; the paths of so many are some megabytes."""
LONGEST_NUMBER = 1000
"""Characters of one number."""
_TOO_LONG = re.compile(rb"[-+.0-9Ee]{%d}" % (LONGEST_NUMBER + 1))
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Bytes(Protocol):
    """What a parser reads from."""

    def read(self, size: int = -1, /) -> bytes: ...


class BoundedJson:
    """A stream of JSON in UTF-8, as it is."""

    def __init__(self, stream: Bytes) -> None:
        self._stream = stream
        self._in_text, self._escape, self._before, self._depth = False, b"", b"", 0

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, or fewer; none at the end.

        Raises:
            FeedCut: it is nested too deeply, or has too long a number.
        """
        chunk = self._stream.read(size)
        outside = self._outside_of_texts(chunk)
        if _TOO_LONG.search(self._before + outside):
            raise FeedCut(f"The feed has a number of more than {LONGEST_NUMBER:,} characters.")
        self._before = (self._before + outside)[-LONGEST_NUMBER:]
        for bracket in outside.translate(None, _NO_BRACKETS):
            self._depth += 1 if bracket in b"[{" else -1
            if self._depth > DEEPEST:
                raise FeedCut(f"The feed is nested more than {DEEPEST:,} levels deep.")
        return chunk

    def _outside_of_texts(self, chunk: bytes) -> bytes:
        """With the quotation marks gone, so that what they part is a blank."""
        chunk = (self._escape + chunk).replace(b"\\\\", b"").replace(b'\\"', b"")
        self._escape = b"\\" if chunk.endswith(b"\\") else b""
        parts = chunk.removesuffix(b"\\").split(b'"')
        outside = b" ".join(parts[1 if self._in_text else 0 :: 2])
        self._in_text ^= len(parts) % 2 == 0
        return outside
