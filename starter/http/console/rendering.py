"""Pages from templates: Jinja2 with everything escaped, the words of the reader's language, and what shows numbers.

Whoever is signed in, the page's nonce and the token that forms carry are on the request: access.py puts them there.
"""

import re
import secrets
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2_fragments import render_block
from markupsafe import Markup

from schemas.criteria import FIELDS
from starter.authoring.criteria_forms import Row
from starter.http.console import assets
from starter.http.console.navigation import PARTS, part_of
from starter.http.console.reason_words import said_action, said_again, said_cause, said_entry, said_exit, said_reason
from starter.http.console.said_values import said
from starter.http.console.words import Words, language_of

_CODE = re.compile(r"`([^`]+)`")
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}


@cache
def environment() -> jinja2.Environment:
    """The templates of the console. A name that is not given is an error, and not an empty place."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(files("starter.http.console").joinpath("templates"))),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["coded"] = coded
    made.globals |= {  # pyright: ignore[reportAttributeAccessIssue]
        "asset": assets.address,
        "icon": icon,
        "with_query": with_query,
        "criteria_names": FIELDS,
        "new_condition": Row(),
        "said": said,
        "said_action": said_action,
        "said_again": said_again,
        "said_cause": said_cause,
        "said_entry": said_entry,
        "said_exit": said_exit,
        "said_reason": said_reason,
    }
    return made


def coded(text: str) -> Markup:
    """A sentence in which what stands between backticks is shown as code."""
    if isinstance(text, Markup):
        return text
    parts = _CODE.split(text)
    return Markup().join(Markup("<code>{}</code>").format(part) if nth % 2 else part for nth, part in enumerate(parts))


def icon(name: str) -> Markup:
    """A symbol of `icons.svg`, which says nothing to those who have pages read to them."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{address}#{name}"/></svg>').format(
        address=assets.address("icons.svg"), name=name
    )


def with_query(path: str, **query: object) -> str:
    """An address with what is asked of it; what is None or empty is left out."""
    given = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(given, safe='[]')}" if given else path


def words(request: Request) -> Words:
    """Those of the reader: by their account, or, before they signed in, by their browser."""
    viewer = getattr(request.state, "viewer", None)
    if viewer is None:
        return Words(language_of(request.headers.get("Accept-Language")), ZoneInfo("UTC"))
    return Words(viewer.language, ZoneInfo(viewer.time_zone))


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    block: str | None = None,
    headers: Mapping[str, str] | None = None,
    **given: object,
) -> HTMLResponse:
    """A page.

    Args:
        template: its file below `templates`.
        block: render that block of it alone, where htmx asks (`wants_part`): what of a page is shown anew.
        given: what the template shows.
    """
    t = words(request)
    nonce = secrets.token_urlsafe(16)
    context: dict[str, object] = {
        "t": t,
        "nonce": nonce,
        "hx_nonce": Markup(' hx-nonce="{}"').format(nonce),
        "viewer": getattr(request.state, "viewer", None),
        "form_token": getattr(request.state, "csrf", ""),
        "path": request.url.path,
        "parts": PARTS,
        "part": part_of(request.url.path),
    } | given
    env = environment()
    if block is not None and wants_part(request):
        html = render_block(env, template, block, context)
    else:
        html = env.get_template(template).render(context)
    policy = {"Content-Security-Policy": _POLICY.format(nonce=nonce)}
    return HTMLResponse(html, status, headers=_HEADERS | policy | {"Vary": "HX-Request"} | dict(headers or {}))


def wants_part(request: Request) -> bool:
    """Whether htmx asks for a part of a page, and not a person for all of it."""
    return (
        request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type", "partial") == "partial"
    )
