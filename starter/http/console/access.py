"""Who may open which page: each route of the console declares its role, and nothing is shown before that is checked."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, Security, params
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie

from schemas.responses.users import Role
from starter.accounts.viewer import Viewer
from starter.http.console.rendering import with_query
from starter.http.problems import Kind, Refusal

COOKIE = APIKeyCookie(name="session", auto_error=False)
"""Only tells whoever reads the routes; the check is ConsoleRoute's."""


def needs_role(role: Role) -> Any:
    """What one must be to open a route: one of its `dependencies`."""
    return Security(COOKIE, scopes=[role])


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
        declared = [each.scopes or () for each in dependencies or () if isinstance(each, params.Security)]
        roles = [role for some in declared for role in some]
        if len(roles) != 1:
            raise ValueError(f"{path} is behind a sign-in, so it declares one role: dependencies=[needs_role(…)]")
        self.role = Role(roles[0])
        super().__init__(path, endpoint, dependencies=dependencies, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def check_first(request: Request) -> Response:
            viewer: Viewer | None = getattr(request.app.state, "viewer", None)
            if viewer is None:
                there = with_query("/sign-in", next=request.url.path)
                return RedirectResponse(there, 303)
            request.state.viewer = viewer
            request.state.csrf = "csrf"
            store = request.path_params.get("store")
            if not viewer.may_somewhere(self.role):
                raise Refusal(Kind.FORBIDDEN, f"This needs the role '{self.role}'.")
            if store is not None and not viewer.may(self.role, store):
                raise Refusal(Kind.NOT_FOUND, "There is no such store.")
            return await handle(request)

        return check_first


def console_router() -> APIRouter:
    """A router whose every route needs somebody who is signed in, in a role that it declares."""
    return APIRouter(route_class=ConsoleRoute, include_in_schema=False, default_response_class=Response)


def viewer_of(request: Request) -> Viewer:
    """Who opened the route."""
    found = request.state.viewer
    assert isinstance(found, Viewer)
    return found


CurrentViewer = Annotated[Viewer, Depends(viewer_of)]
