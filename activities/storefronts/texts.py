"""A vendor's texts as facts keep them."""

LONGEST_TEXT = 1000
"""Characters of a text that a fact keeps."""


def short(text: str | None) -> str:
    """As much of a text as a fact keeps."""
    return (text or "")[:LONGEST_TEXT]


def whole(text: str | None) -> str | None:
    """A handle or an address that was cut would lead elsewhere, so one that is too long is left out."""
    return text if text and len(text) <= LONGEST_TEXT else None


def web_address(text: str | None) -> str | None:
    """It is put into messages: only what a mail program may load is kept."""
    address = whole(text)
    return address if address and address.startswith(("https://", "http://")) else None
