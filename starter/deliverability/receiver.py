"""What the receiving host found (Authentication-Results, RFC 8601): its own only, for anybody can write one. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starter.deliverability.arrived import ArrivedMail

_PIECE = re.compile(r"[()]|(?:[^()\\]|\\.?)+")
_BY = re.compile(r"\bby\s+([^\s;()]+)", re.IGNORECASE)
_METHOD = re.compile(r"([a-z0-9-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z0-9]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<![a-z])([a-z]+\.[a-z0-9-]+)=(\"[^\"]*\"|[^\s;]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method came to: `dkim`, `pass`, and what it was about, like header.d."""

    method: str
    result: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReceiverFound:
    """What the receiving host wrote.

    Attributes:
        host: its name, as it gives it; empty: it gives none.
        own: whether it surely is the receiving host's own: it stands above all that came with the mail, or a Received
            above it is by the same host.
    """

    host: str
    own: bool
    results: tuple[MethodResult, ...]

    def results_of(self, method: str) -> tuple[MethodResult, ...]:
        """What a method came to, for each signature or address."""
        return tuple(each for each in self.results if each.method == method)


def read_receiver(mail: ArrivedMail) -> ReceiverFound | None:
    """The topmost Authentication-Results; None: the mail has none."""
    at = next((number for number, field in enumerate(mail.fields) if field.name == "authentication-results"), None)
    if at is None:
        return None
    parts = _without_comments(mail.fields[at].value).split(";")
    # Microsoft's begins with the results.
    host = "" if "=" in parts[0] else (parts[0].split() or [""])[0].lower()
    above = [field.value for field in mail.fields[:at] if field.name == "received"]
    by = {found[1].lower() for value in above if (found := _BY.search(value))}
    return ReceiverFound(host, not above or host in by, tuple(_results(parts)))


def _without_comments(text: str) -> str:
    """What stands outside all brackets that are closed, with single blanks, and none around `=`."""
    pieces: list[str] = []
    opened: list[int] = []
    for piece in _PIECE.findall(text):
        if piece == ")" and opened:
            del pieces[opened.pop() :]
            pieces.append(" ")
            continue
        if piece == "(":
            opened.append(len(pieces))
        pieces.append(piece)
    return " ".join("".join(pieces).split()).replace(" =", "=").replace("= ", "=")


def _results(parts: list[str]) -> list[MethodResult]:
    found: list[MethodResult] = []
    for part in parts:
        method = _METHOD.match(part.strip())
        if method is not None:
            properties = {name.lower(): value.strip('"') for name, value in _PROPERTY.findall(part)}
            found.append(MethodResult(method[1].lower(), method[2].lower(), properties))
    return found
