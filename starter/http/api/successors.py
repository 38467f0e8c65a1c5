"""What succeeds variants and products that are gone for good: named, cleared, listed."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends

from schemas.ids import Level, Subject
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


def _variant(store: Store, variant: Variant) -> Subject:
    return Subject(store_id=store, level=Level.VARIANT, id=variant)


def _product(store: Store, product: Product) -> Subject:
    return Subject(store_id=store, level=Level.PRODUCT, id=product)


@router.get(
    "/v1/stores/{store:id}/successors",
    summary="List successors",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.INVALID),
)
async def list_successors(store: Store, services: InjectedServices) -> SuccessorReports:
    """Those that are named, at most 1000, and the variants that a product's successor has none for."""
    return await services.successors.of_store(store)


def _add_routes(level: Level, of: Callable[..., Subject], described: str) -> None:
    """Name and clear the successor of what `of` reads from a path."""
    path = f"/v1/stores/{{store:id}}/{level}s/{{{level}:id}}/successor"
    needed = [needs(Scope.SEND)]

    @router.put(
        path,
        summary=f"Name a {level}'s successor",
        description=described,
        dependencies=needed,
        responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
    )
    async def set_successor(
        subject: Annotated[Subject, Depends(of)], asked: SuccessorInput, services: InjectedServices, actor: Actor
    ) -> SuccessorReport:
        successor = Subject(store_id=subject.store_id, level=level, id=asked.successor)
        return await services.successors.set(subject, successor, actor)

    @router.delete(
        path,
        status_code=204,
        summary=f"Clear a {level}'s successor",
        description="A line that is being moved goes on to where it was to go.",
        dependencies=needed,
        responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
    )
    async def clear_successor(
        subject: Annotated[Subject, Depends(of)], services: InjectedServices, actor: Actor
    ) -> None:
        await services.successors.clear(subject, actor)


_add_routes(
    Level.VARIANT,
    _variant,
    "Instead of what was named before. If the variant is gone already, who waits for it still is moved.",
)
_add_routes(
    Level.PRODUCT,
    _product,
    "Of its variants, too: each has the variant of the same SKU or else title, if there is exactly one.",
)
