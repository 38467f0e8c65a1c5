"""The pages that shoppers see: server-rendered, without a script, a cookie or anything from elsewhere.

What they say is in `words.yaml`, in every language; how it looks in `pages.css`, which each page carries in itself.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

import jinja2
import yaml
from fastapi import Response
from fastapi.responses import HTMLResponse

_FOLDER = files("starter.http.public")
OURS = "en"
"""What is said to whoever reads none of our languages."""
LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "it": "Italiano"}
"""By their own names, as they are offered."""


def _text(file: str) -> str:
    return _FOLDER.joinpath(file).read_text(encoding="utf-8")


WORDS: Mapping[str, Mapping[str, str]] = yaml.safe_load(_text("words.yaml"))
"""By language and name; `{…}` is filled in."""
CSS = _text("pages.css")
_STYLE = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""The address is the key to the page: no other site may learn it, frame it, or find it."""


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._words = WORDS[language]

    def __call__(self, name: str, **values: object) -> str:
        return self._words[name].format(**values)

    def number(self, value: int) -> str:
        """With the marks between thousands that the language has."""
        mark = {"en": ",", "fr": "\u202f"}.get(self.language, ".")
        return f"{value:,}".replace(",", mark)

    def day(self, moment: datetime) -> str:
        """As `12 January 2027`."""
        months = self._words["months"].split()
        return self._words["day"].format(day=moment.day, month=months[moment.month - 1], year=moment.year)


def words_for(kept: str | None, accepted: str | None) -> Words:
    """In the language that a contact is known to read, or that their browser asks for.

    Args:
        kept: its BCP 47 tag; None: not known.
        accepted: the header Accept-Language, the most wanted first, as browsers write it.
    """
    wanted = [kept or "", *(part.partition(";")[0] for part in (accepted or "")[:200].split(","))]
    for tag in wanted:
        language = tag.strip().partition("-")[0].lower()
        if language in WORDS:
            return Words(language)
    return Words(OURS)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def show(template: str, words: Words, status: int = 200, **values: object) -> Response:
    """A page, by its template in this folder."""
    html = _environment().get_template(template).render(say=words, css=CSS, languages=LANGUAGES, **values)
    return HTMLResponse(html, int(status), HEADERS)


def tell(words: Words, what: str, status: int = 200, button: str | None = None, **values: object) -> Response:
    """A page that says one thing: the words `{what}_title` and `{what}_text`.

    Args:
        button: a name of words for a button that posts to this same address; None: there is none.
    """
    return show(
        "telling.html",
        words,
        status,
        title=words(f"{what}_title", **values),
        text=words(f"{what}_text", **values),
        button=None if button is None else words(button),
    )
