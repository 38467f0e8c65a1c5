"""Temporal's own web pages and command line, given to read what is encrypted for them: Temporal's codec protocol.

The pages ask from another address, with the session of whoever is signed in here; the command line asks with an API
key. Either may read the journeys of all stores, for a history does not say whose it is, and is put on record. Nothing
is encrypted here: what Temporal's own tools send to a workflow is a repair, which `shelftalk repair` does.
"""

from fastapi import APIRouter, Request, Response
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from temporalio.api.common.v1 import Payloads

from schemas.responses.keys import Scope
from schemas.responses.users import Role
from starter.http.auth import authenticated, require_scope
from starter.http.console.signed_in import viewer_by_cookie
from starter.http.dependencies import dependencies_of
from starter.http.problems import Kind, Refusal

PATH = "/temporal/codec/decode"
MOST_PAYLOADS = 10_000


def codec_routes(ui: str | None) -> APIRouter:
    """The codec server.

    Args:
        ui: the address of Temporal's own pages, the only ones that may ask with somebody's session.
    """
    router = APIRouter(include_in_schema=False)
    allowed = {} if ui is None else _allowing(ui)

    @router.options(PATH)
    async def may_ask() -> Response:  # pyright: ignore[reportUnusedFunction] FastAPI has it
        return Response(status_code=204, headers=allowed)

    @router.post(PATH)
    async def decode(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction] FastAPI has it
        who = await _who(request, ui)
        payloads = _payloads(await request.body())
        opened = await dependencies_of(request).services.paths.opened(payloads.payloads, who)
        return Response(MessageToJson(Payloads(payloads=opened)), media_type="application/json", headers=allowed)

    return router


def _allowing(ui: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": ui.rstrip("/"),
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "authorization, content-type, x-namespace",
        "Vary": "Origin",
    }


async def _who(request: Request, ui: str | None) -> str:
    """Who asks, as the audit has them.

    Raises:
        Refusal: nobody who may.
    """
    if request.headers.get("Authorization"):
        holder = await authenticated(request)
        require_scope(holder, Scope.READ)
        if holder.stores is not None:
            raise Refusal(
                Kind.FORBIDDEN, "A history may be of any store, and the key is only for some: use one for all."
            )
        return holder.actor
    if ui is None or request.headers.get("Origin") != ui.rstrip("/"):
        raise Refusal(
            Kind.KEY_NEEDED, "Send a key, or ask from Temporal's own pages: SHELFTALK_TEMPORAL_UI says where."
        )
    viewer = await viewer_by_cookie(request)
    if viewer is None:
        raise Refusal(Kind.KEY_NEEDED, "Sign in to Shelftalk's console in this browser first.")
    if not viewer.may(Role.SUPPORT):
        raise Refusal(Kind.FORBIDDEN, "This needs the role 'support' in all stores.")
    return viewer.actor


def _payloads(body: bytes) -> Payloads:
    try:
        found = Parse(body, Payloads())
    except (ParseError, UnicodeDecodeError):
        raise Refusal(Kind.REQUEST_MALFORMED, "This is no list of payloads as Temporal sends them.") from None
    if len(found.payloads) > MOST_PAYLOADS:
        raise Refusal(Kind.INVALID, f"These are more than {MOST_PAYLOADS} payloads: ask for fewer.")
    return found
