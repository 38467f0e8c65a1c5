"""A WooCommerce shop for tests: what it sends, and how it signs it."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from activities.storefronts.storefront import NotOurs, WebhookRequest
from activities.storefronts.woocommerce.adapter import WooCommerce
from schemas.incoming.facts import Fact

SECRET = "thesecretofthewebhook"
SHOP = "shop.example"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads"
_deliveries = count(1)


def signature(body: bytes, key: str = SECRET) -> str:
    """Computed here on its own, so that a mistake in the adapter cannot agree with itself."""
    return base64.standard_b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def request(
    body: bytes, topic: str = "product.updated", *, key: str = SECRET, store: str | None = SHOP, **others: str | None
) -> WebhookRequest:
    """A signed delivery of its own; `others` sets a header by its name (`delivery_id=…`); None leaves it out."""
    values = {
        "X-WC-Webhook-Source": f"https://{SHOP}/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": signature(body, key),
        "X-WC-Webhook-ID": "12",
        "X-WC-Webhook-Delivery-ID": f"{next(_deliveries):032x}",
        "Content-Type": "application/json",
    }
    for name, value in others.items():
        header = next(known for known in values if known.lower() == f"x-wc-webhook-{name.replace('_', '-')}")
        values.pop(header)
        if value is not None:
            values[header] = value
    return WebhookRequest(body, values, {} if store is None else {"store": store}, at=NOW)


def product(**changes: object) -> dict[str, object]:
    """A simple product that counts no stock, and what is different of it."""
    return {
        "id": 794,
        "name": "Kettle",
        "slug": "kettle",
        "permalink": f"https://{SHOP}/product/kettle/",
        "type": "simple",
        "status": "publish",
        "parent_id": 0,
        "price": "21.99",
        "purchasable": True,
        "manage_stock": False,
        "stock_quantity": None,
        "stock_status": "instock",
        "backorders": "no",
        "variations": [],
        **changes,
    }


def order(**changes: object) -> dict[str, object]:
    """An order of two kettles, and what is different of it."""
    return {
        "id": 727,
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-01-30T12:00:00",
        "total": "43.98",
        "billing": {"email": "Ada@Example.com"},
        "line_items": [{"product_id": 794, "variation_id": 0, "quantity": 2}],
        "refunds": [],
        "coupon_lines": [],
        **changes,
    }


def told(message: object, topic: str = "product.updated") -> tuple[Fact, ...] | NotOurs:
    """What a genuine delivery of this message says."""
    return facts_in(json.dumps(message).encode(), topic)


def facts_in(body: bytes, topic: str = "product.updated") -> tuple[Fact, ...] | NotOurs:
    """What a genuine delivery with this body says."""
    sent = request(body, topic)
    return WooCommerce().read(WooCommerce().verify(sent, [SECRET]), body)
