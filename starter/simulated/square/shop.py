"""A merchant at Square, and what it sends.

Source: https://developer.squareup.com/docs/webhooks/overview: an answer within ten seconds, eleven more tries within a
day, and after three weeks in which nothing was taken a subscription is off.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from starter.simulated.shop import Hook, Key, Order, Rule, SendingShop, Sent, Told
from starter.simulated.signing import by_secret
from starter.simulated.square.api import MERCHANT, TOKEN, SquareMerchant, item
from starter.simulated.square.api import order as order_told

COUNT = "inventory.count.updated"
CATALOGUE = "catalog.version.updated"
ORDER = "order.created"
RETRIES = (1, 3, 7, 15, 30, 60, 120, 240, 480, 960, 1440)


class Square(SendingShop):
    """Each variant is an item. It makes the key of a subscription itself, and signs the address too."""

    source = "square"
    rule = Rule(10, tuple(timedelta(minutes=each) for each in RETRIES), silence=timedelta(weeks=3))

    def __init__(self, products: int, each: int = 1) -> None:
        super().__init__(products * each)
        self.merchant = SquareMerchant(page=100)
        for place in range(len(self.units)):
            self.merchant.items.append(item(1000 + place, name=self.title(place)))
            self.merchant.counts[self._count(place)] = "0"
            self._show(place)

    @property
    def api(self) -> SquareMerchant:
        return self.merchant

    @property
    def store(self) -> str:
        return MERCHANT

    def _count(self, place: int) -> tuple[str, str, str]:
        return self.variant(place), "L1", "IN_STOCK"

    def _show(self, place: int) -> None:
        told = self.merchant.items[place]["item_data"]
        told["ecom_uri"] = f"{self.url or 'https://shop.example'}/product/{self.handle(place)}/"
        (variation,) = told["variations"]
        variation["item_variation_data"]["price_money"]["amount"] = int(100 * self.prices[place])

    def answers(self) -> dict[str, str]:
        return {"access_token": TOKEN, "front_page": "https://shop.example", "api": self.url}

    def variant(self, place: int) -> str:
        return f"V{1000 + place}"

    @property
    def secret(self) -> str | None:
        made = self.merchant.subscriptions
        return str(made[0]["signature_key"]) if made else None

    def begin(self, secret: str) -> None:
        (made,) = self.merchant.subscriptions
        assert made["signature_key"] == secret, "Shelftalk verifies by another key than Square signs with"
        super().begin(secret)

    def rotate(self, secret: str) -> None:
        super().rotate(secret)
        self.merchant.subscriptions[0]["signature_key"] = secret

    def switch_off(self, hook: str | None = None) -> bool:
        for each in self.merchant.subscriptions:
            if hook in (None, each["id"]):
                each["enabled"] = False
        return True

    def hooks(self, topic: str) -> Sequence[Hook]:
        alive = [each for each in self.merchant.subscriptions if each["enabled"] and topic in each["event_types"]]
        return [Hook(each["id"], each["notification_url"]) for each in alive]

    def changed(self, place: int, at: datetime) -> None:
        self.merchant.counts[self._count(place)] = str(self.units[place])
        self.merchant.calculated[self._count(place)] = at.isoformat()
        self._show(place)

    def message(self, place: int, at: datetime, number: int) -> Told:
        if number % 50 == 0:
            return self.product_message(place, at, number)
        variation, location, state = self._count(place)
        told = {
            "catalog_object_id": variation,
            "catalog_object_type": "ITEM_VARIATION",
            "location_id": location,
            "quantity": str(self.units[place]),
            "state": state,
            "calculated_at": at.isoformat(),
        }
        return self._event(COUNT, {"object": {"inventory_counts": [told]}}, at, number)

    def ordered(self, order: Order, at: datetime) -> Told:
        id_, customer = f"order-{order.number}", f"customer-{order.email}"
        self.merchant.customers[customer] = order.email
        money = {"amount": int(100 * order.total), "currency": "USD"}
        (line,) = order_told(id_, self.variant(order.place))["line_items"]
        lines = [{**line, "quantity": str(order.pieces)}]
        self.merchant.orders[id_] = order_told(
            id_, customer_id=customer, created_at=at.isoformat(), line_items=lines, total_money=money
        )
        changed = {"order_id": id_, "version": 1, "state": "OPEN", "location_id": "L1", "created_at": at.isoformat()}
        told = {"type": "order", "id": id_, "object": {"order_created": changed}}
        return self._event(ORDER, told, at, order.number)

    def product_message(self, place: int, at: datetime, number: int) -> Told:
        version = {"catalog_version": {"updated_at": at.isoformat()}}
        return self._event(CATALOGUE, {"type": "catalog", "object": version}, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> Told:
        return self._event(COUNT, {"object": {}}, at, number)

    def _event(self, topic: str, data: object, at: datetime, number: int) -> Told:
        named = {"merchant_id": MERCHANT, "type": topic, "event_id": f"{topic}-{number}"}
        return topic, {**named, "created_at": at.isoformat(), "data": data}

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> Sent:
        assert isinstance(key, str)
        url = str(self.merchant.subscriptions[0]["notification_url"])
        return Sent(body, {"x-square-hmacsha256-signature": by_secret(key, url.encode() + body)})
