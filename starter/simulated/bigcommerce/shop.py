"""A store on BigCommerce, and what it sends.

Source: https://github.com/bigcommerce/docs at 24f580ca, docs/integrations/webhooks: eleven more tries within 48
hours, and the webhook is off after the last.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from starter.simulated.bigcommerce.api import STORE, TOKEN, SimulatedBigCommerce
from starter.simulated.shop import Hook, Key, Order, Rule, SendingShop, Sent, Told
from starter.simulated.signing import by_secret

STOCK = "store/channel/*/inventory/product/stock_changed"
SIGNS = "the client secret of the account"
INTERVALS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
"""Seconds between a try and the next."""


def headers(body: bytes, secret: str, id_: str, sent_at: datetime) -> dict[str, str]:
    """Those of one delivery, by Standard Webhooks; but its secret is text."""
    told = str(int(sent_at.timestamp()))
    return {
        "webhook-id": id_,
        "webhook-timestamp": told,
        "webhook-signature": "v1," + by_secret(secret, f"{id_}.{told}.".encode() + body),
        "Content-Type": "application/json",
    }


def event(scope: str, data: object, at: datetime, number: int) -> dict[str, Any]:
    """What is sent of something that happened."""
    return {
        "scope": scope,
        "store_id": "1025646",
        "data": data,
        "hash": hashlib.sha1(str(number).encode()).hexdigest(),
        "created_at": int(at.timestamp()),
        "producer": f"stores/{STORE}",
    }


class BigCommerce(SendingShop):
    """It says that something changed, and not what it is now."""

    source = "bigcommerce"
    rule = Rule(30, tuple(timedelta(seconds=each) for each in accumulate(INTERVALS)), gives_up=True)

    def __init__(self, products: int, each: int = 1) -> None:
        super().__init__(products, each)
        self.shop = SimulatedBigCommerce()
        self.shop.left = 10**6
        for place in range(len(self.units)):
            identity = {"product_id": self.product_id(place), "variant_id": 1000 + place}
            at_location = {"location_id": 1, "available_to_sell": 0, "location_enabled": True}
            self.shop.items.append({"identity": identity, "locations": [at_location]})
            self._show(place)

    @property
    def api(self) -> SimulatedBigCommerce:
        return self.shop

    def opened_at(self, url: str) -> None:
        self.shop.front_page = url
        super().opened_at(url)

    @property
    def store(self) -> str:
        return STORE

    def _show(self, place: int) -> None:
        variants = [{"id": 1000 + at, "calculated_price": float(self.prices[at])} for at in self.siblings(place)]
        named: dict[str, Any] = {
            "name": self.title(place),
            "is_visible": True,
            "inventory_tracking": "variant",
            "images": [],
        }
        address = {"custom_url": {"url": f"/product/{self.handle(place)}/"}}
        number = self.product_id(place)
        self.shop.products[number] = {"id": number, **named, **address, "variants": variants}
        self.shop.items[place]["locations"][0]["available_to_sell"] = self.units[place]

    def answers(self) -> dict[str, str]:
        secrets = {"access_token": TOKEN, "client_secret": SIGNS}
        return {"store_hash": STORE, "api": self.url, **secrets}

    @property
    def secret(self) -> str | None:
        return SIGNS if self.shop.hooks else None

    def switch_off(self, hook: str | None = None) -> bool:
        for each in self.shop.hooks.values():
            if hook in (None, str(each["id"])):
                each["is_active"] = False
        return True

    def hooks(self, topic: str) -> Sequence[Hook]:
        alive = [each for each in self.shop.hooks.values() if each["scope"] == topic and each["is_active"]]
        return [Hook(str(each["id"]), each["destination"]) for each in alive]

    def changed(self, place: int, at: datetime) -> None:
        self._show(place)

    def ordered(self, order: Order, at: datetime) -> Told | None:
        line = {"product_id": self.product_id(order.place), "variant_id": 1000 + order.place}
        self.shop.lines[order.number] = [{**line, "quantity": order.pieces, "quantity_refunded": 0}]
        self.shop.orders[order.number] = {
            "id": order.number,
            "status_id": 11,
            "date_created": f"{at:%a, %d %b %Y %H:%M:%S} +0000",
            "total_inc_tax": f"{order.total}",
            "default_currency_code": "EUR",
            "billing_address": {"email": order.email},
        }
        return "store/order/created", event(
            "store/order/created", {"type": "order", "id": order.number}, at, order.number
        )

    def message(self, place: int, at: datetime, number: int) -> Told:
        identity = self.shop.items[place]["identity"]
        return STOCK, event(STOCK, {**identity, "location_id": 1}, at, number)

    def product_message(self, place: int, at: datetime, number: int) -> Told:
        topic = "store/product/updated"
        return topic, event(topic, {"type": "product", "id": self.product_id(place)}, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> Told:
        return STOCK, event(STOCK, {"location_id": 1}, at, number)

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> Sent:
        assert isinstance(key, str)
        return Sent(body, headers(body, key, f"msg_{number}", at))
