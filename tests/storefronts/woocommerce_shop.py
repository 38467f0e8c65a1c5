"""A WooCommerce shop for tests: what it sends, and how it signs it."""

import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from activities.storefronts.storefront import NotOurs, WebhookRequest
from activities.storefronts.woocommerce.adapter import WooCommerce
from schemas.incoming.facts import Fact
from starter.simulated.signing import by_secret
from starter.simulated.woocommerce.shop import headers
from starter.simulated.woocommerce.shop import order_told as order
from starter.simulated.woocommerce.shop import product as product

SECRET = "thesecretofthewebhook"
SHOP = "shop.example"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
__all__ = ["order", "product"]
"""As its messages show them."""
PAYLOADS = Path(__file__).parent / "payloads"
_deliveries = count(1)


def signature(body: bytes, key: str = SECRET) -> str:
    """By no code of the adapter, so that a mistake in it cannot agree with itself."""
    return by_secret(key, body)


def request(
    body: bytes, topic: str = "product.updated", *, key: str = SECRET, store: str | None = SHOP, **others: str | None
) -> WebhookRequest:
    """A signed delivery of its own; `others` sets a header by its name (`delivery_id=…`); None leaves it out."""
    values = headers(body, topic, key, f"https://{SHOP}", f"{next(_deliveries):032x}")
    for name, value in others.items():
        header = next(known for known in values if known.lower() == f"x-wc-webhook-{name.replace('_', '-')}")
        values.pop(header)
        if value is not None:
            values[header] = value
    return WebhookRequest(body, values, {} if store is None else {"store": store}, at=NOW)


def told(message: object, topic: str = "product.updated") -> tuple[Fact, ...] | NotOurs:
    """What a genuine delivery of this message says."""
    return facts_in(json.dumps(message).encode(), topic)


def facts_in(body: bytes, topic: str = "product.updated") -> tuple[Fact, ...] | NotOurs:
    """What a genuine delivery with this body says."""
    sent = request(body, topic)
    return WooCommerce().read(WooCommerce().verify(sent, [SECRET]), body)
