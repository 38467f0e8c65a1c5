"""One person: what is held of them, forgetting them, what criteria ask of them, and addresses nothing is sent to.

An address or a number is asked for in a body, never in an address of the API, which ends up in the logs of proxies.
"""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from schemas.addresses import PhoneNumber
from schemas.ids import ContactId, StoreId
from schemas.incoming.events import Detail, Details, Storable, Tags
from schemas.model import Model
from schemas.responses.keys import Scope
from schemas.responses.people import ContactErased, ContactExport, ContactReport, SuppressionReport
from starter.http.actor import Actor
from starter.http.api.named import NamesOne
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.shops.people import Changes

router = keyed_router("contacts")

Contact = Annotated[ContactId, Path(pattern=r"^c-[0-9a-z-]{1,98}$", examples=["c-0199c2b7e4a01f2e3d4c5b6a7988"])]
Phone = Annotated[PhoneNumber, Field(examples=["+12025550123"])]
OfStore = Annotated[StoreId | None, Query(max_length=255, description="Of this store, with what holds in all.")]
Source = Annotated[Storable, Field(min_length=1, max_length=200, examples=["asked by mail"])]
_REFUSED = problem_responses(Kind.NOT_FOUND, Kind.INVALID)


class ContactSearch(NamesOne):
    """Whom to look for."""


class ContactChanges(Model):
    """What is to be set; what is left out stays.

    Attributes:
        attributes: merged into those there are; null removes one.
        tags: true puts one on them, false takes it off.
        phone: their number, with + and the country's code, instead of the one they have.
        consent, sms_consent: their word about e-mails, and about text messages.
        suppressed, sms_suppressed: true: nothing is sent to their address any more, or number; false lifts that.
        source: where they said so, for consent and suppression.
    """

    attributes: Details = Field(default_factory=dict[str, Detail])
    tags: Tags = Field(default_factory=dict[str, bool])
    phone: Phone | None = None
    consent: bool | None = None
    sms_consent: bool | None = None
    suppressed: bool | None = None
    sms_suppressed: bool | None = None
    source: Source = "API"


class Suppression(NamesOne):
    """That nothing is to be sent to an address or number any more (`suppressed`), or that it may be again; and why."""

    suppressed: bool
    reason: Source = "API"


@router.post(
    "/v1/contacts/search",
    summary="Find a person",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def find_contact(search: ContactSearch, services: InjectedServices, actor: Actor) -> ContactReport:
    """Their id, and what criteria know of them. That they were looked up is on record."""
    return await services.people.find(search.address, actor)


@router.get("/v1/contacts/{contact}", summary="Export a person", dependencies=[needs(Scope.ADMIN)], responses=_REFUSED)
async def export_contact(
    contact: Contact,
    services: InjectedServices,
    actor: Actor,
    store: OfStore = None,
) -> ContactExport:
    """Everything that is held of them, in one document. That it was read is on record."""
    return await services.people.export(contact, actor, store)


@router.patch(
    "/v1/contacts/{contact}",
    summary="Set what is known of a person",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def change_contact(
    contact: Contact, changes: ContactChanges, services: InjectedServices, actor: Actor
) -> ContactReport:
    """Attributes, tags, consent and suppression: all of it, or nothing."""
    wanted = Changes(
        changes.attributes,
        changes.tags,
        changes.consent,
        changes.suppressed,
        changes.source,
        changes.phone,
        changes.sms_consent,
        changes.sms_suppressed,
    )
    return await services.people.change(contact, wanted, actor)


@router.delete(
    "/v1/contacts/{contact}", summary="Erase a person", dependencies=[needs(Scope.ADMIN)], responses=_REFUSED
)
async def erase_contact(contact: Contact, services: InjectedServices, actor: Actor) -> ContactErased:
    """In all stores, for good. They leave every line, and what they said against messages still holds."""
    return await services.people.erase(contact, actor)


@router.post("/v1/suppressions", summary="Suppress an address", dependencies=[needs(Scope.SEND)], responses=_REFUSED)
async def suppress(asked: Suppression, services: InjectedServices, actor: Actor) -> SuppressionReport:
    """Nothing is sent to it from now on, whoever's it is and whatever they agree to; or that is lifted."""
    return await services.people.suppress(
        asked.email or asked.phone or "", asked.reason, actor, suppressed=asked.suppressed
    )
