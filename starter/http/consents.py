"""Consent, told by the shop: the way in for contacts who browse and cart, and the way out for all."""

from typing import Annotated

from pydantic import EmailStr, Field

from schemas.model import Model
from starter.consents import Consents
from starter.http.auth import keyed_router
from starter.http.problems import Kind, problem_responses
from starter.http.retry import once_more
from starter.http.surroundings import Ops

router = keyed_router("consents")


class Consent(Model):
    """What a contact said to being written to by e-mail, and where they said it."""

    email: Annotated[EmailStr, Field(examples=["shopper@example.com"])]
    granted: bool
    source: Annotated[str, Field(min_length=1, max_length=200, examples=["checkout"])]


class ConsentRecorded(Model):
    """The contact whose word it is."""

    contact_id: str
    granted: bool


@router.post("/v1/consents", summary="Record a consent", responses=problem_responses(Kind.INVALID))
async def record_consent(consent: Consent, operations: Ops) -> ConsentRecorded:
    """A yes or a no. The newest word counts: it is looked at before every message."""
    contact_id = await once_more(
        lambda: Consents(operations.pool).record(consent.email, consent.source, granted=consent.granted)
    )
    return ConsentRecorded(contact_id=contact_id, granted=consent.granted)
