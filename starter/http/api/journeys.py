"""Journeys for support: lists, one, its path by replay, cancelling.

An e-mail address is asked for in a body, never in a query string, which ends up in the logs of proxies.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from temporalio.service import RPCError

from schemas.ids import ContactId, JourneyId
from schemas.journey.path import JourneyPath
from schemas.responses.journeys import JourneyPage, JourneyReport, JourneyStatus
from schemas.responses.keys import Scope
from starter.http.actor import Actor
from starter.http.api.named import NamesOne
from starter.http.auth import KeyReach, keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal, problem_responses
from starter.support.journeys import LARGEST_PAGE, JourneyFilter

router = keyed_router("journeys")

REPLAY_LIMIT_SECONDS = 20.0
"""A replay takes milliseconds; a Temporal that is restarting may need this long to hand out the history."""

Journey = Annotated[JourneyId, Path(max_length=64, examples=["j-0199c2b7e4a01f2e3d4c5b6a7988"])]
Cursor = Annotated[str | None, Query(max_length=200, description="The `next` of a page")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]


class JourneySearch(NamesOne):
    """Which journeys of one contact; what is left out may be any."""

    store: str | None = None
    variant: str | None = None
    status: JourneyStatus | None = None
    cursor: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 50


@router.get(
    "/v1/journeys", summary="List journeys", dependencies=[needs(Scope.READ)], responses=problem_responses(Kind.INVALID)
)
async def list_journeys(
    services: InjectedServices,
    reach: KeyReach,
    store: str | None = None,
    variant: str | None = None,
    contact: ContactId | None = None,
    status: JourneyStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> JourneyPage:
    """Newest first, each with the reason why nobody was told yet."""
    reach.require(store)
    wanted = JourneyFilter(store_id=store, variant_id=variant, contact_id=contact, status=status, stores=reach.stores)
    return await services.journeys.page(wanted, cursor, limit)


@router.post(
    "/v1/journeys/search",
    summary="Find a contact's journeys",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.INVALID),
)
async def search_journeys(
    search: JourneySearch, services: InjectedServices, reach: KeyReach, actor: Actor
) -> JourneyPage:
    """By e-mail address or phone number."""
    reach.require(search.store)
    wanted = JourneyFilter(
        store_id=search.store,
        variant_id=search.variant,
        address=search.address,
        status=search.status,
        stores=reach.stores,
    )
    return await services.journeys.page(wanted, search.cursor, search.limit, actor)


@router.get(
    "/v1/journeys/{journey}",
    summary="Show a journey",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def show_journey(journey: Journey, services: InjectedServices, reach: KeyReach) -> JourneyReport:
    """Where it stands, and why."""
    return await services.journeys.show(journey, reach.stores)


@router.get(
    "/v1/journeys/{journey}/path",
    summary="Replay a journey's path",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(
        Kind.NOT_FOUND,
        Kind.HISTORY_GONE,
        Kind.INVALID,
        Kind.REPLAY_FAILED,
        Kind.HISTORY_CORRUPT,
        Kind.TEMPORAL_UNAVAILABLE,
        Kind.ARCHIVE_UNAVAILABLE,
    ),
)
async def show_path(journey: Journey, services: InjectedServices, reach: KeyReach, actor: Actor) -> JourneyPath:
    """Each step entered and left, with times and verdicts, by replaying the workflow's history."""
    async with asking_temporal():
        return await services.paths.of(journey, actor, reach.stores)


@router.post(
    "/v1/journeys/{journey}/cancel",
    summary="Cancel a journey",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def cancel_journey(journey: Journey, services: InjectedServices, reach: KeyReach, actor: Actor) -> JourneyReport:
    """Its place passes to the next in line now; the journey ends at its next rest."""
    return await services.journeys.cancel(journey, actor, reach.stores)


@asynccontextmanager
async def asking_temporal(limit_seconds: float = REPLAY_LIMIT_SECONDS) -> AsyncGenerator[None]:
    """What a Temporal that does not answer within this time means for whoever asked."""
    try:
        async with asyncio.timeout(limit_seconds):
            yield
    except (RPCError, TimeoutError) as error:
        raise _unavailable() from error
    except RuntimeError as error:
        # What the SDK raises when a client made `lazy` cannot connect has no type of its own.
        if not str(error).startswith("Failed client connect"):
            raise
        raise _unavailable() from error


def _unavailable() -> Refusal:
    return Refusal(
        Kind.TEMPORAL_UNAVAILABLE,
        "Temporal, which keeps the histories, does not answer. Nothing is lost; ask again when it is back.",
    )
