"""What units that have not come yet would do: asked before a delivery is ordered, or told to anybody."""

from typing import Annotated

from fastapi import Query

from schemas.ids import Subject
from schemas.incoming.facts import ExternalId
from schemas.responses.forecast import Forecast
from schemas.responses.keys import Scope
from starter.http.api.stores import Store, Variant
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.shops.forecast import MOST_UNITS
from starter.shops.giving import MOST_SHOWN

router = keyed_router("stores")


@router.get(
    "/v1/stores/{store:id}/variants/{variant:id}/forecast",
    summary="Forecast what units would do",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def forecast_units(
    store: Store,
    variant: Variant,
    services: InjectedServices,
    units: Annotated[int, Query(ge=1, le=MOST_UNITS, description="How many would come")],
    location: Annotated[ExternalId | None, Query(description="Where; left out: where its units lie")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_SHOWN, description="How many people are named")] = 10,
) -> Forecast:
    """Who would be told if so many units more came now, when, and who not. Nothing is changed by asking."""
    return await services.forecasts.of_units(Subject(store_id=store, id=variant), units, location, limit)
