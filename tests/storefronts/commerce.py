"""An Adobe Commerce shop for tests: what it sends, and how it and Adobe sign that."""

import base64
import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from activities.storefronts.magento.adapter import Magento
from activities.storefronts.storefront import NotOurs, WebhookRequest
from schemas.incoming.facts import Fact
from starter.simulated.magento.shop import CLIENT_ID
from starter.simulated.magento.shop import PRODUCT as PRODUCT
from starter.simulated.magento.shop import STOCK_ITEM as STOCK_ITEM  # and what events tell of
from starter.simulated.magento.shop import event as event_of
from starter.simulated.magento.shop import headers as headers_of
from starter.simulated.magento.shop import product as product
from starter.simulated.magento.shop import stock_item as stock_item
from starter.simulated.signing import by_key
from starter.simulated.signing import new_key as new_key
from starter.simulated.signing import public as public

PAYLOADS = Path(__file__).parent / "payloads" / "magento"
SHOP = "shop.example"
SENT_AT = "2026-11-30T12:00:00.250Z"
DELETED = "com.adobe.commerce.observer.catalog_product_delete_commit_after"
_events = count(1)


ADOBE, ADOBE_TOO, COMMERCE = new_key(), new_key(), new_key()
EVENTS_SECRET = f"{CLIENT_ID}\n{public(ADOBE)}{public(ADOBE_TOO)}"
WEBHOOKS_SECRET = public(COMMERCE)


def signature(key: RSAPrivateKey, signed: bytes) -> str:
    return base64.b64encode(by_key(key, signed)).decode()


def event_headers(body: bytes, keys: tuple[RSAPrivateKey, RSAPrivateKey] = (ADOBE, ADOBE_TOO)) -> dict[str, str]:
    return headers_of(body, keys)


def sent(
    message: object, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None
) -> WebhookRequest:
    """A request of Adobe I/O Events, signed as it signs."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return WebhookRequest(body, event_headers(body) | dict(headers or {}), {"store": SHOP} if query is None else query)


def event(type_: str, value: object, **changes: Any) -> dict[str, Any]:
    """A CloudEvent of a shop, with fields changed or added."""
    id_ = f"e-{next(_events)}"
    return event_of(type_, value, **{"id": id_, "eventid": id_, "time": SENT_AT} | changes)


def asked(body: bytes, key: RSAPrivateKey = COMMERCE, **headers: str) -> WebhookRequest:
    """A synchronous webhook, signed as Commerce signs."""
    signed = {"x-adobe-commerce-webhook-signature": signature(key, base64.b64encode(body))}
    return WebhookRequest(body, signed | headers, {"store": SHOP})


def facts_in(request: WebhookRequest, *secrets: str) -> tuple[Fact, ...] | NotOurs:
    delivery = Magento().verify(request, secrets or (EVENTS_SECRET, WEBHOOKS_SECRET))
    return Magento().read(delivery, request.body)
