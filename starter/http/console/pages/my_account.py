"""My account: what users say of themselves, their password, and the browsers in which they are signed in."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from schemas.errors import DomainError
from schemas.responses.users import Language, Role
from starter.accounts.attempts import TooManySignIns
from starter.accounts.passwords import LONGEST, SHORTEST, PasswordRefused
from starter.accounts.present_password import WrongPassword
from starter.accounts.user_rows import UserRefused, time_zones
from starter.accounts.viewer import Viewer
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import Posted, PostedForm
from starter.http.console.pages.said import errors_of
from starter.http.console.rendering import page, with_query, words
from starter.http.console.signed_in import where_of
from starter.http.console.words import LANGUAGES
from starter.http.dependencies import InjectedServices
from starter.services import Services

PATH = "/account"
DONE = ("saved", "password", "ended")
"""What was just done, by its name in the address that a form leads back to, and in the words."""
_FIELDS = ("", "name", "time_zone", "present", "password")
_OF_ALL = [needs_role(Role.VIEWER, somewhere=True)]
pages = console_router()


@pages.get(PATH, dependencies=_OF_ALL)
async def my_account(request: Request, services: InjectedServices, viewer: CurrentViewer, done: str = "") -> Response:
    """All of it on one page."""
    return await _page(request, services, viewer, done=done if done in DONE else "")


@pages.post(PATH, dependencies=_OF_ALL)
async def change_details(
    request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm
) -> Response:
    """Name, language and time zone."""
    chosen = form.text("language")
    language = Language(chosen) if chosen in tuple(Language) else viewer.language
    try:
        await services.users.change_details(viewer.user_id, form.text("name"), language, form.text("time_zone"))
    except UserRefused as error:
        return await _page(request, services, viewer, error=error, form=form)
    return _back("saved")


@pages.post(f"{PATH}/password", dependencies=_OF_ALL)
async def change_password(
    request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm
) -> Response:
    """Another password; every other session ends."""
    present, new = form.exact("present"), form.exact("password")
    try:
        network = where_of(request).network
        await services.users.change_password(viewer.user_id, present, new, viewer.session_id, network)
    except (PasswordRefused, WrongPassword, TooManySignIns) as error:
        return await _page(request, services, viewer, error=error)
    return _back("password")


@pages.post(f"{PATH}/sessions/end", dependencies=_OF_ALL)
async def end_sessions(services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Signs out in one browser, or in all others."""
    session = form.text("session")
    if session.isascii() and session.isdigit():
        await services.sessions.end(viewer.user_id, int(session[:18]))
    else:
        await services.sessions.end_others(viewer.user_id, viewer.session_id)
    return _back("ended")


def _back(done: str) -> Response:
    return RedirectResponse(with_query(PATH, done=done), 303)


async def _page(
    request: Request,
    services: Services,
    viewer: Viewer,
    *,
    done: str = "",
    error: DomainError | None = None,
    form: Posted | None = None,
) -> Response:
    errors: Mapping[str, str] = errors_of(words(request), error) if error else {}
    return page(
        request,
        "accounts/my_account.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        done=done,
        errors={**dict.fromkeys(_FIELDS), **errors},
        form=form,
        has=await services.second_factors.of(viewer.user_id),
        sessions=await services.sessions.of(viewer.user_id),
        shortest=SHORTEST,
        longest=LONGEST,
        languages=LANGUAGES,
        zones=[(zone, zone) for zone in time_zones()],
    )
