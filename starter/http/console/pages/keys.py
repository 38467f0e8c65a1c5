"""API keys, for admins of all stores: what each opens and when it was used, making one, and revoking one."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from schemas.errors import DomainError
from schemas.ids import StoreId
from schemas.responses.keys import Scope
from schemas.responses.users import Role
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import Posted, PostedForm
from starter.http.console.pages.said import said_of
from starter.http.console.rendering import page, words
from starter.http.dependencies import InjectedServices
from starter.services import Services
from starter.shops.keys import KeyExists, KeyUseless, NoSuchKey

PATH = "/users/keys"
_ADMINS = [needs_role(Role.ADMIN)]
pages = console_router()


@pages.get(PATH, dependencies=_ADMINS)
async def keys(request: Request, services: InjectedServices) -> Response:
    """All keys, without the keys, and the form for another."""
    return await _page(request, services)


@pages.post(PATH, dependencies=_ADMINS)
async def create(request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Makes a key, and shows it this once."""
    name = form.text("name")
    scopes = [Scope(each) for each in form.all("scope") if each in tuple(Scope)]
    stores = [StoreId(each) for each in form.text("stores").replace(",", " ").split()] or None
    try:
        key = await services.keys.create(name, viewer.actor, scopes, stores, _end(form.text("expires")))
    except (KeyExists, KeyUseless) as error:
        return await _page(request, services, error, form)
    unknown = await services.keys.unknown_stores(stores or ())
    return page(request, "accounts/made_key.html", name=name, key=key, unknown=unknown)


@pages.post(f"{PATH}/revoke", dependencies=_ADMINS)
async def revoke(request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Makes a key invalid, for good."""
    try:
        await services.keys.revoke(form.exact("name"), viewer.actor)
    except NoSuchKey as error:
        return await _page(request, services, error)
    return RedirectResponse(PATH, 303)


def _end(text: str) -> datetime | None:
    """The end of a day (UTC).

    Raises:
        KeyUseless: it is no day.
    """
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise KeyUseless("Choose a day on which the key ends.") from None


async def _page(
    request: Request, services: Services, error: DomainError | None = None, form: Posted | None = None
) -> Response:
    found = await services.keys.all()
    now = datetime.now(UTC)
    states: Mapping[str, str] = {
        each.name: "revoked" if each.revoked_at else "ended" if each.expires_at and each.expires_at <= now else "valid"
        for each in found
    }
    return page(
        request,
        "accounts/keys.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        keys=sorted(found, key=lambda each: (states[each.name] != "valid", each.name)),
        states=states,
        scopes=tuple(Scope),
        ticked=form.all("scope") if form else (),
        form=form,
        error=said_of(words(request), error) if error else None,
    )
