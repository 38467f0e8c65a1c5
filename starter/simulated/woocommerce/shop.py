"""A shop with WooCommerce, and what it sends.

Source: https://github.com/woocommerce/woocommerce at 00e1bc4, includes/class-wc-webhook.php: a delivery that fails
is not sent again, and of more than five in a row the webhook is disabled; 200 to 302 is taken. A webhook that is made
pings its address first, with a form that is not signed.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from starter.simulated.shop import Hook, Key, Order, Rule, SendingShop, Sent, Told, numbers, seconds
from starter.simulated.signing import by_secret
from starter.simulated.woocommerce.api import KEY, SECRET, SimulatedWooCommerce


def headers(body: bytes, topic: str, key: str, shop: str, delivery: str) -> dict[str, str]:
    """Those of one delivery."""
    return {
        "X-WC-Webhook-Source": f"{shop}/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": by_secret(key, body),
        "X-WC-Webhook-ID": "12",
        "X-WC-Webhook-Delivery-ID": delivery,
        "Content-Type": "application/json",
    }


def product(**changes: object) -> dict[str, Any]:
    """A simple product that counts no stock, and what is different of it."""
    return {
        "id": 794,
        "name": "Kettle",
        "slug": "kettle",
        "permalink": "https://shop.example/product/kettle/",
        "type": "simple",
        "status": "publish",
        "parent_id": 0,
        "price": "21.99",
        "purchasable": True,
        "manage_stock": False,
        "stock_quantity": None,
        "stock_status": "instock",
        "backorders": "no",
        "variations": [],
        **changes,
    }


def order_told(**changes: object) -> dict[str, Any]:
    """An order of two kettles, and what is different of it."""
    return {
        "id": 727,
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-01-30T12:00:00",
        "total": "43.98",
        "billing": {"email": "Ada@Example.com"},
        "line_items": [{"product_id": 794, "variation_id": 0, "quantity": 2}],
        "refunds": [],
        "coupon_lines": [],
        **changes,
    }


class WooCommerce(SendingShop):
    """A body is made when it is sent, and one queue sends them. Variations tell their units, and hint at the rest."""

    source, in_turn, topic = "woocommerce", True, "product.updated"
    rule = Rule(60, failures=6)

    def __init__(self, products: int, each: int = 1) -> None:
        super().__init__(products, each)
        self.shop = SimulatedWooCommerce()
        for place in range(len(self.units)):
            self._show(place)

    @property
    def api(self) -> SimulatedWooCommerce:
        return self.shop

    def opened_at(self, url: str) -> None:
        self.shop.front_page = url
        super().opened_at(url)

    @property
    def store(self) -> str:
        return self.url.rpartition("/")[2]

    def _show(self, place: int) -> None:
        first, number = self.siblings(place)[0], self.product_id(place)
        ids = [1000 + each for each in self.siblings(place)]
        parent = {"id": number, "type": "variable", "variations": ids, "price": f"{self.prices[first]}"}
        self.shop.products[number] = product(**parent, **self._named(place))
        rows = self.shop.variations.setdefault(number, [{} for _ in ids])
        rows[place - first] = self._variation(place)

    def _named(self, place: int) -> dict[str, Any]:
        page = f"{self.url or 'https://shop.example'}/product/{self.handle(place)}/"
        return {"name": self.title(place), "slug": self.handle(place), "permalink": page}

    def _variation(self, place: int) -> dict[str, Any]:
        units = self.units[place]
        counted = {"manage_stock": True, "stock_quantity": units, "stock_status": "instock" if units else "outofstock"}
        own = {"id": 1000 + place, "type": "variation", "parent_id": self.product_id(place)}
        size = {"id": 1, "name": "Size", "option": f"size {place % self.each + 1}"}
        sizes = [size] if self.each > 1 else []
        return product(**own, attributes=sizes, price=f"{self.prices[place]}", **self._named(place), **counted)

    def answers(self) -> dict[str, str]:
        return {"shop": self.url, "consumer_key": KEY, "consumer_secret": SECRET}

    @property
    def secret(self) -> str | None:
        return next((self.shop.secrets[each] for each in self.shop.hooks), None)

    def begin(self, secret: str) -> None:
        assert set(self.shop.secrets.values()) == {secret}
        super().begin(secret)

    def next_secret(self) -> str | None:
        return f"secretNumber{next(numbers)}"

    def rotate(self, secret: str) -> None:
        super().rotate(secret)
        self.shop.secrets = dict.fromkeys(self.shop.secrets, secret)

    def switch_off(self, hook: str | None = None) -> bool:
        for each in self.shop.hooks.values():
            if hook in (None, str(each["id"])):
                each["status"] = "disabled"
        return True

    def subscribed(self, told: Callable[[Hook], None]) -> None:
        self.shop.made = lambda id_, address: told(Hook(str(id_), address))

    def greeting(self, hook: Hook) -> Sent:
        return Sent(f"webhook_id={hook.id}".encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def hooks(self, topic: str) -> Sequence[Hook]:
        rows = self.shop.hooks.values()
        alive = [each for each in rows if each["topic"] == topic and each["status"] == "active"]
        return [Hook(str(each["id"]), each["delivery_url"]) for each in alive]

    def changed(self, place: int, at: datetime) -> None:
        self._show(place)

    def ordered(self, order: Order, at: datetime) -> Told | None:
        line = {"product_id": self.product_id(order.place), "variation_id": 1000 + order.place}
        self.shop.orders[order.number] = order_told(
            id=order.number,
            date_created_gmt=seconds(at)[:-1],
            date_modified_gmt=seconds(at)[:-1],
            total=f"{order.total}",
            billing={"email": order.email},
            line_items=[{**line, "quantity": order.pieces}],
        )
        return "order.created", self.shop.orders[order.number]

    def message(self, place: int, at: datetime, number: int) -> Told:
        return "product.updated", self._variation(place) | {"number": number}

    def product_message(self, place: int, at: datetime, number: int) -> Told:
        return self.message(place, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> Told:
        return "product.updated", {"id": 1000 + place, "number": number}

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> Sent:
        assert isinstance(key, str)
        return Sent(body, headers(body, topic, key, self.url, f"{number:032x}"))
