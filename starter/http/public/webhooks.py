"""`/v1/webhooks/{source}`: verified, read and committed before it is answered, so that a 2xx is never lost (P4).

Anything but a 2xx makes a storefront send it again: that is what a 503 asks for. What is specific to one storefront is
in its adapter (activities/storefronts); this route knows none by name.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from activities.intake.intake import Receipt
from activities.storefronts.registry import Storefronts
from activities.storefronts.storefront import (
    DeliveryMalformed,
    PayloadMalformed,
    SignatureWrong,
    Storefront,
    WebhookAnswer,
    WebhookRequest,
)
from schemas.model import Model
from starter.http.dependencies import InjectedDependencies
from starter.http.problems import Kind, Refusal, problem_responses

router = APIRouter(tags=["webhooks"])

Source = Annotated[str, Path(max_length=100, description="The storefront")]


class DeliveryReceipt(Model):
    """What became of a webhook: `applied`, `repeated` (it was here before, and had no effect now) or `ignored`."""

    receipt: Receipt


@router.post(
    "/v1/webhooks/{source}",
    summary="Take a webhook from a storefront",
    response_model=DeliveryReceipt,
    responses=problem_responses(
        Kind.DELIVERY_MALFORMED, Kind.SIGNATURE_WRONG, Kind.NOT_FOUND, Kind.BODY_TOO_LARGE, Kind.INVALID
    ),
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def take_webhook(
    source: Source, request: Request, dependencies: InjectedDependencies
) -> Response | DeliveryReceipt:
    """Signed by the storefront, in its own way; needs no API key. Sending it again has no effect.

    A storefront that expects a certain answer gets that instead of the receipt.
    """
    storefront = _storefront(dependencies.storefronts, source)
    call = await _call(request)
    if (greeting := storefront.greet(call)) is not None:
        return _response(greeting)
    try:
        received = await dependencies.services.webhooks.receive(storefront, call.body, call.headers)
    except SignatureWrong:
        dependencies.metrics.delivery(storefront.source, None)
        raise
    except (DeliveryMalformed, PayloadMalformed):
        dependencies.metrics.delivery(storefront.source, Receipt.MALFORMED)
        raise
    dependencies.metrics.delivery(storefront.source, received.receipt)
    return DeliveryReceipt(receipt=received.receipt) if received.answer is None else _response(received.answer)


@router.get("/v1/webhooks/{source}", include_in_schema=False)
async def greet_storefront(source: Source, request: Request, dependencies: InjectedDependencies) -> Response:
    """A platform may try its address out with a GET before it sends anything; for nobody else is there an answer."""
    greeting = _storefront(dependencies.storefronts, source).greet(await _call(request))
    if greeting is None:
        raise Refusal(Kind.NOT_FOUND, "This storefront asks nothing with a GET; its webhooks come by POST.")
    return _response(greeting)


def _storefront(known: Storefronts, source: str) -> Storefront:
    found = known.get(source)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, f"There is no storefront of this name; there are: {', '.join(sorted(known))}.")
    return found


async def _call(request: Request) -> WebhookRequest:
    return WebhookRequest(await request.body(), request.headers, request.query_params)


def _response(answer: WebhookAnswer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
