"""API keys: `Authorization: Bearer shelftalk_…`, checked before anything else of the request is looked at."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response, Security
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.convertors import register_url_convertor

from starter.http.dependencies import dependencies_of
from starter.http.json_bodies import JsonRoute
from starter.http.paths import Id
from starter.http.problems import Kind, Refusal, problem_responses
from starter.shops.keys import PREFIX

SCHEME = HTTPBearer(scheme_name="API key", description=f"A key of this server: `{PREFIX}…`", auto_error=False)
"""Only tells OpenAPI; the check is KeyedRoute's."""


class KeyedRoute(JsonRoute):
    """A route that needs a key. Its body is not even read without one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def check_key_first(request: Request) -> Response:
            await _require_key(request)
            return await handle(request)

        return check_key_first


def keyed_router(tag: str) -> APIRouter:
    """A router whose every route needs a key, and says so in OpenAPI. In its paths `{name:id}` is an `Id`."""
    register_url_convertor("id", Id())
    return APIRouter(
        route_class=KeyedRoute,
        dependencies=[Security(SCHEME)],
        tags=[tag],
        responses=problem_responses(Kind.KEY_NEEDED),
    )


async def _require_key(request: Request) -> None:
    scheme, key = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() == "bearer" and key.startswith(PREFIX):
        if await dependencies_of(request).services.keys.holder(key) is not None:
            return
        raise Refusal(
            Kind.KEY_NEEDED,
            "This key is not known, or was revoked.",
            headers={"WWW-Authenticate": 'Bearer realm="shelftalk", error="invalid_token"'},
        )
    raise Refusal(
        Kind.KEY_NEEDED,
        f"Send a key in the header: Authorization: Bearer {PREFIX}…",
        headers={"WWW-Authenticate": 'Bearer realm="shelftalk"'},
    )
