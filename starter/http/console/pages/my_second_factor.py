"""The page of one's second factor, which apps, passkeys and codes lead back to with what was done or went wrong."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request, Response

from schemas.errors import DomainError
from starter.accounts.viewer import Viewer
from starter.http.console.forms import Posted
from starter.http.console.pages.said import errors_of
from starter.http.console.rendering import page, words
from starter.http.console.signed_in import party_of
from starter.http.dependencies import dependencies_of
from starter.services import Services

_FIELDS = ("", "present", "code", "name")


async def second_factor_page(
    request: Request,
    services: Services,
    viewer: Viewer,
    *,
    done: str = "",
    error: DomainError | None = None,
    form: Posted | None = None,
) -> Response:
    """The page.

    Args:
        done: what was just done, by its name in the words.
        form: what was typed for a passkey that was refused.
    """
    return page(
        request,
        "accounts/second_factor.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        has=await services.second_factors.of(viewer.user_id),
        passkeys=await services.passkeys.of(viewer.user_id),
        passkeys_here=party_of(request) is not None,
        required=dependencies_of(request).second_factor_required,
        done=done,
        form=form,
        errors=field_errors(request, error),
    )


def field_errors(request: Request, error: DomainError | None) -> Mapping[str, str | None]:
    """What is wrong, by the field; None where nothing is."""
    return {**dict.fromkeys(_FIELDS), **(errors_of(words(request), error) if error else {})}
