"""A shop on Shopify, and what it sends.

Source: https://shopify.dev/docs/apps/build/webhooks/subscribe/https: an answer within five seconds, eight more tries
within four hours, and after eight failures in a row a subscription of the API is deleted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from starter.simulated.server import SimulatedApi
from starter.simulated.shop import Hook, Key, Order, Rule, SendingShop, Sent, Told, milliseconds, seconds
from starter.simulated.shopify.admin import ShopifyShop
from starter.simulated.shopify.server import ShopifyServer
from starter.simulated.shopify.things import Product, Variant
from starter.simulated.signing import by_secret


def headers(body: bytes, topic: str, secret: str, shop: str, **others: str | None) -> dict[str, str]:
    """The headers of one delivery; `others` sets one by name (`webhook_id=…`); None leaves it out."""
    values: dict[str, str | None] = {
        "X-Shopify-Hmac-Sha256": by_secret(secret, body),
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-Api-Version": "2025-01",
        "Content-Type": "application/json",
    }
    values |= {f"X-Shopify-{name.replace('_', '-').title()}": value for name, value in others.items()}
    return {name: value for name, value in values.items() if value is not None}


def product(**changes: object) -> dict[str, Any]:
    """A small product as a product message shows it, with fields changed or added."""
    variant = {"id": 31, "inventory_item_id": 41, "title": "Small", "price": "19.99", "inventory_quantity": 3}
    base: dict[str, object] = {
        "id": 21,
        "title": "Mug",
        "handle": "mug",
        "status": "active",
        "published_at": "2021-12-31T19:00:00-05:00",
        "updated_at": "2021-12-31T19:00:00-05:00",
        "variants": [variant],
    }
    return base | changes


class Shopify(SendingShop):
    """Moments of its bodies are whole seconds; the header has the exact one."""

    source = "shopify"
    rule = Rule(5, tuple(timedelta(minutes=each) for each in (1, 3, 8, 20, 45, 90, 150, 240)), failures=8)

    def __init__(self, products: int, each: int = 1) -> None:
        super().__init__(products, each)
        self.shop = ShopifyShop()
        self.shop.scopes.add("read_orders")
        self.variants = [Variant(1000 + place, {1: 0}, price=f"{self.prices[0]}") for place in range(len(self.units))]
        for first in range(0, len(self.units), each):
            parts = self.variants[first : first + each]
            self.shop.products.append(Product(100 + first, parts, self.title(first), handle=self.handle(first)))
        self._api = ShopifyServer(self.shop)

    @property
    def api(self) -> SimulatedApi:
        return self._api

    def opened_at(self, url: str) -> None:
        self.shop.front_page = url
        super().opened_at(url)

    @property
    def store(self) -> str:
        return self.shop.domain

    def answers(self) -> dict[str, str]:
        mine = self.shop
        access = {"client_id": mine.client_id, "client_secret": mine.client_secret}
        return {"shop": mine.domain, "api_address": self.url, **access}

    @property
    def secret(self) -> str | None:
        return self.shop.client_secret if self.shop.webhooks else None

    def end_token(self) -> bool:
        self.shop.tokens.clear()
        return True

    def switch_off(self, hook: str | None = None) -> bool:
        for name in [hook] if hook is not None else list(self.shop.webhooks):
            self.shop.webhooks.pop(name, None)
        return True

    def hooks(self, topic: str) -> Sequence[Hook]:
        named = topic.replace("/", "_").upper()
        return [Hook(id_, each["uri"]) for id_, each in self.shop.webhooks.items() if each["topic"] == named]

    def changed(self, place: int, at: datetime) -> None:
        variant = self.variants[place]
        variant.levels[1], variant.price = self.units[place], f"{self.prices[place]}"
        variant.updated_at = self.shop.products[self.product(place)].updated_at = seconds(at)

    def ordered(self, order: Order, at: datetime) -> Told | None:
        product_id, now = self.product_id(order.place), seconds(at)
        pieces = {"quantity": order.pieces, "current_quantity": order.pieces}
        line = {"product_id": product_id, "variant_id": 1000 + order.place, **pieces}
        money = {"total_price": f"{order.total}", "current_total_price": f"{order.total}", "currency": "EUR"}
        moments = {"created_at": now, "updated_at": now}
        named = {"admin_graphql_api_id": f"gid://shopify/Order/{order.number}", "id": order.number}
        return "orders/create", {**named, "email": order.email, **moments, "line_items": [line], **money}

    def message(self, place: int, at: datetime, number: int) -> Told:
        if number % 5 == 0:
            return self.product_message(place, at, number)
        level = {"inventory_item_id": self.variants[place].item, "location_id": 1, "updated_at": seconds(at)}
        return "inventory_levels/update", level | {"available": self.units[place]}

    def product_message(self, place: int, at: datetime, number: int) -> Told:
        mine = self.shop.products[self.product(place)]
        variants = [
            {
                "id": each.id,
                "inventory_item_id": each.item,
                "title": each.title,
                "price": each.price,
                "inventory_policy": "deny",
                "inventory_quantity": each.levels[1],
            }
            for each in mine.variants
        ]
        changes = {"id": mine.id, "variants": variants, "updated_at": seconds(at)}
        return "products/update", product(**changes, title=mine.title, handle=mine.handle)

    def without_fields(self, place: int, at: datetime, number: int) -> Told:
        return "inventory_levels/update", {"location_id": 1, "number": number, "updated_at": seconds(at)}

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> Sent:
        assert isinstance(key, str)
        told = {"webhook_id": f"w-{number}", "triggered_at": milliseconds(at)[:-1] + f"{at.microsecond % 1000:03}000Z"}
        return Sent(body, headers(body, topic, key, self.shop.domain, **told))
