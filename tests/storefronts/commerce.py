"""An Adobe Commerce shop for tests: what it sends, and how it and Adobe sign that."""

import base64
import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from activities.storefronts.magento.adapter import Magento
from activities.storefronts.storefront import NotOurs, WebhookRequest
from schemas.incoming.facts import Fact

PAYLOADS = Path(__file__).parent / "payloads" / "magento"
SHOP = "shop.example"
CLIENT_ID = "ca7b36f23be94dcb9d2ebb97f0276e3f"
SENT_AT = "2026-11-30T12:00:00.250Z"
STOCK_ITEM = "com.adobe.commerce.observer.cataloginventory_stock_item_save_commit_after"
PRODUCT = "com.adobe.commerce.observer.catalog_product_save_commit_after"
DELETED = "com.adobe.commerce.observer.catalog_product_delete_commit_after"
_events = count(1)


def new_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=bits)


def public(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


ADOBE, ADOBE_TOO, COMMERCE = new_key(), new_key(), new_key()
EVENTS_SECRET = f"{CLIENT_ID}\n{public(ADOBE)}{public(ADOBE_TOO)}"
WEBHOOKS_SECRET = public(COMMERCE)


def signature(key: RSAPrivateKey, signed: bytes) -> str:
    return base64.b64encode(key.sign(signed, PKCS1v15(), SHA256())).decode()


def event_headers(body: bytes, keys: tuple[RSAPrivateKey, RSAPrivateKey] = (ADOBE, ADOBE_TOO)) -> dict[str, str]:
    return {
        "x-adobe-digital-signature-1": signature(keys[0], body),
        "x-adobe-digital-signature-2": signature(keys[1], body),
        "x-adobe-public-key1-path": "/prod/keys/pub-key-1.pem",
        "content-type": "application/cloudevents+json; charset=UTF-8",
    }


def sent(
    message: object, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None
) -> WebhookRequest:
    """A request of Adobe I/O Events, signed as it signs."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return WebhookRequest(body, event_headers(body) | dict(headers or {}), {"store": SHOP} if query is None else query)


def event(type_: str, value: object, **changes: Any) -> dict[str, Any]:
    """A CloudEvent of a shop, with fields changed or added."""
    id_ = f"e-{next(_events)}"
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "urn:uuid:fb58963f-d2e7-4ab4-83da-b6ff15b8ebc0",
        "type": type_,
        "datacontenttype": "application/json",
        "time": SENT_AT,
        "eventid": id_,
        "recipientclientid": CLIENT_ID,
        "recipient_client_id": CLIENT_ID,
        "data": {"key": "31a86bbd", "value": value, "source": "shop.Stage", "_metadata": {"storeId": "0"}},
    } | changes


def asked(body: bytes, key: RSAPrivateKey = COMMERCE, **headers: str) -> WebhookRequest:
    """A synchronous webhook, signed as Commerce signs."""
    signed = {"x-adobe-commerce-webhook-signature": signature(key, base64.b64encode(body))}
    return WebhookRequest(body, signed | headers, {"store": SHOP})


def facts_in(request: WebhookRequest, *secrets: str) -> tuple[Fact, ...] | NotOurs:
    delivery = Magento().verify(request, secrets or (EVENTS_SECRET, WEBHOOKS_SECRET))
    return Magento().read(delivery, request.body)


def product(**changes: object) -> dict[str, object]:
    """A simple product as an event has it, with fields changed or added."""
    base: dict[str, object] = {
        "entity_id": "21",
        "type_id": "simple",
        "sku": "24/MB 01, blue",
        "name": "Mug",
        "status": "1",
        "visibility": "4",
        "price": "19.990000",
        "url_key": "mug",
        "updated_at": "2026-11-30 11:59:59",
        "stock_data": {"qty": "5.5000", "min_qty": "0", "is_in_stock": "1", "manage_stock": "1", "backorders": "0"},
    }
    return base | changes


def stock_item(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {
        "item_id": "9",
        "product_id": "21",
        "qty": "5.0000",
        "min_qty": "0.0000",
        "is_in_stock": True,
        "manage_stock": 1,
        "backorders": 0,
    }
    return base | changes
