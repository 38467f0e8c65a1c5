"""The subject of a message: one line, whatever a storefront's titles hold."""

import unicodedata

LONGEST_SUBJECT = 250
"""Characters; mail programs show far fewer, and a storefront's title may have a thousand."""


def one_line(subject: str) -> str:
    """No line breaks and no control characters: a storefront's title must not begin another header."""
    line = " ".join("".join(" " if unicodedata.category(c) in _BREAKING else c for c in subject).split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1].rstrip() + "…"


_BREAKING = frozenset({"Cc", "Zl", "Zp", "Cs"})
"""Unicode categories: control characters, line and paragraph separators, halves of surrogate pairs."""
