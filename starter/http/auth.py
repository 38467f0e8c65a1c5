"""API keys: `Authorization: Bearer shelftalk_…`, checked before anything else of the request is looked at.

Every route behind a key declares which scope it needs. A key of certain stores opens only what stays within them: a
route that names the store in its path, or one that asks for the key's `Reach` and keeps to it; no other route.
"""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, Security, params
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.convertors import register_url_convertor

from schemas.ids import StoreId
from schemas.responses.keys import Scope
from starter.http.dependencies import dependencies_of
from starter.http.json_bodies import JsonRoute
from starter.http.networks import client_network
from starter.http.paths import Id
from starter.http.problems import Kind, Refusal, problem_responses
from starter.shops.keys import PREFIX, Holder

SCHEME = HTTPBearer(scheme_name="API key", description=f"A key of this server: `{PREFIX}…`", auto_error=False)
"""Only tells OpenAPI; the check is KeyedRoute's."""


def needs(scope: Scope) -> Any:
    """What a route behind a key is for: one of its `dependencies`."""
    return Security(SCHEME, scopes=[scope])


def declared_scopes(dependencies: Sequence[params.Depends] | None) -> list[str]:
    """What a route says that it is for, in its `dependencies`."""
    return [scope for each in dependencies or () if isinstance(each, params.Security) for scope in each.scopes or ()]


class KeyedRoute(JsonRoute):
    """A route that needs a key. Its body is not even read without one.

    Raises:
        ValueError: it does not declare the one scope it needs.
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
        if len(scopes) != 1:
            raise ValueError(f"{path} is behind a key, so it declares one scope: dependencies=[needs(…)]")
        self.scope = Scope(scopes[0])
        super().__init__(path, endpoint, dependencies=dependencies, **options)
        self.within_stores = "{store" in path or any(each.call is reach for each in _below(self.dependant))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def check_key_first(request: Request) -> Response:
            holder = await authenticated(request)
            request.state.holder = holder
            self._authorize(holder, request.path_params.get("store"))
            return await handle(request)

        return check_key_first

    def _authorize(self, holder: Holder, store: str | None) -> None:
        require_scope(holder, self.scope)
        if holder.stores is not None and not self.within_stores:
            raise Refusal(Kind.FORBIDDEN, "This is about all stores, and the key is only for some: use one for all.")
        if store is not None:
            Reach(holder).require(store)


def require_scope(holder: Holder, scope: Scope) -> None:
    """Refuse what the key is not for.

    Raises:
        Refusal: it does not have this scope.
    """
    if not holder.opens(scope):
        raise Refusal(
            Kind.FORBIDDEN,
            f"This needs a key with the scope '{scope}'; this key has: {', '.join(sorted(holder.scopes))}.",
        )


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a key reaches."""

    holder: Holder

    @property
    def stores(self) -> list[StoreId] | None:
        """The stores that it is for; None: all."""
        return self.holder.stores

    def require(self, store: str | None) -> None:
        """Refuse what is about a store that the key is not for.

        Raises:
            Refusal: it is.
        """
        if store is not None and not self.holder.is_for(store):
            raise Refusal(Kind.FORBIDDEN, "This key is not for that store.")


def reach(request: Request) -> Reach:
    """Of the key that opened the route. Who asks for it keeps to it."""
    return Reach(holder_of(request))


def holder_of(request: Request) -> Holder:
    """Whose key opened the route."""
    found = request.state.holder
    assert isinstance(found, Holder)
    return found


KeyReach = Annotated[Reach, Depends(reach)]


def keyed_router(tag: str) -> APIRouter:
    """A router whose every route needs a key, and says so in OpenAPI. In its paths `{name:id}` is an `Id`."""
    register_url_convertor("id", Id())
    return APIRouter(
        route_class=KeyedRoute,
        tags=[tag],
        responses=problem_responses(Kind.KEY_NEEDED, Kind.FORBIDDEN, Kind.TOO_MANY_REQUESTS),
    )


async def authenticated(request: Request) -> Holder:
    """Whose key the request brings.

    Raises:
        Refusal: it brings none that is known, or too many wrong ones came from its network.
    """
    scheme, key = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not key.startswith(PREFIX):
        raise Refusal(
            Kind.KEY_NEEDED,
            f"Send a key in the header: Authorization: Bearer {PREFIX}…",
            headers={"WWW-Authenticate": 'Bearer realm="shelftalk"'},
        )
    found = dependencies_of(request)
    network = client_network(request.scope.get("client"))
    if seconds := await found.wrong_keys.seconds_to_wait(network, key):
        raise Refusal(
            Kind.TOO_MANY_REQUESTS,
            "Too many wrong keys came from this network: see Retry-After.",
            headers={"Retry-After": str(seconds)},
        )
    holder = await found.services.keys.holder(key)
    if holder is None:
        found.wrong_keys.wrong(network)
        raise Refusal(
            Kind.KEY_NEEDED,
            "This key is not known, was revoked, or has expired.",
            headers={"WWW-Authenticate": 'Bearer realm="shelftalk", error="invalid_token"'},
        )
    return holder


def _below(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _below(each)
