"""A shop on Shopify."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from activities.storefronts.shopify.api import ShopifyApi
from activities.storefronts.storefront import WebhookRequest
from tests.simulated import shopify_shop
from tests.simulated.shopify_server import ShopifyServer
from tests.storefronts import shop
from tests.storms.shop import VARIANTS_EACH, Key, StormShop, seconds


class Shopify(StormShop):
    """Moments of its bodies are whole seconds; the header has the exact one."""

    source, api = "shopify", ShopifyApi

    def __init__(self, variants: int) -> None:
        super().__init__(variants)
        self.shop = shopify_shop.ShopifyShop()
        self.shop.scopes.add("read_orders")
        made = [shopify_shop.Variant(1000 + place, {1: 0}) for place in range(variants)]
        starts = range(0, variants, VARIANTS_EACH)
        self.shop.products = [shopify_shop.Product(100 + at, made[at : at + VARIANTS_EACH]) for at in starts]
        self.variants = made

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with ShopifyServer(self.shop) as server:
            self.url = server.url
            yield

    def answers(self) -> dict[str, str]:
        mine = self.shop
        access = {"client_id": mine.client_id, "client_secret": mine.client_secret}
        return {"shop": mine.domain, "api_address": self.url, **access}

    def end_token(self) -> bool:
        self.shop.tokens.clear()
        return True

    def switch_off(self) -> bool:
        self.shop.webhooks.clear()
        return True

    def is_subscribed(self, topic: str) -> bool:
        named = topic.replace("/", "_").upper()
        return any(each["topic"] == named for each in self.shop.webhooks.values())

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        self.variants[place].levels[1] = units
        self.variants[place].updated_at = seconds(at)
        self.shop.products[self.product(place)].updated_at = seconds(at)

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        if number % 5:
            level = {"inventory_item_id": self.variants[place].item, "location_id": 1, "updated_at": seconds(at)}
            return "inventory_levels/update", level | {"available": self.units[place]}
        product = self.shop.products[self.product(place)]
        variants = [
            {
                "id": each.id,
                "inventory_item_id": each.item,
                "title": each.title,
                "price": each.price,
                "inventory_policy": "deny",
                "inventory_quantity": each.levels[1],
            }
            for each in product.variants
        ]
        changes = {"id": product.id, "variants": variants, "updated_at": seconds(at)}
        return "products/update", shop.product(**changes)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return "inventory_levels/update", {"location_id": 1, "number": number, "updated_at": seconds(at)}

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, str)
        told = {"webhook_id": f"w-{number}", "triggered_at": f"{at:%Y-%m-%dT%H:%M:%S.%f}000Z"}
        return WebhookRequest(body, shop.headers(body, topic, secret=key, **told))
