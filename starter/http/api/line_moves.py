"""Lines that are moved to another variant or product: what it would do, the move, and how far it has come."""

from typing import Annotated, Self

from fastapi import Path
from pydantic import Field, model_validator

from schemas.ids import AlertId, Level, StoreId, Subject
from schemas.incoming.facts import ExternalId
from schemas.model import Model
from schemas.names import Code
from schemas.responses.keys import Scope
from schemas.responses.line_moves import LineMoveReport, LineMoveReports
from starter.http.actor import Actor
from starter.http.api.stores import Store
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.waitlists.line_moves import WantedMove

router = keyed_router("stores")

Number = Annotated[int, Path(ge=1, lt=2**62, description="The move's number")]


class MoveInput(Model):
    """Whose line is moved where: a variant's to a variant, or a product's to a product.

    Attributes:
        alert: the line of this alert; left out: of every alert.
        confirm: without it nothing is changed, and the answer is what would happen.
        tells_at_most: refuse if by now more would be told at once than this.
    """

    variant: ExternalId | None = None
    to_variant: ExternalId | None = None
    product: ExternalId | None = None
    to_product: ExternalId | None = None
    alert: Code | None = None
    confirm: bool = False
    tells_at_most: Annotated[int | None, Field(ge=0, lt=2**31)] = None

    @model_validator(mode="after")
    def _one_line_and_one_target(self) -> Self:
        named = [name for name in ("variant", "to_variant", "product", "to_product") if getattr(self, name) is not None]
        if named not in (["variant", "to_variant"], ["product", "to_product"]):
            raise ValueError("name 'variant' and 'to_variant', or 'product' and 'to_product'")
        return self

    def wanted(self, store_id: StoreId) -> WantedMove:
        """As the service is asked."""
        level = Level.VARIANT if self.variant is not None else Level.PRODUCT
        return WantedMove(
            Subject(store_id=store_id, level=level, id=self.variant or self.product or ""),
            Subject(store_id=store_id, level=level, id=self.to_variant or self.to_product or ""),
            AlertId(self.alert) if self.alert is not None else None,
        )


@router.post(
    "/v1/stores/{store:id}/moves",
    summary="Move a line",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def move_line(store: Store, asked: MoveInput, services: InjectedServices, actor: Actor) -> LineMoveReport:
    """Who waits for the one comes to wait for the other. Without `confirm` it only shows what that would do."""
    wanted = asked.wanted(store)
    if not asked.confirm:
        return await services.line_moving.would_move(wanted)
    return await services.line_moving.move(wanted, actor, asked.tells_at_most)


@router.get(
    "/v1/stores/{store:id}/moves",
    summary="List moves of lines",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.INVALID),
)
async def list_moves(store: Store, services: InjectedServices) -> LineMoveReports:
    """The latest 100, newest first."""
    return await services.line_moving.latest([store])


@router.get(
    "/v1/stores/{store:id}/moves/{move}",
    summary="Show a move of a line",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def show_move(store: Store, move: Number, services: InjectedServices) -> LineMoveReport:
    """How far it has come."""
    return await services.line_moving.show(move, [store])
