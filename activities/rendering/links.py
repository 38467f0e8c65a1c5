"""The links of a message that lead away from the shop."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from activities.rendering.compile import templates_of
from activities.rendering.hidden_tags import line_and_column
from activities.rendering.language import TemplateDiagnostic
from schemas.document.conversation import MessageSection

_ADDRESS = re.compile(r"""https?://[^\s"'<>{}|\\^`]+""", re.IGNORECASE)
_HREF = re.compile(r"""href\s*=\s*(["'])\s*(\{\{-?\s*([\w.]+)[^}]*\}\})""", re.IGNORECASE)
_TOLD = ("event.", "contact.attributes.")
"""Values that somebody told; they may be an address anywhere."""
_ENDINGS = ".,;:!?)"
_LOADED = re.compile(
    r"""<mj-font\b[^>]*>|(?<![\w-])(?:src|srcset|background-url)\s*=\s*(?:"[^"]*"|'[^']*')""", re.IGNORECASE
)
"""What a mail loads is no link that somebody follows."""


@dataclass(frozen=True, slots=True)
class _Link:
    at: int
    message: str


def find_links_away(message: MessageSection, shops: Collection[str]) -> Iterator[TemplateDiagnostic]:
    """Each link to a page of no shop, in each language; of templates without mistakes.

    Args:
        shops: the domains of the shops that it is written for; what is in one of them is the shop's.
    """
    for language, wording in message.wordings.items():
        for field, template in templates_of(wording):
            for link in sorted(_links(template, shops), key=lambda each: each.at):
                line, column = line_and_column(template, link.at)
                advice = "Look whether that is meant; a page of the shop is best written with {{ shop.url }}"
                found = TemplateDiagnostic(field, line, link.message, advice, column)
                yield replace(found, language=None if wording is message else language)


def _links(template: str, shops: Collection[str]) -> Iterator[_Link]:
    shown = _LOADED.sub(lambda found: " " * len(found[0]), template)
    for found in _ADDRESS.finditer(shown):
        host = _host(found[0].rstrip(_ENDINGS))
        if host is not None and not any(host == shop or host.endswith(f".{shop}") for shop in shops):
            yield _Link(found.start(), f"this link leads to {host}, which is not the shop")
    for found in _HREF.finditer(template):
        if found[3].startswith(_TOLD):
            yield _Link(found.start(2), f"where this link leads is told by '{found[3]}', perhaps away from the shop")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
