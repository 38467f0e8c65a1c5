"""A Wix app on one site, for tests: what Wix sends it, and how it signs that."""

import base64
import json
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from activities.storefronts.storefront import NotOurs, WebhookRequest
from activities.storefronts.wix.adapter import Wix
from schemas.incoming.facts import Fact, WebhookDelivery

INSTANCE = "00000000-1111-2222-3333-444444444444"
PAYLOADS = Path(__file__).parent / "payloads" / "wix"
NO_VARIANT = "00000000-0000-0000-0000-000000000000"
EVENT_TIME = "2026-01-31T12:00:00.123Z"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ANOTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_events = count(1)


def public(key: rsa.RSAPrivateKey = KEY) -> str:
    """What the app's dashboard shows."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _part(said: bytes) -> bytes:
    return base64.urlsafe_b64encode(said).rstrip(b"=")


def token(claims: object, key: rsa.RSAPrivateKey = KEY, **header: str) -> bytes:
    """Made here on its own, so that a mistake in the adapter cannot agree with itself."""
    head = _part(json.dumps({"alg": "RS256", "typ": "JWT"} | header).encode())
    signed = head + b"." + _part(json.dumps(claims).encode())
    return signed + b"." + _part(key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))


def sent(topic: str, data: object, instance: str | None = INSTANCE, **claims: object) -> WebhookRequest:
    """A webhook of this event. `claims` changes those of the token."""
    message = {"eventType": topic, "data": json.dumps(data), "identity": '{"identityType":"WIX_USER"}'}
    if instance is not None:
        message["instanceId"] = instance
    return WebhookRequest(token({"data": json.dumps(message), "iat": 1769860800} | claims), {})


def event(**changes: Any) -> dict[str, Any]:
    """The frame of an event of catalogue V3, or of an order: each is one of its own."""
    number = next(_events)
    return {"id": f"e-{number}", "eventTime": EVENT_TIME, "entityEventSequence": str(number)} | changes


def item(**changes: object) -> dict[str, object]:
    """An inventory item of V3: five pieces of the only variant of a product, at a location."""
    base = {"productId": "p-1", "variantId": NO_VARIANT, "locationId": "l-1", "trackQuantity": True, "quantity": 5}
    return base | changes


def verified(request: WebhookRequest, *keys: str) -> WebhookDelivery:
    return Wix().verify(request, keys or (public(),))


def facts_in(request: WebhookRequest) -> tuple[Fact, ...] | NotOurs:
    """What is read from it."""
    return Wix().read(verified(request), request.body)
