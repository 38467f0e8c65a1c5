"""Links of a rendered message: which lead to the shop's own pages, and the message with others in their place. Pure.

Only what is certainly a link is touched: an `href` of an `a` in quotes, and in text an address from its scheme to the
next blank. Whatever else there is stays as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape, unescape
from urllib.parse import urlsplit

_HREF = re.compile(r"""(<a\b[^>]*?\shref\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_ADDRESS = re.compile(r"""https?://[^\s<>"'\[\]{}|\\^`]+""")
_AFTER = ".,;:!?)*_"
"""What follows an address in a sentence and is no part of it."""
PIXEL = '<img src="{}" width="1" height="1" alt="" style="display:block;border:0">'
_END = re.compile(r"</body\s*>", re.IGNORECASE)


def links_to(hosts: Iterable[str], text: str, html: str | None) -> tuple[str, ...]:
    """The addresses of pages on these hosts that a message links to, each once, in the order of the message."""
    wanted = frozenset(hosts)
    found: dict[str, None] = {}

    def note(address: str) -> str | None:
        if host_of(address) in wanted:
            found[address] = None
        return None

    _replace_in_html(html or "", note)
    _replace_in_text(text, note)
    return tuple(found)


def with_links(text: str, html: str | None, instead: Mapping[str, str]) -> tuple[str, str | None]:
    """The message's text and html with other addresses in the place of these."""
    return _replace_in_text(text, instead.get), None if html is None else _replace_in_html(html, instead.get)


def with_pixel(html: str, address: str) -> str:
    """The html with a picture that nobody sees, at its end."""
    pixel = PIXEL.format(escape(address))
    end = _END.search(html)
    return html + pixel if end is None else html[: end.start()] + pixel + html[end.start() :]


def host_of(address: str) -> str | None:
    """The host that a web address names, in lower case; None: it is none."""
    try:
        parts = urlsplit(address)
        return parts.hostname if parts.scheme in ("https", "http") else None
    except ValueError:
        return None


def _replace_in_html(html: str, instead: Callable[[str], str | None]) -> str:
    def one(match: re.Match[str]) -> str:
        found = instead(unescape(match[2] if match[2] is not None else match[3]).strip())
        return match[0] if found is None else f'{match[1]}"{escape(found)}"'

    return _HREF.sub(one, html)


def _replace_in_text(text: str, instead: Callable[[str], str | None]) -> str:
    def one(match: re.Match[str]) -> str:
        address = match[0].rstrip(_AFTER)
        found = instead(address)
        return match[0] if found is None else found + match[0][len(address) :]

    return _ADDRESS.sub(one, text)
