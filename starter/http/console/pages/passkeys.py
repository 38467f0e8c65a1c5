"""My passkeys: adding one, and removing one. What a browser is to be asked for is asked by its script."""

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from schemas.responses.users import Role
from starter.accounts.attempts import TooManySignIns
from starter.accounts.ceremonies import PasskeyRefused
from starter.accounts.passkeys import LastSecondFactor, PasskeyUseless
from starter.accounts.present_password import WrongPassword
from starter.accounts.relying_party import NoPasskeysHere
from starter.http.console.access import SECOND_FACTOR, CurrentViewer, console_router, needs_role
from starter.http.console.forms import PostedForm
from starter.http.console.pages.my_second_factor import second_factor_page
from starter.http.console.rendering import page, with_query
from starter.http.console.signed_in import required_party, where_of
from starter.http.dependencies import InjectedServices

PATH = f"{SECOND_FACTOR}/passkeys"
_OF_ALL = [needs_role(Role.VIEWER, somewhere=True)]
_REFUSED = (WrongPassword, TooManySignIns, PasskeyRefused, PasskeyUseless, LastSecondFactor, NoPasskeysHere)
pages = console_router()


@pages.post(f"{PATH}/options", dependencies=_OF_ALL)
async def options(request: Request, services: InjectedServices, viewer: CurrentViewer) -> Response:
    """What the browser is asked for to make one."""
    asked = await services.passkeys.options_to_register(viewer.user_id, required_party(request))
    return Response(asked, media_type="application/json")


@pages.post(PATH, dependencies=_OF_ALL)
async def add(request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """Keeps what the browser made; the recovery codes that the first brings are shown this once."""
    answer, name, present = form.exact("credential"), form.text("name"), form.exact("present")
    try:
        party = required_party(request)
        codes = await services.passkeys.add(
            viewer.user_id, party, answer, name, present, where_of(request), viewer.session_id
        )
    except _REFUSED as error:
        return await second_factor_page(request, services, viewer, error=error, form=form)
    if codes:
        return page(request, "accounts/recovery_codes.html", codes=codes, first=True)
    return RedirectResponse(with_query(SECOND_FACTOR, done="passkey"), 303)


@pages.post(f"{PATH}/remove", dependencies=_OF_ALL)
async def remove(request: Request, services: InjectedServices, viewer: CurrentViewer, form: PostedForm) -> Response:
    """It signs nobody in any more."""
    named = form.text("passkey")
    passkey = int(named[:18]) if named.isascii() and named.isdigit() else 0
    try:
        await services.passkeys.remove(viewer.user_id, passkey, form.exact("present"), where_of(request).network)
    except _REFUSED as error:
        return await second_factor_page(request, services, viewer, error=error)
    return RedirectResponse(with_query(SECOND_FACTOR, done="removed"), 303)
