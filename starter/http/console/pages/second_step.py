"""The second step of signing in: the password was right, and a code is asked for. Half signed in, nobody sees more."""

from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from activities.connections.sealing import SecretsKeyMissing, SecretUnreadable
from schemas.errors import DomainError
from starter.accounts.attempts import TooManySignIns
from starter.accounts.pending_sign_ins import PendingSignIn, SignInOver
from starter.accounts.second_factors import WrongCode
from starter.http.console.access import open_router
from starter.http.console.forms import PostedForm
from starter.http.console.pages.said import said_of
from starter.http.console.rendering import page, with_query, words
from starter.http.console.signed_in import (
    SECOND_STEP,
    SIGN_IN,
    forget_pending,
    keep_signed_in,
    own_path,
    party_of,
    pending_token_of,
    where_of,
)
from starter.http.dependencies import InjectedServices

pages = open_router()


@pages.get(SECOND_STEP)
async def second_step(request: Request, services: InjectedServices, next: str = "/") -> Response:
    """The form; who has not given their password is led there."""
    try:
        pending = await services.pending_sign_ins.open(pending_token_of(request))
    except SignInOver:
        return _anew(request, next)
    return _page(request, pending, next)


@pages.post(SECOND_STEP)
async def finish(request: Request, services: InjectedServices, form: PostedForm) -> Response:
    """Takes a code for a session, and leads on to what was asked for."""
    token, then = pending_token_of(request), form.text("next")
    code = form.text("recovery") or form.text("code")
    try:
        pending = await services.pending_sign_ins.open(token)
        try:
            session = await services.pending_sign_ins.finish(token, code, where_of(request))
        except (WrongCode, TooManySignIns, SecretsKeyMissing, SecretUnreadable) as error:
            return _page(request, pending, then, error)
    except SignInOver:
        return _anew(request, then)
    led = RedirectResponse(own_path(then), 303)
    forget_pending(request, led)
    keep_signed_in(request, led, session)
    return led


def _anew(request: Request, then: str) -> Response:
    path = own_path(then)
    led = RedirectResponse(with_query(SIGN_IN, next=None if path == "/" else path, over="1"), 303)
    forget_pending(request, led)
    return led


def _page(request: Request, pending: PendingSignIn, then: str, error: DomainError | None = None) -> Response:
    late = isinstance(error, TooManySignIns)
    status = HTTPStatus.TOO_MANY_REQUESTS if late else HTTPStatus.UNAUTHORIZED if error else HTTPStatus.OK
    scheme = {"WWW-Authenticate": 'Form realm="console"'} if error else {}
    return page(
        request,
        "accounts/second_step.html",
        status=status,
        headers={"Retry-After": str(error.retry_after)} if error and late else scheme,
        next=own_path(then),
        pending=pending,
        passkeys=party_of(request) is not None,
        error=said_of(words(request), error) if error else None,
    )
