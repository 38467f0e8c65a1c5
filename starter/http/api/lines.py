"""Lines as people look after them: which there are, and calling the next of one forward by hand."""

from typing import Annotated, Self

from fastapi import Query
from pydantic import Field, model_validator

from schemas.ids import AlertId, Level, StoreId, Subject
from schemas.incoming.facts import ExternalId
from schemas.model import Model
from schemas.names import Code
from schemas.responses.calling_forward import CallReport
from schemas.responses.keys import Scope
from schemas.responses.lines import LinePage
from starter.http.actor import Actor
from starter.http.api.stores import Store
from starter.http.auth import KeyReach, keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.waitlists.calling_forward import MOST_BY_ONE_CALL, WantedCall
from starter.waitlists.lines import LARGEST_PAGE, LineSort, LinesShown, WantedLines

router = keyed_router("stores")


class CallInput(Model):
    """Whom to call forward: the next in a variant's line, or in a product's.

    Attributes:
        people: how many.
        confirm: without it nothing is changed, and the answer is what would happen.
        takes_back_at_most: refuse if by now more offers would end than this; left out: however many.
    """

    variant: ExternalId | None = None
    product: ExternalId | None = None
    alert: Code
    people: Annotated[int, Field(ge=1, le=MOST_BY_ONE_CALL)] = 1
    confirm: bool = False
    takes_back_at_most: Annotated[int | None, Field(ge=0, lt=2**31)] = None

    @model_validator(mode="after")
    def _one_line(self) -> Self:
        if (self.variant is None) == (self.product is None):
            raise ValueError("name one of 'variant' and 'product'")
        return self

    def wanted(self, store_id: StoreId) -> WantedCall:
        """As the service is asked."""
        level = Level.VARIANT if self.variant is not None else Level.PRODUCT
        subject = Subject(store_id=store_id, level=level, id=self.variant or self.product or "")
        return WantedCall(subject, AlertId(self.alert), self.people)


@router.get(
    "/v1/lines",
    summary="List waiting lists",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.INVALID),
)
async def list_lines(
    services: InjectedServices,
    reach: KeyReach,
    store: Annotated[StoreId | None, Query(max_length=255)] = None,
    alert: Annotated[str | None, Query(max_length=63)] = None,
    text: Annotated[str, Query(max_length=200, description="In the title, the SKU, or one of the ids")] = "",
    show: LinesShown = LinesShown.ALL,
    sort: LineSort = LineSort.WAITING,
    after: Annotated[str | None, Query(max_length=2000, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
) -> LinePage:
    """A page of the variants and products that somebody waits for."""
    reach.require(store)
    stores = reach.stores if store is None else [store]
    return await services.waiting_lines.page(WantedLines(stores, alert, text.strip(), show, sort), after, limit)


@router.post(
    "/v1/stores/{store:id}/calls",
    summary="Call forward by hand",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def call_forward(store: Store, asked: CallInput, services: InjectedServices, actor: Actor) -> CallReport:
    """The next in line are told, within the units that are there. Without `confirm` it shows what that would do."""
    wanted = asked.wanted(store)
    if not asked.confirm:
        return await services.calling_forward.would_call(wanted)
    return await services.calling_forward.call(wanted, actor, asked.takes_back_at_most)
