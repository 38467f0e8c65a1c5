"""A Shopify shop for tests: what it sends, and how it signs it."""

from collections.abc import Mapping
from pathlib import Path

from activities.storefronts.shopify.adapter import Shopify
from activities.storefronts.storefront import NotOurs, WebhookRequest
from schemas.incoming.facts import Fact, WebhookDelivery
from starter.simulated.shopify.shop import headers as headers_of
from starter.simulated.shopify.shop import product as product  # what its product messages show
from starter.simulated.signing import by_secret

SECRET = "the client secret of the app"
SHOP = "example.myshopify.com"
TRIGGERED_AT = "2025-01-31T09:30:00.123456789Z"
PAYLOADS = Path(__file__).parent / "payloads" / "shopify"

ANSWERED = {
    "inventory_levels/update",
    "inventory_levels/connect",
    "inventory_levels/disconnect",
    "products/update",
    "products/create",
    "products/delete",
}
"""Topics about things: each of their messages is one fact."""
ABOUT_PEOPLE = {
    "orders/create",
    "orders/paid",
    "orders/updated",
    "orders/cancelled",
    "checkouts/create",
    "checkouts/update",
    "shop/update",
    "checkouts/delete",
    "customers/redact",
    "customers/data_request",
    "shop/redact",
}
"""Topics about people: a message of theirs may be about nobody we can know, and is no fact then."""


def signature(body: bytes, secret: str = SECRET) -> str:
    """By no code of the adapter, so that a mistake in it cannot agree with itself."""
    return by_secret(secret, body)


def headers(body: bytes, topic: str, *, secret: str = SECRET, **others: str | None) -> dict[str, str]:
    """The headers of one delivery; `others` sets one by name (`shop_domain=…`); None leaves it out."""
    usual = {"webhook_id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "triggered_at": TRIGGERED_AT}
    return headers_of(body, topic, secret, SHOP, **usual | others)


def event_headers(body: bytes, topic: str, action: str | None = None, **others: str | None) -> dict[str, str]:
    """The headers of a delivery of Events; `others` as in `headers`.

    Source: https://shopify.dev/docs/apps/build/events/delivery-structure, and Shopify/shopify-app-js.
    """
    values = {
        "Shopify-Hmac-Sha256": signature(body),
        "Shopify-Topic": topic,
        "Shopify-Action": action,
        "Shopify-Handle": "shelftalk-prices",
        "Shopify-Shop-Domain": SHOP,
        "Shopify-API-Version": "2026-10",
        "Shopify-Webhook-Id": "0c3b6a8e-6a5e-4a4b-9a53-4f8d9f0a5d11",
        "Shopify-Event-Id": "1f0e4b62-2a52-4d0b-8c0c-9d8f1c2b3a44",
        "Shopify-Triggered-At": TRIGGERED_AT,
        "Content-Type": "application/json",
    }
    values |= {"Shopify-" + name.replace("_", "-").title(): value for name, value in others.items()}
    return {name: value for name, value in values.items() if value is not None}


def verified(body: bytes, sent: Mapping[str, str], *secrets: str) -> WebhookDelivery:
    """The delivery that it is, by the shop's secrets."""
    return Shopify().verify(WebhookRequest(body, sent), secrets or (SECRET,))


def facts_in(body: bytes, sent: Mapping[str, str]) -> tuple[Fact, ...] | NotOurs:
    """What is read from it."""
    return Shopify().read(verified(body, sent), body)
