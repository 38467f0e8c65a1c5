"""`/v1/webhooks/{source}`: verified, read and committed before it is answered, so that a 2xx is never lost (P4).

Anything but a 2xx makes a sender send it again: that is what a 503 asks for. What is specific to one storefront, or to
one provider of messages, is in its adapter (activities/storefronts, activities/providers); this route knows none.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from activities.intake.deliveries import Receipt
from activities.providers.provider import Provider, ProviderCall
from activities.storefronts.storefront import (
    DeliveryMalformed,
    PayloadMalformed,
    SignatureWrong,
    Storefront,
    WebhookAnswer,
    WebhookRequest,
)
from schemas.model import Model
from starter.http.dependencies import Dependencies, InjectedDependencies
from starter.http.problems import Kind, Refusal, problem_responses
from starter.shops.webhooks import Received

router = APIRouter(tags=["webhooks"])

Source = Annotated[str, Path(max_length=100, description="The storefront, or the provider of messages")]


class DeliveryReceipt(Model):
    """What became of a webhook: `applied`, `repeated` (it was here before, and had no effect now) or `ignored`."""

    receipt: Receipt


@router.post(
    "/v1/webhooks/{source}",
    summary="Take a webhook from a storefront or a provider",
    response_model=DeliveryReceipt,
    responses=problem_responses(
        Kind.DELIVERY_MALFORMED,
        Kind.SIGNATURE_WRONG,
        Kind.NOT_FOUND,
        Kind.BODY_TOO_LARGE,
        Kind.INVALID,
        Kind.PROVIDER_AWAY,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def take_webhook(
    source: Source, request: Request, dependencies: InjectedDependencies
) -> Response | DeliveryReceipt:
    """Signed by whoever sends it, in its own way; needs no API key. Sending it again has no effect.

    A sender that expects a certain answer gets that instead of the receipt.
    """
    if (provider := dependencies.providers.get(source)) is not None:
        return await _take_from(provider, request, dependencies)
    storefront = _storefront(dependencies, source)
    call = await _call(request, dependencies)
    if (greeting := storefront.greet(call)) is not None:
        return _response(greeting)
    try:
        received = await dependencies.services.webhooks.receive(storefront, call)
    except SignatureWrong:
        dependencies.metrics.delivery(storefront.source, None)
        raise
    except (DeliveryMalformed, PayloadMalformed):
        dependencies.metrics.delivery(storefront.source, Receipt.MALFORMED)
        raise
    return _received(received, storefront.source, dependencies)


async def _take_from(provider: Provider, request: Request, dependencies: Dependencies) -> Response | DeliveryReceipt:
    call = ProviderCall(await request.body(), request.headers, str(request.url), request.query_params, request.method)
    try:
        received = await dependencies.services.provider_webhooks.receive(provider, call)
    except SignatureWrong:
        dependencies.metrics.delivery(provider.name, None)
        raise
    except PayloadMalformed:
        dependencies.metrics.delivery(provider.name, Receipt.MALFORMED)
        raise
    return _received(received, provider.name, dependencies)


def _received(received: Received, source: str, dependencies: Dependencies) -> Response | DeliveryReceipt:
    dependencies.metrics.delivery(source, received.receipt)
    return DeliveryReceipt(receipt=received.receipt) if received.answer is None else _response(received.answer)


@router.get("/v1/webhooks/{source}", include_in_schema=False, response_model=None)
async def greet_storefront(
    source: Source, request: Request, dependencies: InjectedDependencies
) -> Response | DeliveryReceipt:
    """A platform may try its address out with a GET before it sends anything, and some providers tell all by GET; for
    nobody else is there an answer.
    """
    if (provider := dependencies.providers.get(source)) is not None:
        return await _take_from(provider, request, dependencies)
    greeting = _storefront(dependencies, source).greet(await _call(request, dependencies))
    if greeting is None:
        raise Refusal(Kind.NOT_FOUND, "This storefront asks nothing with a GET; its webhooks come by POST.")
    return _response(greeting)


def _storefront(dependencies: Dependencies, source: str) -> Storefront:
    found = dependencies.storefronts.get(source)
    if found is None:
        known = ", ".join(sorted((*dependencies.storefronts, *dependencies.providers)))
        raise Refusal(Kind.NOT_FOUND, f"There is no storefront or provider of this name; there are: {known}.")
    return found


async def _call(request: Request, dependencies: Dependencies) -> WebhookRequest:
    body = await request.body()
    return WebhookRequest(body, request.headers, request.query_params, _called(request, dependencies.public_url))


def _called(request: Request, public_url: str | None) -> str:
    """The address as the platform was given it: some sign that, and a proxy may have changed its scheme and host."""
    if public_url is None:
        return str(request.url)
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{public_url}{request.url.path}{query}"


def _response(answer: WebhookAnswer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
