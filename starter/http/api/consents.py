"""Consent, told by the shop: the way in for contacts who browse and cart, and the way out for all."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from schemas.addresses import EmailAddress, PhoneNumber
from schemas.channels import Channel
from schemas.model import Model
from schemas.responses.keys import Scope
from starter.http.actor import Actor
from starter.http.auth import KeyReach, keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses

router = keyed_router("consents")


class Consent(Model):
    """What a contact said to messages, and where they said it.

    Attributes:
        email, phone: who it is; a number with + and the country's code. With both, the number is given to who has the
            address.
        channel: what they spoke of: text messages, where a number is named, or else e-mail.
    """

    phone: Annotated[PhoneNumber | None, Field(examples=["+12025550123"])] = None
    email: Annotated[EmailAddress | None, Field(examples=["shopper@example.com"], validate_default=True)] = None
    channel: Channel | None = None
    granted: bool
    source: Annotated[str, Field(min_length=1, max_length=200, examples=["checkout"])]

    @field_validator("email")
    @classmethod
    def _says_of_whom(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("phone", "") is None:
            raise ValueError("a consent names its contact by 'email', by 'phone' or by both")
        return value

    @property
    def of_channel(self) -> Channel:
        """What they spoke of."""
        return self.channel or (Channel.SMS if self.phone is not None else Channel.EMAIL)


class ConsentRecorded(Model):
    """The contact whose word it is."""

    contact_id: str
    granted: bool


@router.post(
    "/v1/consents",
    summary="Record a consent",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.CONFLICT, Kind.INVALID),
)
async def record_consent(
    consent: Consent, services: InjectedServices, reach: KeyReach, actor: Actor
) -> ConsentRecorded:
    """A yes or a no. The newest word counts: it is looked at before every message."""
    contact_id = await services.consents.record(
        consent.email,
        consent.source,
        granted=consent.granted,
        by=actor,
        stores=reach.stores,
        phone=consent.phone,
        channel=consent.of_channel,
    )
    return ConsentRecorded(contact_id=contact_id, granted=consent.granted)
