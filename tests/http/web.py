"""What tests say to the web server: a shop's signed webhooks, a shopper's sign-up, a person with a key."""

import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import httpx

from schemas.responses.keys import Scope
from schemas.settings import Settings
from starter.http.problems import MEDIA_TYPE, Problem
from starter.services import Services
from tests.history import PATIENCE
from tests.http.connecting import KEY
from tests.storefronts.shop import SECRET, SHOP, headers

SETTINGS = Settings(secrets_keys=(KEY,), http_max_body=64 * 1024)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
"""When the shop's clock stands at 0 minutes."""
PRIVACY = ("customers/data_request", "customers/redact", "shop/redact")
"""Sent just now, unless a test says otherwise: what was asked long ago erases nobody who came since."""
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trust in nobody, for clients of what is served here without TLS: the system's authorities take a while to read."""
_deliveries = count(1)


@dataclass(frozen=True)
class Web:
    """One running server.

    Attributes:
        open: a client without a key.
        keyed: a client with one.
    """

    url: str
    services: Services
    open: httpx.AsyncClient
    keyed: httpx.AsyncClient

    async def webhook(
        self, topic: str, body: object, *, webhook_id: str | None = None, **changed: str | None
    ) -> httpx.Response:
        """A signed webhook; `changed` sets headers as `shop.headers` does. Every call is a delivery of its own."""
        if topic in PRIVACY:
            changed = {"triggered_at": datetime.now(UTC).isoformat()} | changed
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = headers(raw, topic, secret=SECRET, webhook_id=webhook_id or f"delivery-{next(_deliveries)}", **changed)
        return await self.open.post("/v1/webhooks/shopify", content=raw, headers=signed)

    async def sign_up(self, email: str, variant: str = "31") -> httpx.Response:
        return await self.open.post("/v1/signups", json={"store": SHOP, "variant": variant, "email": email})

    async def units(self, variant: str = "31") -> int:
        """The units of a variant as the API tells them."""
        answer = await self.keyed.get(f"/v1/stores/{SHOP}/variants/{variant}")
        assert answer.status_code == 200, answer.text
        return answer.json()["units"]


@asynccontextmanager
async def open_web(url: str, services: Services) -> AsyncGenerator[Web]:
    key = await services.keys.create("tests", "test", [Scope.ADMIN])
    async with (
        httpx.AsyncClient(base_url=url, timeout=PATIENCE, verify=PLAIN) as without,
        httpx.AsyncClient(
            base_url=url, timeout=PATIENCE, verify=PLAIN, headers={"Authorization": f"Bearer {key}"}
        ) as with_key,
    ):
        yield Web(url, services, without, with_key)


def at(minutes: float) -> str:
    """The shop's time, so many minutes past noon."""
    return (NOON + timedelta(minutes=minutes)).isoformat()


def product_message(minutes: float = 0, *, units: int = 0, **changes: object) -> dict[str, object]:
    """A product with one variant, 31, as `products/update` shows it."""
    variant = {"id": 31, "inventory_item_id": 41, "title": "Small", "price": "19.99", "inventory_quantity": units}
    return {
        "id": 21,
        "title": "Mug",
        "handle": "mug",
        "status": "active",
        "published_at": at(-1000),
        "updated_at": at(minutes),
        "variants": [variant],
    } | changes


def level_message(available: int, minutes: float) -> dict[str, object]:
    """Its level at the shop's only location, as `inventory_levels/update` shows it."""
    return {"inventory_item_id": 41, "location_id": 61, "available": available, "updated_at": at(minutes)}


def problem(answer: httpx.Response, status: int, kind: str) -> Problem:
    """The problem of an answer, which is one of this kind in every way."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["x-request-id"]
    said = Problem.model_validate_json(answer.content)
    assert said.type == f"urn:shelftalk:problem:{kind}"
    assert said.status == status
    assert said.title
    assert said.detail
    return said


def payload(name: str) -> bytes:
    """A stored message of Shopify's, as the bytes it came in."""
    return (Path(__file__).parent.parent / "storefronts" / "payloads" / "shopify" / f"{name}.json").read_bytes()
