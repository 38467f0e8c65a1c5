"""A shop of its own making, which sends by the open API."""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Any

from activities.storefronts.storefront import WebhookRequest
from tests.storms.shop import VARIANTS_EACH, Key, StormShop


class Open(StormShop):
    """A shop of its own making: it has no API, and sends what it has to say until it is taken."""

    source = "open"

    def answers(self) -> dict[str, str]:
        return {"store": "own.example"}

    def next_secret(self) -> str | None:
        return None

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._said("stock.updated", {"levels": [{"item": 1000 + place, "units": self.units[place]}]}, at)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._said("stock.updated", {"levels": [{"item": 1000 + place}], "number": number}, at)

    def opening(self, at: datetime) -> list[tuple[str, dict[str, Any]]]:
        products = range(0, len(self.units), VARIANTS_EACH)
        told = [
            {"id": 100 + start, "title": "Mug", "variants": [{"id": 1000 + start + n} for n in range(VARIANTS_EACH)]}
            for start in products
        ]
        levels = [{"item": 1000 + place, "units": 0} for place in range(len(self.units))]
        each = [self._said("product.updated", product, at) for product in told]
        return [*each, self._said("stock.updated", {"levels": levels}, at)]

    def _said(self, topic: str, data: object, at: datetime) -> tuple[str, dict[str, Any]]:
        return topic, {"type": topic, "timestamp": at.isoformat(), "data": data}

    def stranger(self) -> Key:
        return f"whsec_{base64.b64encode(b's' * 32).decode()}"

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, str)
        id_, seconds = f"msg-{number}", str(int(at.timestamp()))
        signed = f"{id_}.{seconds}.".encode() + body
        made = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        told = {"webhook-id": id_, "webhook-timestamp": seconds}
        return WebhookRequest(body, told | {"webhook-signature": f"v1,{base64.b64encode(made).decode()}"})
