"""How names and texts of a document are written in a sentence for people."""

LONGEST = 300
"""Characters of one value in a sentence; a subject has no more."""


def quoted(value: object) -> str:
    """A name or a text, in quotes, on one line."""
    text = " ".join(str(value).split("\n"))
    return f"'{text}'" if len(text) <= LONGEST else f"'{text[:LONGEST]}…'"
