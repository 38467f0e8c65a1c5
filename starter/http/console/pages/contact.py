"""One person, for support: why they were told or not, where they are, what was sent; and what can be done for them."""

from typing import Annotated

from fastapi import Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from schemas.channels import Channel
from schemas.ids import ContactId
from schemas.incoming.events import Detail, Details, Tags
from schemas.incoming.typed_values import as_typed
from schemas.mistakes import mistake_in_words
from schemas.responses.users import Role
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import PostedForm
from starter.http.console.rendering import page, with_query
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, Refusal
from starter.shops.people import Changes

router = console_router()

Contact = Annotated[ContactId, Path(pattern=r"^c-[0-9a-z-]{1,98}$")]
SUPPORT = needs_role(Role.SUPPORT, somewhere=True)
SOURCE = "support"
"""Where a word was said that is noted in the console, where nobody says more."""
_TAGS = TypeAdapter[dict[str, bool]](Tags)
_ATTRIBUTES = TypeAdapter[dict[str, Detail]](Details)
DONE = {
    "set",
    "removed",
    "tagged",
    "untagged",
    "consent",
    "no_consent",
    "suppressed",
    "unsuppressed",
    "paused",
    "unpaused",
}
"""What a page says was just done, by its name in the words."""


@router.get("/contacts/{contact}", dependencies=[SUPPORT])
async def contact(
    contact: Contact,
    request: Request,
    viewer: CurrentViewer,
    services: InjectedServices,
    done: str = "",
    until: AwareDatetime | None = None,
) -> Response:
    """The answer first, then all that it follows from. `until`: of what happened, nothing that is later."""
    view = await services.contacts.view(contact, viewer.actor, viewer.stores(Role.SUPPORT), until)
    return page(
        request,
        "people/contact.html",
        view=view,
        standing={each.journey_id: each for each in view.entries if each.journey_id is not None},
        ended=[each for each in view.entries if each.ended_at is not None or each.journey_id is None],
        everywhere=viewer.may(Role.SUPPORT),
        may_erase=viewer.may(Role.ADMIN),
        done=done if done in DONE else None,
        until=until,
        earlier=with_query(f"/contacts/{contact}", until=view.earlier.isoformat()) if view.earlier else None,
    )


@router.post("/contacts/{contact}/tags", dependencies=[SUPPORT])
async def tag(contact: Contact, viewer: CurrentViewer, services: InjectedServices, form: PostedForm) -> Response:
    """Put a tag on them (`tag`), or take one off (`untag`)."""
    name, put = form.text("tag") or form.text("untag"), "tag" in form
    try:
        tags = _TAGS.validate_python({name: put})
    except ValidationError as error:
        raise Refusal(Kind.INVALID, mistake_in_words(error.errors(include_url=False)[0])) from None
    await services.people.change(contact, Changes(tags=tags), viewer.actor, viewer.stores(Role.SUPPORT))
    return _back(contact, "tagged" if put else "untagged")


@router.post("/contacts/{contact}/attributes", dependencies=[SUPPORT])
async def set_attribute(
    contact: Contact, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Set one (`name`, `value`), or remove it where no value is given."""
    value = as_typed(form.text("value"))
    try:
        attributes = _ATTRIBUTES.validate_python({form.text("name"): value})
    except ValidationError as error:
        raise Refusal(Kind.INVALID, mistake_in_words(error.errors(include_url=False)[0])) from None
    await services.people.change(contact, Changes(attributes=attributes), viewer.actor, viewer.stores(Role.SUPPORT))
    return _back(contact, "removed" if value is None else "set")


@router.post("/contacts/{contact}/consent", dependencies=[SUPPORT])
async def consent(contact: Contact, viewer: CurrentViewer, services: InjectedServices, form: PostedForm) -> Response:
    """Note their word on a channel: `granted` yes or no, and where they said it."""
    granted, source = form.text("granted") == "yes", form.text("source")[:200] or SOURCE
    match _channel(form.text("channel")):
        case Channel.SMS:
            changes = Changes(sms_consent=granted, source=source)
        case Channel.EMAIL:
            changes = Changes(consent=granted, source=source)
    await services.people.change(contact, changes, viewer.actor, viewer.stores(Role.SUPPORT))
    return _back(contact, "consent" if granted else "no_consent")


@router.post("/contacts/{contact}/suppression", dependencies=[SUPPORT])
async def suppression(
    contact: Contact, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Send nothing to their address on a channel any more, or lift that."""
    suppressed, source = form.text("suppressed") == "yes", form.text("source")[:200] or SOURCE
    match _channel(form.text("channel")):
        case Channel.SMS:
            changes = Changes(sms_suppressed=suppressed, source=source)
        case Channel.EMAIL:
            changes = Changes(suppressed=suppressed, source=source)
    await services.people.change(contact, changes, viewer.actor, viewer.stores(Role.SUPPORT))
    return _back(contact, "suppressed" if suppressed else "unsuppressed")


@router.post("/contacts/{contact}/pause", dependencies=[SUPPORT])
async def pause(contact: Contact, viewer: CurrentViewer, services: InjectedServices, form: PostedForm) -> Response:
    """No messages for so many days (`days`); none: the pause ends."""
    written = form.text("days")
    days = int(written) if written.isdecimal() and len(written) < 4 else None
    await services.people.pause(contact, days, viewer.actor, viewer.stores(Role.SUPPORT))
    return _back(contact, "unpaused" if days is None else "paused")


@router.get("/contacts/{contact}/erase", dependencies=[needs_role(Role.ADMIN)])
async def ask_to_erase(
    contact: Contact, request: Request, viewer: CurrentViewer, services: InjectedServices
) -> Response:
    """What it would mean, and the field to confirm it in."""
    return await _erasing(contact, request, viewer, services, wrong=False)


@router.post("/contacts/{contact}/erase", dependencies=[needs_role(Role.ADMIN)])
async def erase(
    contact: Contact, request: Request, viewer: CurrentViewer, services: InjectedServices, form: PostedForm
) -> Response:
    """Forget them, once what names them was typed."""
    view = await services.contacts.view(contact, viewer.actor)
    if form.text("typed").lower() != (view.contact.email or view.contact.phone or contact):
        return await _erasing(contact, request, viewer, services, wrong=True)
    await services.people.erase(contact, viewer.actor)
    return RedirectResponse(f"/contacts/{contact}", 303)


async def _erasing(
    contact: ContactId, request: Request, viewer: CurrentViewer, services: InjectedServices, *, wrong: bool
) -> Response:
    view = await services.contacts.view(contact, viewer.actor)
    return page(request, "people/erase.html", status=422 if wrong else 200, view=view, wrong=wrong)


def _channel(written: str) -> Channel:
    try:
        return Channel(written)
    except ValueError:
        raise Refusal(Kind.INVALID, "There is no such channel.") from None


def _back(contact: ContactId, done: str) -> Response:
    return RedirectResponse(with_query(f"/contacts/{contact}", done=done), 303)
