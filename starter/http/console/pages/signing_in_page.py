"""The page for signing in, which several ways in lead back to with what went wrong."""

from http import HTTPStatus

from fastapi import Request, Response

from schemas.errors import DomainError
from starter.http.console.pages.said import said_of
from starter.http.console.rendering import page, words
from starter.http.console.signed_in import own_path, party_of
from starter.http.dependencies import dependencies_of
from starter.services import Services


async def signing_in_page(
    request: Request,
    services: Services,
    then: str,
    *,
    email: str = "",
    error: DomainError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    signed_out: bool = False,
) -> Response:
    """The page, with every way in that there is here.

    Args:
        then: the page that follows.
        error: why the last try let nobody in.
        signed_out: somebody just was; where they came by the identity provider they are still signed in there.
    """
    headers = {"WWW-Authenticate": 'Form realm="console"'} if status is HTTPStatus.UNAUTHORIZED else {}
    if error is not None and error.retry_after is not None:
        headers = {"Retry-After": str(error.retry_after)}
    identities, settings = services.identities, dependencies_of(request)
    base = settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
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
        identity=settings.identity_name if identities.there else None,
        sign_out_there=await identities.sign_out_address(f"{base}/sign-in") if signed_out else None,
    )
