"""The page for signing in, which several ways in lead back to with what went wrong."""

from http import HTTPStatus

from fastapi import Request, Response

from schemas.errors import DomainError
from starter.http.console.pages.said import said_of
from starter.http.console.rendering import page, words
from starter.http.console.signed_in import own_path, party_of
from starter.services import Services


async def signing_in_page(
    request: Request,
    services: Services,
    then: str,
    *,
    email: str = "",
    error: DomainError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """The page, with every way in that there is here.

    Args:
        then: the page that follows.
        error: why the last try let nobody in.
    """
    headers = {"WWW-Authenticate": 'Form realm="console"'} if status is HTTPStatus.UNAUTHORIZED else {}
    if error is not None and error.retry_after is not None:
        headers = {"Retry-After": str(error.retry_after)}
    return page(
        request,
        "accounts/sign_in.html",
        status=status,
        headers=headers,
        next=own_path(then),
        email=email,
        error=said_of(words(request), error) if error else None,
        nobody=not await services.users.any(),
        passkeys=party_of(request) is not None,
    )
