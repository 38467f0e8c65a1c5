"""A shop with WooCommerce."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from activities.storefronts.storefront import WebhookRequest
from activities.storefronts.woocommerce.api import WooCommerceApi
from tests.simulated import woocommerce
from tests.simulated.mail_api_server import MailApiServer
from tests.storefronts import woocommerce_shop
from tests.storms.shop import VARIANTS_EACH, Key, StormShop, numbers


class WooCommerce(StormShop):
    """A body is made when it is sent, and one queue sends them. Variations tell their units, and hint at the rest."""

    source, api, in_turn, topic = "woocommerce", WooCommerceApi, True, "product.updated"

    def __init__(self, variants: int) -> None:
        super().__init__(variants)
        self.shop = woocommerce.SimulatedWooCommerce()
        for at in range(0, variants, VARIANTS_EACH):
            places = range(at, at + VARIANTS_EACH)
            ids = [1000 + place for place in places]
            self.shop.products[100 + at] = woocommerce_shop.product(id=100 + at, type="variable", variations=ids)
            self.shop.variations[100 + at] = [self._variation(place) for place in places]

    def _variation(self, place: int) -> dict[str, Any]:
        units = self.units[place]
        counted = {"manage_stock": True, "stock_quantity": units, "stock_status": "instock" if units else "outofstock"}
        parent = 100 + place // VARIANTS_EACH * VARIANTS_EACH
        return woocommerce_shop.product(id=1000 + place, type="variation", parent_id=parent, **counted)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with MailApiServer(self.shop) as server:
            self.url = server.url
            yield

    def answers(self) -> dict[str, str]:
        return {"shop": self.url, "consumer_key": woocommerce.KEY, "consumer_secret": woocommerce.SECRET}

    def begin(self, secret: str) -> None:
        assert set(self.shop.secrets.values()) == {secret}
        super().begin(secret)

    def next_secret(self) -> str | None:
        return f"secretNumber{next(numbers)}"

    def rotate(self, secret: str) -> None:
        super().rotate(secret)
        self.shop.secrets = dict.fromkeys(self.shop.secrets, secret)

    def switch_off(self) -> bool:
        for hook in self.shop.hooks.values():
            hook["status"] = "disabled"
        return True

    def is_subscribed(self, topic: str) -> bool:
        return any(hook["topic"] == topic and hook["status"] == "active" for hook in self.shop.hooks.values())

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        product = 100 + place // VARIANTS_EACH * VARIANTS_EACH
        self.shop.variations[product][place % VARIANTS_EACH] = self._variation(place)

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return "product.updated", self._variation(place) | {"number": number}

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return "product.updated", {"id": 1000 + place, "number": number}

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, str)
        return woocommerce_shop.request(body, topic, key=key, delivery_id=f"{number:032x}")
