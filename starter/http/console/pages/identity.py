"""Signing in at the company's identity provider: led there, and led back."""

from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from starter.accounts.identity_provider import IdentityRefused
from starter.accounts.pending_sign_ins import SignInOver
from starter.accounts.users import LastAdmin
from starter.http.console.access import open_router
from starter.http.console.pages.signing_in_page import signing_in_page
from starter.http.console.signed_in import (
    SIGN_IN,
    forget_identity,
    identity_token_of,
    keep_identity,
    keep_signed_in,
    own_path,
    where_of,
)
from starter.http.dependencies import InjectedServices, dependencies_of

PATH = f"{SIGN_IN}/identity"
BACK = f"{PATH}/back"
pages = open_router()


@pages.get(PATH)
async def begin(request: Request, services: InjectedServices, next: str = "/") -> Response:
    """Leads there."""
    try:
        begun = await services.identities.begin(_address(request, BACK), own_path(next))
    except IdentityRefused as error:
        return await signing_in_page(request, services, next, error=error, status=HTTPStatus.BAD_GATEWAY)
    led = RedirectResponse(begun.address, 303)
    keep_identity(request, led, begun.token)
    return led


@pages.get(BACK)
async def finish(
    request: Request, services: InjectedServices, state: str = "", code: str = "", error: str = ""
) -> Response:
    """Where the provider leads back to: takes its word for a session, and leads on to what was asked for."""
    token = identity_token_of(request)
    given = "" if error else code
    try:
        session, leads_to = await services.identities.finish(
            token, state, given, _address(request, BACK), where_of(request)
        )
    except (SignInOver, IdentityRefused, LastAdmin) as refused:
        answer = await signing_in_page(request, services, "/", error=refused, status=HTTPStatus.UNAUTHORIZED)
        forget_identity(request, answer)
        return answer
    led = RedirectResponse(own_path(leads_to), 303)
    forget_identity(request, led)
    keep_signed_in(request, led, session)
    return led


def _address(request: Request, path: str) -> str:
    """Of a page of this console, as the outside knows it."""
    base = dependencies_of(request).public_url or f"{request.url.scheme}://{request.url.netloc}"
    return f"{base}{path}"
