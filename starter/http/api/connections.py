"""How a store's connection to its platform is. Connecting itself is done at a terminal, where secrets are asked for."""

from schemas.responses.connections import ConnectionReport
from schemas.responses.keys import Scope
from starter.http.api.stores import Store
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses

router = keyed_router("stores")


@router.get(
    "/v1/stores/{store:id}/connection",
    summary="Show a store's connection",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def show_connection(store: Store, services: InjectedServices) -> ConnectionReport:
    """What was last heard of its platform and asked of it, what is wrong, and what to do. Its platform is not asked."""
    (found,) = (await services.connection_status.show(store)).stores
    return found
