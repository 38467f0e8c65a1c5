"""A shop of its own making, which tells by the open API what it has: docs/storefronts/open.md."""

import base64
from datetime import datetime, timedelta

from starter.simulated.server import SimulatedApi
from starter.simulated.shop import Key, Order, Rule, SendingShop, Sent, Told
from starter.simulated.signing import by_secret

STOCK = "stock.updated"


class Open(SendingShop):
    """It has no API, and sends what it has to say until it is taken."""

    source = "open"
    rule = Rule(30, tuple(timedelta(minutes=each) for each in (1, 5, 30, 120, 480, 1440)))

    @property
    def api(self) -> SimulatedApi | None:
        return None

    @property
    def store(self) -> str:
        return "own.example"

    def answers(self) -> dict[str, str]:
        return {"store": self.store}

    @property
    def secret(self) -> str | None:
        return self.typed or None

    def next_secret(self) -> str | None:
        return None

    def changed(self, place: int, at: datetime) -> None:
        """There is no API that could answer with it."""

    def ordered(self, order: Order, at: datetime) -> Told | None:
        line = {"product": self.product_id(order.place), "variant": 1000 + order.place, "quantity": order.pieces}
        money = {"total": f"{order.total}", "currency": "EUR"}
        return self._said(
            "order.updated", {"id": order.number, "email": order.email, "items": [line], "money": money}, at
        )

    def message(self, place: int, at: datetime, number: int) -> Told:
        return self._said(STOCK, {"levels": [{"item": 1000 + place, "units": self.units[place]}]}, at)

    def product_message(self, place: int, at: datetime, number: int) -> Told:
        variants = [{"id": 1000 + each, "price": f"{self.prices[each]}"} for each in self.siblings(place)]
        named = {"id": self.product_id(place), "title": self.title(place), "handle": self.handle(place)}
        return self._said("product.updated", {**named, "currency": "EUR", "variants": variants}, at)

    def without_fields(self, place: int, at: datetime, number: int) -> Told:
        return self._said(STOCK, {"levels": [{"item": 1000 + place}], "number": number}, at)

    def opening(self, at: datetime) -> list[Told]:
        each = [self.product_message(place, at, 0) for place in range(0, len(self.units), self.each)]
        levels = [{"item": 1000 + place, "units": units} for place, units in enumerate(self.units)]
        return [*each, self._said(STOCK, {"levels": levels}, at)]

    def _said(self, topic: str, data: object, at: datetime) -> Told:
        return topic, {"type": topic, "timestamp": at.isoformat(), "data": data}

    def stranger(self) -> Key:
        return f"whsec_{base64.b64encode(b's' * 32).decode()}"

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> Sent:
        assert isinstance(key, str)
        id_, told = f"msg-{number}", str(int(at.timestamp()))
        secret = base64.b64decode(key.removeprefix("whsec_"))
        signature = by_secret(secret, f"{id_}.{told}.".encode() + body)
        return Sent(body, {"webhook-id": id_, "webhook-timestamp": told, "webhook-signature": f"v1,{signature}"})
