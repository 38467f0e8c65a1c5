"""What succeeds variants and products that are gone for good: named, cleared, listed."""

from schemas.ids import Level, StoreId, Subject
from schemas.incoming.facts import ExternalId
from schemas.model import Model
from schemas.responses.keys import Scope
from schemas.responses.successors import SuccessorReport, SuccessorReports
from starter.http.actor import Actor
from starter.http.api.stores import Product, Store, Variant
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses

router = keyed_router("stores")


class SuccessorInput(Model):
    """What is waited for once the one of the path is gone for good: the id of a variant for a variant's, of a product
    for a product's."""

    successor: ExternalId


def _subject(store: StoreId, level: Level, id_: str) -> Subject:
    return Subject(store_id=store, level=level, id=id_)


@router.get(
    "/v1/stores/{store:id}/successors",
    summary="List successors",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.INVALID),
)
async def list_successors(store: Store, services: InjectedServices) -> SuccessorReports:
    """Those that are named, at most 1000, and the variants that a product's successor has none for."""
    return await services.successors.of_store(store)


@router.put(
    "/v1/stores/{store:id}/variants/{variant:id}/successor",
    summary="Name a variant's successor",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def set_variant_successor(
    store: Store, variant: Variant, asked: SuccessorInput, services: InjectedServices, actor: Actor
) -> SuccessorReport:
    """Instead of what was named before. If the variant is gone already, who waits for it still is moved."""
    level = Level.VARIANT
    return await services.successors.set(
        _subject(store, level, variant), _subject(store, level, asked.successor), actor
    )


@router.delete(
    "/v1/stores/{store:id}/variants/{variant:id}/successor",
    status_code=204,
    summary="Clear a variant's successor",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def clear_variant_successor(store: Store, variant: Variant, services: InjectedServices, actor: Actor) -> None:
    """A line that is being moved goes on to where it was to go."""
    await services.successors.clear(_subject(store, Level.VARIANT, variant), actor)


@router.put(
    "/v1/stores/{store:id}/products/{product:id}/successor",
    summary="Name a product's successor",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def set_product_successor(
    store: Store, product: Product, asked: SuccessorInput, services: InjectedServices, actor: Actor
) -> SuccessorReport:
    """Of its variants, too: each has the variant of the same SKU or else title, if there is exactly one."""
    level = Level.PRODUCT
    return await services.successors.set(
        _subject(store, level, product), _subject(store, level, asked.successor), actor
    )


@router.delete(
    "/v1/stores/{store:id}/products/{product:id}/successor",
    status_code=204,
    summary="Clear a product's successor",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def clear_product_successor(store: Store, product: Product, services: InjectedServices, actor: Actor) -> None:
    """A line that is being moved goes on to where it was to go."""
    await services.successors.clear(_subject(store, Level.PRODUCT, product), actor)
