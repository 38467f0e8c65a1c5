"""My second factor: setting an authenticator app up, recovery codes, and switching it off."""

from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from activities.connections.sealing import SecretsKeyMissing, SecretUnreadable
from schemas.errors import DomainError
from schemas.responses.users import Role
from starter.accounts.attempts import TooManySignIns
from starter.accounts.present_password import WrongPassword
from starter.accounts.second_factors import NothingToConfirm, WrongCode
from starter.accounts.viewer import Viewer
from starter.http.console.access import SECOND_FACTOR as PATH
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import PostedForm
from starter.http.console.pages.my_second_factor import field_errors, second_factor_page
from starter.http.console.rendering import page, with_query
from starter.http.console.signed_in import where_of
from starter.http.dependencies import InjectedServices
from starter.services import Services

DONE = ("off", "passkey", "removed")
REFUSED = (WrongPassword, WrongCode, TooManySignIns, NothingToConfirm, SecretsKeyMissing, SecretUnreadable)
_OF_ALL = [needs_role(Role.VIEWER, somewhere=True)]
pages = console_router()


@pages.get(PATH, dependencies=_OF_ALL)
async def second_factor(
    request: Request, services: InjectedServices, viewer: CurrentViewer, done: str = ""
) -> Response:
    """What is set up, and how to."""
    return await second_factor_page(request, services, viewer, done=done if done in DONE else "")


@pages.post(f"{PATH}/app", dependencies=_OF_ALL)
async def begin_app(request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Makes a secret for an app, once the password is right."""
    try:
        await services.second_factors.begin_app(viewer.user_id, form.exact("present"), where_of(request).network)
    except REFUSED as error:
        return await second_factor_page(request, services, viewer, error=error)
    return RedirectResponse(f"{PATH}/app", 303)


@pages.get(f"{PATH}/app", dependencies=_OF_ALL)
async def app(request: Request, services: InjectedServices, viewer: CurrentViewer) -> Response:
    """The secret, as a QR code and as text, and the field for a code of it."""
    return await _app(request, services, viewer)


@pages.post(f"{PATH}/app/confirm", dependencies=_OF_ALL)
async def confirm_app(
    request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm
) -> Response:
    """It counts from here on; the recovery codes are shown this once."""
    network = where_of(request).network
    try:
        codes = await services.second_factors.confirm_app(viewer.user_id, form.text("code"), viewer.session_id, network)
    except (WrongCode, TooManySignIns) as error:
        return await _app(request, services, viewer, error)
    except NothingToConfirm as error:
        return await second_factor_page(request, services, viewer, error=error)
    return page(request, "accounts/recovery_codes.html", codes=codes, first=True)


@pages.post(f"{PATH}/recovery-codes", dependencies=_OF_ALL)
async def renew(request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Other recovery codes, shown this once."""
    given = (form.exact("present"), form.text("code"), where_of(request).network)
    try:
        codes = await services.second_factors.renew_recovery_codes(viewer.user_id, *given)
    except REFUSED as error:
        return await second_factor_page(request, services, viewer, error=error)
    return page(request, "accounts/recovery_codes.html", codes=codes, first=False)


@pages.post(f"{PATH}/off", dependencies=_OF_ALL)
async def switch_off(request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Nothing is asked besides the password any more."""
    given = (form.exact("present"), form.text("code"), where_of(request).network)
    try:
        await services.second_factors.switch_off(viewer.user_id, *given)
    except REFUSED as error:
        return await second_factor_page(request, services, viewer, error=error)
    return RedirectResponse(with_query(PATH, done="off"), 303)


async def _app(request: Request, services: Services, viewer: Viewer, error: DomainError | None = None) -> Response:
    try:
        setup = await services.second_factors.app_setup(viewer.user_id)
    except NothingToConfirm:
        return RedirectResponse(PATH, 303)
    return page(
        request,
        "accounts/authenticator.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        setup=setup,
        errors=field_errors(request, error),
    )
