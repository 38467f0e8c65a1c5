"""A BigCommerce store for tests: what it sends, and how it signs it."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from activities.storefronts.bigcommerce.adapter import BigCommerce
from activities.storefronts.storefront import NotOurs, WebhookRequest
from schemas.incoming.facts import Fact

SECRET = "the client secret of the API account"
STORE = "abc123"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HAPPENED = datetime(2026, 1, 31, 9, 29, 55, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads"
_events = count(1)


def signature(body: bytes, id_: str, seconds: int, secret: str = SECRET) -> str:
    """Computed here on its own, so that a mistake in the adapter cannot agree with itself."""
    signed = f"{id_}.{seconds}.".encode() + body
    return "v1," + base64.standard_b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def request(body: bytes, *, secret: str = SECRET, sent_at: datetime = NOW, id_: str = "msg_1") -> WebhookRequest:
    """A signed webhook, as it comes ten seconds after it was sent."""
    seconds = int(sent_at.timestamp())
    headers = {
        "webhook-id": id_,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(body, id_, seconds, secret),
        "Content-Type": "application/json",
    }
    return WebhookRequest(body, headers, at=NOW)


def event(scope: str, data: object, *, producer: str | None = f"stores/{STORE}", **others: object) -> bytes:
    """The body of another event each time."""
    message = {
        "scope": scope,
        "store_id": "1025646",
        "data": data,
        "hash": hashlib.sha1(str(next(_events)).encode()).hexdigest(),
        "created_at": int(HAPPENED.timestamp()),
        **({} if producer is None else {"producer": producer}),
        **others,
    }
    return json.dumps(message).encode()


def facts_in(body: bytes) -> tuple[Fact, ...] | NotOurs:
    """What a genuine webhook with this body says."""
    sent = request(body)
    return BigCommerce().read(BigCommerce().verify(sent, [SECRET]), body)
