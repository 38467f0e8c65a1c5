"""Users, for admins of all stores: who there is, letting somebody in, what each may, a link to choose a password."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from schemas.errors import DomainError
from schemas.ids import StoreId, UserId
from schemas.responses.users import Grant, Language, Role, UserReport
from starter.accounts.links import PATH as LINK
from starter.accounts.user_rows import NoSuchUser, UserExists, UserRefused
from starter.accounts.users import Invited, LastAdmin
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import Posted, PostedForm
from starter.http.console.pages.said import errors_of, said_of
from starter.http.console.rendering import page, with_query, words
from starter.http.console.words import LANGUAGES
from starter.http.dependencies import InjectedServices, dependencies_of
from starter.http.problems import Kind, Refusal
from starter.services import Services

PATH = "/users"
DONE = ("saved", "disabled", "enabled", "factor_reset")
MORE_STORES = 2
"""Empty lines for stores at the end of what somebody may."""
_ADMINS = [needs_role(Role.ADMIN)]
_FIELDS = ("", "email", "name", "role")
pages = console_router()


@pages.get(PATH, dependencies=_ADMINS)
async def users(request: Request, services: InjectedServices, done: str = "") -> Response:
    """Everyone, and what they may."""
    return page(request, "accounts/users.html", users=await services.users.all(), erased=done == "erased")


@pages.get(f"{PATH}/new", dependencies=_ADMINS)
async def new_user(request: Request, services: InjectedServices) -> Response:
    """The form for letting somebody in."""
    return await _form(request, services, None)


@pages.post(f"{PATH}/new", dependencies=_ADMINS)
async def invite(request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Lets somebody in, and shows their link this once."""
    chosen = form.text("language")
    language = Language(chosen) if chosen in tuple(Language) else viewer.language
    try:
        grants = _grants(form)
        made = await services.users.invite(
            form.text("email"), form.text("name"), grants, viewer.actor, language, viewer.time_zone
        )
    except (UserRefused, UserExists) as error:
        return await _form(request, services, None, error, form)
    return await _link(request, services, made)


@pages.get(f"{PATH}/{{user}}", dependencies=_ADMINS)
async def user_page(request: Request, user: str, services: InjectedServices, done: str = "") -> Response:
    """One user."""
    return await _form(request, services, await _one(services, user), done=done if done in DONE else "")


@pages.post(f"{PATH}/{{user}}/roles", dependencies=_ADMINS)
async def change_roles(
    request: Request, user: str, services: InjectedServices, viewer: CurrentViewer, form: PostedForm
) -> Response:
    """What they may, in all stores and in each."""
    found = await _one(services, user)
    try:
        await services.users.set_grants(found.id, _grants(form), viewer.actor)
    except (UserRefused, LastAdmin) as error:
        return await _form(request, services, found, error, form)
    return _back(found.id, "saved")


@pages.post(f"{PATH}/{{user}}/link", dependencies=_ADMINS)
async def make_link(request: Request, user: str, services: InjectedServices, viewer: CurrentViewer) -> Response:
    """A link by which they choose a password, shown this once."""
    found = await _one(services, user)
    return await _link(request, services, await services.users.link(found.id, viewer.actor))


@pages.post(f"{PATH}/{{user}}/disable", dependencies=_ADMINS)
async def disable(request: Request, user: str, services: InjectedServices, viewer: CurrentViewer) -> Response:
    """Signs them out everywhere, and lets them in no more."""
    found = await _one(services, user)
    try:
        await services.users.disable(found.id, viewer.actor)
    except LastAdmin as error:
        return await _form(request, services, found, error)
    return _back(found.id, "disabled")


@pages.post(f"{PATH}/{{user}}/enable", dependencies=_ADMINS)
async def enable(user: str, services: InjectedServices, viewer: CurrentViewer) -> Response:
    """Lets them in again."""
    found = await _one(services, user)
    await services.users.enable(found.id, viewer.actor)
    return _back(found.id, "enabled")


@pages.post(f"{PATH}/{{user}}/second-factor", dependencies=_ADMINS)
async def reset_second_factor(user: str, services: InjectedServices, viewer: CurrentViewer) -> Response:
    """Lets them in by their password alone, until they set up another."""
    found = await _one(services, user)
    await services.second_factors.reset(found.id, viewer.actor)
    return _back(found.id, "factor_reset")


@pages.get(f"{PATH}/{{user}}/erase", dependencies=_ADMINS)
async def erase_page(request: Request, user: str, services: InjectedServices) -> Response:
    """What goes and what stays, and the field for their name."""
    return _erase_page(request, await _one(services, user))


@pages.post(f"{PATH}/{{user}}/erase", dependencies=_ADMINS)
async def erase(
    request: Request, user: str, services: InjectedServices, viewer: CurrentViewer, form: PostedForm
) -> Response:
    """Forgets them, once their name is typed."""
    found = await _one(services, user)
    t = words(request)
    if " ".join(form.text("typed").split()).casefold() != found.name.casefold():
        return _erase_page(request, found, t("accounts.erase_wrong"))
    try:
        await services.users.erase(found.id, viewer.actor)
    except LastAdmin as error:
        return _erase_page(request, found, said_of(t, error))
    return RedirectResponse(with_query(PATH, done="erased"), 303)


def _erase_page(request: Request, user: UserReport, error: str | None = None) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return page(request, "accounts/erase_user.html", status=status, user=user, error=error)


async def _one(services: Services, user: str) -> UserReport:
    try:
        return await services.users.one(user)
    except NoSuchUser:
        raise Refusal(Kind.NOT_FOUND, "There is no such user.") from None


def _back(user_id: UserId, done: str) -> Response:
    return RedirectResponse(with_query(f"{PATH}/{user_id}", done=done), 303)


def _grants(form: Posted) -> list[Grant]:
    """A role for all stores, and one for each store that is named.

    Raises:
        UserRefused: a role is none of ours.
    """
    given = [("", form.text("role")), *zip(form.all("store"), form.all("store_role"), strict=False)]
    named = [(store, role) for number, (store, role) in enumerate(given) if role and (store or not number)]
    if not all(role in tuple(Role) for _, role in named):
        raise UserRefused("role", "This is no role.")
    return [Grant(role=Role(role), store_id=StoreId(store) if store else None) for store, role in named]


async def _form(
    request: Request,
    services: Services,
    user: UserReport | None,
    error: DomainError | None = None,
    form: Posted | None = None,
    done: str = "",
) -> Response:
    t = words(request)
    errors: Mapping[str, str] = errors_of(t, error) if error else {}
    grants = user.grants if user else ()
    if form is not None:
        everywhere = form.text("role")
        lines = list(zip(form.all("store"), form.all("store_role"), strict=False))
    else:
        everywhere = next((str(each.role) for each in grants if each.store_id is None), "")
        lines = [(str(each.store_id), str(each.role)) for each in grants if each.store_id is not None]
    lines += [("", "")] * max(0, MORE_STORES - sum(not store for store, _ in lines))
    return page(
        request,
        "accounts/user.html" if user else "accounts/new_user.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        user=user,
        form=form,
        errors={**dict.fromkeys(_FIELDS), **errors},
        everywhere=everywhere,
        lines=lines,
        roles=tuple(Role),
        role_options=[(str(role), t(f"accounts.role_{role}")) for role in Role],
        languages=LANGUAGES,
        stores=[each.store for each in (await services.stores.heard()).stores],
        done=done,
    )


async def _link(request: Request, services: Services, made: Invited) -> Response:
    base = dependencies_of(request).public_url or f"{request.url.scheme}://{request.url.netloc}"
    return page(
        request,
        "accounts/made_link.html",
        user=await services.users.one(made.user_id),
        purpose=made.purpose,
        days=made.purpose.lasts.days,
        link=f"{base}{LINK}{made.token}",
    )
