"""A BigCommerce store for tests: what it sends, and how it signs it."""

import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from activities.storefronts.bigcommerce.adapter import BigCommerce
from activities.storefronts.storefront import NotOurs, WebhookRequest
from schemas.incoming.facts import Fact
from starter.simulated.bigcommerce.api import STORE
from starter.simulated.bigcommerce.shop import event as event_of
from starter.simulated.bigcommerce.shop import headers

SECRET = "the client secret of the API account"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HAPPENED = datetime(2026, 1, 31, 9, 29, 55, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads"
_events = count(1)


def signature(body: bytes, id_: str, seconds: int, secret: str = SECRET) -> str:
    """By no code of the adapter, so that a mistake in it cannot agree with itself."""
    return headers(body, secret, id_, datetime.fromtimestamp(seconds, UTC))["webhook-signature"]


def request(body: bytes, *, secret: str = SECRET, sent_at: datetime = NOW, id_: str = "msg_1") -> WebhookRequest:
    """A signed webhook, as it comes ten seconds after it was sent."""
    return WebhookRequest(body, headers(body, secret, id_, sent_at), at=NOW)


def event(scope: str, data: object, *, producer: str | None = f"stores/{STORE}", **others: object) -> bytes:
    """The body of another event each time."""
    message = {**event_of(scope, data, HAPPENED, next(_events)), "producer": producer, **others}
    return json.dumps({name: value for name, value in message.items() if name != "producer" or value}).encode()


def facts_in(body: bytes) -> tuple[Fact, ...] | NotOurs:
    """What a genuine webhook with this body says."""
    sent = request(body)
    return BigCommerce().read(BigCommerce().verify(sent, [SECRET]), body)
