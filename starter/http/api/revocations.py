"""Texts that may take a consent back: a person says what each means. Contacts are named by id, never by number."""

from typing import Annotated

from fastapi import Path, Query

from schemas.model import Model
from schemas.responses.keys import Scope
from schemas.responses.revocations import Decision, OpenRevocations, RevocationDecided
from starter.http.actor import Actor
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses

router = keyed_router("revocations")


class DecisionMade(Model):
    """What it was found to mean."""

    decision: Decision


@router.get(
    "/v1/revocations",
    summary="List texts that wait to be read",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.INVALID),
)
async def list_revocations(
    services: InjectedServices, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> OpenRevocations:
    """Those that read like a no first, and of these those that are due first."""
    return await services.revocations.waiting(limit)


@router.post(
    "/v1/revocations/{id}",
    summary="Say what a text means",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def decide_revocation(
    id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)],
    made: DecisionMade,
    services: InjectedServices,
    actor: Actor,
) -> RevocationDecided:
    """`confirmed`: it is a no, and nothing is sent there any more. `dismissed`: it is none."""
    return await services.revocations.decide(id_, made.decision, actor)
