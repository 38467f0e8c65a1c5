"""`POST /v1/webhooks/shopify`: verified, read and committed before it is answered, so that a 200 is never lost (P4).

Anything but a 2xx makes Shopify send it again: that is what a 503 asks for. Customer and shop privacy topics come in
here too; they are recorded without their bodies.
"""

from typing import Any

from fastapi import APIRouter, Request

from activities.storefronts.storefront import DeliveryMalformed, PayloadMalformed, SignatureWrong
from activities.waitlist.intake import Receipt
from schemas.model import Model
from starter.http.dependencies import InjectedDependencies
from starter.http.problems import Kind, problem_responses

router = APIRouter(tags=["webhooks"])


class DeliveryReceipt(Model):
    """What became of a webhook: `applied`, `repeated` (it was here before, and had no effect now) or `ignored`."""

    receipt: Receipt


def _header(name: str, description: str, example: str, *, required: bool = True) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


_IN_OPENAPI: dict[str, Any] = {
    "parameters": [
        _header("X-Shopify-Hmac-Sha256", "base64 of HMAC-SHA256 of the raw body", "ZW1wdHk="),
        _header("X-Shopify-Topic", "what it is about", "inventory_levels/update"),
        _header("X-Shopify-Shop-Domain", "the store", "example.myshopify.com"),
        _header("X-Shopify-Webhook-Id", "the delivery", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", required=False),
        _header("X-Shopify-Triggered-At", "when it was set off", "2026-01-31T09:30:00Z", required=False),
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {
                    "inventory_item_id": 271878346596884015,
                    "location_id": 24826418,
                    "available": 3,
                    "updated_at": "2026-01-31T09:30:00Z",
                },
            }
        },
    },
}


@router.post(
    "/v1/webhooks/shopify",
    summary="Take a webhook from Shopify",
    responses=problem_responses(Kind.DELIVERY_MALFORMED, Kind.SIGNATURE_WRONG, Kind.BODY_TOO_LARGE),
    openapi_extra=_IN_OPENAPI,
)
async def take_shopify(request: Request, dependencies: InjectedDependencies) -> DeliveryReceipt:
    """Signed by Shopify with the app's client secret; needs no API key. Sending it again has no effect."""
    body = await request.body()
    shopify = dependencies.shopify
    try:
        receipt = await dependencies.services.webhooks.receive(shopify, body, request.headers)
    except SignatureWrong:
        dependencies.metrics.delivery(shopify.source, None)
        raise
    except (DeliveryMalformed, PayloadMalformed):
        dependencies.metrics.delivery(shopify.source, Receipt.MALFORMED)
        raise
    dependencies.metrics.delivery(shopify.source, receipt)
    return DeliveryReceipt(receipt=receipt)
