"""Consent, told by the shop: the way in for contacts who browse and cart, and the way out for all."""

from typing import Annotated

from pydantic import Field

from schemas.addresses import EmailAddress
from schemas.model import Model
from schemas.responses.keys import Scope
from starter.http.actor import Actor
from starter.http.auth import KeyReach, keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses

router = keyed_router("consents")


class Consent(Model):
    """What a contact said to being written to by e-mail, and where they said it."""

    email: Annotated[EmailAddress, Field(examples=["shopper@example.com"])]
    granted: bool
    source: Annotated[str, Field(min_length=1, max_length=200, examples=["checkout"])]


class ConsentRecorded(Model):
    """The contact whose word it is."""

    contact_id: str
    granted: bool


@router.post(
    "/v1/consents",
    summary="Record a consent",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.INVALID),
)
async def record_consent(
    consent: Consent, services: InjectedServices, reach: KeyReach, actor: Actor
) -> ConsentRecorded:
    """A yes or a no. The newest word counts: it is looked at before every message."""
    contact_id = await services.consents.record(
        consent.email, consent.source, granted=consent.granted, by=actor, stores=reach.stores
    )
    return ConsentRecorded(contact_id=contact_id, granted=consent.granted)
