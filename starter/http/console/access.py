"""Who may open which page: each route of the console declares its role, and nothing is shown before that is checked.

What changes something needs the token of the session's forms besides, and comes from a page of this server.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response, Security, params
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie
from starlette.convertors import register_url_convertor

from schemas.responses.users import Role
from starter.accounts.tokens import form_token, is_form_token
from starter.accounts.viewer import Viewer
from starter.http.auth import declared_scopes
from starter.http.console.forms import posted
from starter.http.console.rendering import page, words
from starter.http.console.signed_in import COOKIE, to_sign_in, token_of, viewer_by_cookie
from starter.http.dependencies import dependencies_of
from starter.http.paths import Id
from starter.http.problems import Kind, Refusal

SCHEME = APIKeyCookie(name=COOKIE, auto_error=False)
"""Only tells whoever reads the routes; the check is ConsoleRoute's."""
SOMEWHERE = "somewhere"
SECOND_FACTOR = "/account/second-factor"
SIGN_OUT = "/sign-out"
SAFE = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing."""


def needs_role(role: Role, *, somewhere: bool = False) -> Any:
    """What one must be to open a route: one of its `dependencies`.

    A route with `{store}` in its path is opened by whoever has the role in that store. Every other is about all stores,
    and is opened by who has it in all.

    Args:
        somewhere: who has it in some store only opens the route too: it shows nothing but what is of the stores that
            `viewer.stores(role)` names.
    """
    return Security(SCHEME, scopes=[role, SOMEWHERE] if somewhere else [role])


class ConsoleRoute(APIRoute):
    """A page, or what a page asks for, behind a sign-in.

    Raises:
        ValueError: it does not declare the one role it needs.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: list[params.Depends] | None = None,
        **options: Any,
    ) -> None:
        scopes = declared_scopes(dependencies)
        roles = [scope for scope in scopes if scope != SOMEWHERE]
        if len(roles) != 1:
            raise ValueError(f"{path} is behind a sign-in, so it declares one role: dependencies=[needs_role(…)]")
        self.role, self.somewhere = Role(roles[0]), SOMEWHERE in scopes
        super().__init__(path, endpoint, dependencies=dependencies, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def check_first(request: Request) -> Response:
            viewer, token = await viewer_by_cookie(request), token_of(request)
            if viewer is None or token is None:
                return to_sign_in(request)
            request.state.viewer, request.state.csrf = viewer, form_token(token)
            if _needs_second_factor(request, viewer):
                return RedirectResponse(SECOND_FACTOR, 303)
            self._authorize(viewer, request.path_params.get("store"))
            if request.method not in SAFE and not (_is_ours(request) and await _is_of_session(request, token)):
                return _stale(request)
            return await handle(request)

        return check_first

    def _authorize(self, viewer: Viewer, store: str | None) -> None:
        if store is not None and not viewer.knows(store):
            raise Refusal(Kind.NOT_FOUND, "There is no such store.")
        somewhere = self.somewhere and store is None
        allowed = viewer.may_somewhere(self.role) if somewhere else viewer.may(self.role, store)
        if not allowed:
            raise Refusal(Kind.FORBIDDEN, f"This needs the role '{self.role}'.")


class OpenRoute(APIRoute):
    """A page for whoever is not signed in. What changes something comes from a page of this server here too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def check_first(request: Request) -> Response:
            if request.method not in SAFE and not _is_ours(request):
                return _stale(request)
            return await handle(request)

        return check_first


def console_router() -> APIRouter:
    """A router whose every route needs somebody who is signed in, in a role that it declares.

    In its paths `{name:id}` is an `Id`.
    """
    register_url_convertor("id", Id())
    return APIRouter(route_class=ConsoleRoute, include_in_schema=False, default_response_class=Response)


def open_router() -> APIRouter:
    """A router for signing in, where nobody is signed in."""
    return APIRouter(route_class=OpenRoute, include_in_schema=False, default_response_class=Response)


def viewer_of(request: Request) -> Viewer:
    """Who opened the route."""
    found = request.state.viewer
    assert isinstance(found, Viewer)
    return found


CurrentViewer = Annotated[Viewer, Depends(viewer_of)]


def _needs_second_factor(request: Request, viewer: Viewer) -> bool:
    """Whether they set one up first: until then nothing else opens."""
    if viewer.by_more_than_password or not dependencies_of(request).second_factor_required:
        return False
    path = request.url.path
    return path != SIGN_OUT and path != SECOND_FACTOR and not path.startswith(f"{SECOND_FACTOR}/")


def _is_ours(request: Request) -> bool:
    """Whether a page of this server asks: as the browser says, which no page can make it say otherwise."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True  # no browser; one says where a form comes from that is posted
    public = dependencies_of(request).public_url
    hosts = {request.headers.get("Host"), urlsplit(public).netloc if public else None}
    return urlsplit(origin).netloc in hosts - {None, ""}


async def _is_of_session(request: Request, token: str) -> bool:
    given = request.headers.get("X-CSRF-Token") or (await posted(request)).exact("csrf")
    return is_form_token(token, given)


def _stale(request: Request) -> Response:
    t = words(request)
    title, text = t("frame.stale"), t("frame.stale_text")
    return page(request, "problem.html", block="page", status=403, title=title, text=text, request_id=None)
