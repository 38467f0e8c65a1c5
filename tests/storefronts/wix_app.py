"""A Wix app on one site, for tests: what Wix sends it, and how it signs that."""

import json
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from activities.storefronts.storefront import NotOurs, WebhookRequest
from activities.storefronts.wix.adapter import Wix
from schemas.incoming.facts import Fact, WebhookDelivery
from starter.simulated.signing import new_key
from starter.simulated.signing import public as public_of
from starter.simulated.wix.api import NO_VARIANT as NO_VARIANT
from starter.simulated.wix.shop import item as item  # as its events have it
from starter.simulated.wix.shop import token as token_of

INSTANCE = "00000000-1111-2222-3333-444444444444"
PAYLOADS = Path(__file__).parent / "payloads" / "wix"
EVENT_TIME = "2026-01-31T12:00:00.123Z"
KEY = new_key()
ANOTHER_KEY = new_key()
_events = count(1)


def public(key: RSAPrivateKey = KEY) -> str:
    """What the app's dashboard shows."""
    return public_of(key)


def token(claims: object, key: RSAPrivateKey = KEY, **header: str) -> bytes:
    """By no code of the adapter, so that a mistake in it cannot agree with itself."""
    return token_of(claims, key, **header)


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


def verified(request: WebhookRequest, *keys: str) -> WebhookDelivery:
    return Wix().verify(request, keys or (public(),))


def facts_in(request: WebhookRequest) -> tuple[Fact, ...] | NotOurs:
    """What is read from it."""
    return Wix().read(verified(request), request.body)
