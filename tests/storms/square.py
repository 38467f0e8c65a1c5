"""A merchant at Square."""

import base64
import hashlib
import hmac
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self

from activities.storefronts.shop_api import Access, ShopApi
from activities.storefronts.shop_http import ShopHttp
from activities.storefronts.square.api import SquareApi
from activities.storefronts.storefront import WebhookRequest
from starter.http.server import serving
from tests.simulated import square_merchant
from tests.storms.shop import Key, StormShop


class Square(StormShop):
    """It makes the key of a subscription itself, and signs the address too."""

    source, malformed_json = "square", 401

    def __init__(self, variants: int) -> None:
        super().__init__(variants)
        self.merchant = square_merchant.SquareMerchant(page=100)
        self.merchant.items = [square_merchant.item(1000 + place) for place in range(variants)]
        for place in range(variants):
            self.merchant.counts[self._count(place)] = "0"

    def _count(self, place: int) -> tuple[str, str, str]:
        return f"V{1000 + place}", "L1", "IN_STOCK"

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with serving(self.merchant.app(), "127.0.0.1", 0) as served:
            self.url = served.url
            yield

    @property
    def apis(self) -> Mapping[str, type[ShopApi]]:
        """At the address of the simulated merchant; the setting takes Square's own addresses only."""
        url = self.url

        class At(SquareApi):
            @classmethod
            def over(cls, http: ShopHttp, access: Access) -> Self:
                return super().over(http, Access({**access.settings, "api": url}, access.secrets, access.ends_at))

        return {self.source: At}

    def answers(self) -> dict[str, str]:
        return {"access_token": square_merchant.TOKEN, "front_page": "https://shop.example"}

    def variant(self, place: int) -> str:
        return f"V{1000 + place}"

    def begin(self, secret: str) -> None:
        (made,) = self.merchant.subscriptions
        assert made["signature_key"] == secret, "Shelftalk verifies by another key than Square signs with"
        super().begin(secret)

    def rotate(self, secret: str) -> None:
        super().rotate(secret)
        self.merchant.subscriptions[0]["signature_key"] = secret

    def switch_off(self) -> bool:
        self.merchant.subscriptions[0]["enabled"] = False
        return True

    def is_subscribed(self, topic: str) -> bool:
        return any(each["enabled"] and topic in each["event_types"] for each in self.merchant.subscriptions)

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        self.merchant.counts[self._count(place)] = str(units)
        self.merchant.calculated[self._count(place)] = at.isoformat()

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        if number % 50 == 0:
            version = {"catalog_version": {"updated_at": at.isoformat()}}
            return self._event("catalog.version.updated", {"type": "catalog", "object": version}, at, number)
        variation, location, state = self._count(place)
        told = {
            "catalog_object_id": variation,
            "catalog_object_type": "ITEM_VARIATION",
            "location_id": location,
            "quantity": str(self.units[place]),
            "state": state,
            "calculated_at": at.isoformat(),
        }
        return self._event("inventory.count.updated", {"object": {"inventory_counts": [told]}}, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._event("inventory.count.updated", {"object": {}}, at, number)

    def _event(self, topic: str, data: object, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        named = {"merchant_id": square_merchant.MERCHANT, "type": topic, "event_id": f"storm-{number}"}
        return topic, {**named, "created_at": at.isoformat(), "data": data}

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, str)
        url = str(self.merchant.subscriptions[0]["notification_url"])
        made = hmac.new(key.encode(), url.encode() + body, hashlib.sha256).digest()
        return WebhookRequest(body, {"x-square-hmacsha256-signature": base64.b64encode(made).decode()})
