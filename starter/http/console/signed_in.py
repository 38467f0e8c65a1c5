"""The browser's side of a session: the cookie that holds its token, where somebody signs in, and where they are led."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from starter.accounts.identities import LASTS as IDENTITY_LASTS
from starter.accounts.pending_sign_ins import LASTS as PENDING_LASTS
from starter.accounts.relying_party import NoPasskeysHere, RelyingParty, relying_party
from starter.accounts.sessions import LASTS, Where
from starter.accounts.viewer import Viewer
from starter.http.console.rendering import with_query
from starter.http.dependencies import dependencies_of
from starter.http.networks import client_network

COOKIE = "shelftalk-session"
SIGN_IN = "/sign-in"
SECOND_STEP = f"{SIGN_IN}/code"
PENDING = "shelftalk-sign-in"
"""The cookie of who is half signed in."""
IDENTITY = "shelftalk-identity"
"""The cookie of who was led to the identity provider."""
_BROWSERS = (("Edge", "Edg"), ("Opera", "OPR"), ("Firefox", "Firefox|FxiOS"), ("Chrome", "Chrome|CriOS"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("macOS", "Macintosh"),
    ("Linux", "Linux|X11"),
)
_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
"""Within this server: browsers take `//` and `/\\` for the beginning of another's address."""


def token_of(request: Request) -> str | None:
    """The token that the browser keeps for this server."""
    return request.cookies.get(_cookie(request))


async def viewer_by_cookie(request: Request) -> Viewer | None:
    """Whoever is signed in in this browser; None: nobody."""
    token = token_of(request)
    return await dependencies_of(request).services.sessions.viewer(token) if token else None


def pending_token_of(request: Request) -> str:
    """The token of who is half signed in in this browser; empty: nobody is."""
    return request.cookies.get(_cookie(request, PENDING), "")


def keep_signed_in(request: Request, response: Response, token: str) -> None:
    """Let the browser keep a session's token: for this server alone, from scripts away."""
    _keep(request, response, COOKIE, token, LASTS)


def to_second_step(request: Request, token: str, then: str) -> Response:
    """Lead whoever is half signed in to the second step; the browser keeps their token as long as it is good."""
    path = own_path(then)
    led = RedirectResponse(with_query(SECOND_STEP, next=None if path == "/" else path), 303)
    _keep(request, led, PENDING, token, PENDING_LASTS)
    return led


def identity_token_of(request: Request) -> str:
    """The token of who was led to the identity provider by this browser; empty: nobody was."""
    return request.cookies.get(_cookie(request, IDENTITY), "")


def keep_identity(request: Request, response: Response, token: str) -> None:
    """Let the browser keep it until it is led back."""
    _keep(request, response, IDENTITY, token, IDENTITY_LASTS)


def forget_identity(request: Request, response: Response) -> None:
    """Let the browser forget it."""
    _forget(request, response, IDENTITY)


def forget_signed_in(request: Request, response: Response) -> None:
    """Let the browser forget it."""
    _forget(request, response, COOKIE)


def forget_pending(request: Request, response: Response) -> None:
    """Let the browser forget who was half signed in."""
    _forget(request, response, PENDING)


def party_of(request: Request) -> RelyingParty | None:
    """Where passkeys are good; None: not at the address that was asked for."""
    return relying_party(dependencies_of(request).public_url, f"{request.url.scheme}://{request.url.netloc}")


def required_party(request: Request) -> RelyingParty:
    """Where passkeys are good.

    Raises:
        NoPasskeysHere: as it says.
    """
    found = party_of(request)
    if found is None:
        raise NoPasskeysHere
    return found


def to_sign_in(request: Request) -> Response:
    """Lead whoever is not signed in there, and back to where they were; htmx leads the whole page."""
    htmx = request.headers.get("HX-Request") == "true"
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if htmx or request.method != "GET":
        shown = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
        here = shown.path + (f"?{shown.query}" if shown.query else "")
    there = with_query(SIGN_IN, next=None if own_path(here) == "/" else here)
    return Response(headers={"HX-Redirect": there}) if htmx else RedirectResponse(there, 303)


def own_path(text: str | None) -> str:
    """The path within this server that a text names; of any other text the first page."""
    return text if text and _PATH.fullmatch(text) else "/"


def where_of(request: Request) -> Where:
    """Where somebody signs in: the kind of browser, and the network."""
    agent = request.headers.get("User-Agent", "")[:500]
    browser = next((name for name, sign in _BROWSERS if re.search(rf"\b({sign})/", agent)), None)
    if browser is None and "Safari/" in agent and "Version/" in agent:
        browser = "Safari"
    system = next((name for name, sign in _SYSTEMS if re.search(rf"\b({sign})\b", agent)), None)
    return Where(" · ".join(filter(None, (browser, system))) or "–", client_network(request.scope.get("client")))


def _keep(request: Request, response: Response, name: str, token: str, lasts: timedelta) -> None:
    response.set_cookie(
        _cookie(request, name),
        token,
        max_age=int(lasts.total_seconds()),
        secure=_is_private(request),
        httponly=True,
        samesite="lax",
    )


def _forget(request: Request, response: Response, name: str) -> None:
    response.delete_cookie(_cookie(request, name), secure=_is_private(request), httponly=True, samesite="lax")


def _is_private(request: Request) -> bool:
    return request.url.scheme == "https"


def _cookie(request: Request, name: str = COOKIE) -> str:
    # With the prefix no other server of the domain, and no plain http, can set it; browsers take it with https alone.
    return f"__Host-{name}" if _is_private(request) else name
