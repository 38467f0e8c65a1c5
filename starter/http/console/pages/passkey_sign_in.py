"""Signing in by a passkey, without a password or after it. What a browser is to be asked for is asked by its script."""

from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from starter.accounts.attempts import TooManySignIns
from starter.accounts.ceremonies import PasskeyRefused
from starter.accounts.pending_sign_ins import SignInOver
from starter.accounts.relying_party import NoPasskeysHere
from starter.http.console.access import open_router
from starter.http.console.forms import PostedForm
from starter.http.console.pages.signing_in_page import signing_in_page
from starter.http.console.signed_in import (
    SECOND_STEP,
    SIGN_IN,
    forget_pending,
    keep_signed_in,
    own_path,
    pending_token_of,
    required_party,
    where_of,
)
from starter.http.dependencies import InjectedServices

WITHOUT_PASSWORD = f"{SIGN_IN}/passkey"
AFTER_PASSWORD = f"{SECOND_STEP}/passkey"
_REFUSED = (PasskeyRefused, TooManySignIns, NoPasskeysHere, SignInOver)
pages = open_router()


@pages.post(f"{WITHOUT_PASSWORD}/options")
async def options(request: Request, services: InjectedServices) -> Response:
    """What the browser is asked for."""
    asked = await services.passkeys.options_to_sign_in(required_party(request), where_of(request).network)
    return Response(asked, media_type="application/json")


@pages.post(WITHOUT_PASSWORD)
async def sign_in(request: Request, services: InjectedServices, form: PostedForm) -> Response:
    """Takes what the browser showed for a session."""
    then = form.text("next")
    try:
        session = await services.passkeys.sign_in(required_party(request), form.exact("credential"), where_of(request))
    except _REFUSED as error:
        return await signing_in_page(request, services, then, error=error, status=_status(error))
    return _led(request, session, then)


@pages.post(f"{AFTER_PASSWORD}/options")
async def options_after_password(request: Request, services: InjectedServices) -> Response:
    """What the browser of who gave their password is asked for."""
    asked = await services.passkeys.options_to_finish(pending_token_of(request), required_party(request))
    return Response(asked, media_type="application/json")


@pages.post(AFTER_PASSWORD)
async def finish(request: Request, services: InjectedServices, form: PostedForm) -> Response:
    """Takes what the browser showed as the second factor."""
    then, token = form.text("next"), pending_token_of(request)
    try:
        session = await services.passkeys.finish(
            token, required_party(request), form.exact("credential"), where_of(request)
        )
    except _REFUSED as error:
        return await signing_in_page(request, services, then, error=error, status=_status(error))
    return _led(request, session, then)


def _led(request: Request, session: str, then: str) -> Response:
    led = RedirectResponse(own_path(then), 303)
    forget_pending(request, led)
    keep_signed_in(request, led, session)
    return led


def _status(error: Exception) -> HTTPStatus:
    return HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooManySignIns) else HTTPStatus.UNAUTHORIZED
