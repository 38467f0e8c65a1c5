"""A shop with Adobe Commerce, and what it sends: Adobe does, by the events of a project.

Source: https://developer.adobe.com/events/docs/support/faq: an answer within ten seconds; tries again for a day
after 1, 2, 4 and 8 minutes and then every 15; and 80 % of ten events or more that were not taken make
a registration unstable.
"""

import base64
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from starter.simulated.magento.api import SimulatedMagento
from starter.simulated.shop import Key, Order, Rule, SendingShop, Sent, Told, milliseconds
from starter.simulated.signing import by_key, new_key, public

CLIENT_ID = "ca7b36f23be94dcb9d2ebb97f0276e3f"
STOCK_ITEM = "com.adobe.commerce.observer.cataloginventory_stock_item_save_commit_after"
PRODUCT = "com.adobe.commerce.observer.catalog_product_save_commit_after"
RETRIES = (1, 3, 7, *range(15, 24 * 60 + 1, 15))


def headers(body: bytes, keys: tuple[RSAPrivateKey, RSAPrivateKey]) -> dict[str, str]:
    """Those of one event, signed with both keys of Adobe."""
    first, second = (base64.b64encode(by_key(key, body)).decode() for key in keys)
    return {
        "x-adobe-digital-signature-1": first,
        "x-adobe-digital-signature-2": second,
        "x-adobe-public-key1-path": "/prod/keys/pub-key-1.pem",
        "content-type": "application/cloudevents+json; charset=UTF-8",
    }


def event(type_: str, value: object, **changes: Any) -> dict[str, Any]:
    """A CloudEvent of a shop; it has an `id`, an `eventid` and a `time`."""
    return {
        "specversion": "1.0",
        "source": "urn:uuid:fb58963f-d2e7-4ab4-83da-b6ff15b8ebc0",
        "type": type_,
        "datacontenttype": "application/json",
        "recipientclientid": CLIENT_ID,
        "recipient_client_id": CLIENT_ID,
        "data": {"key": "31a86bbd", "value": value, "source": "shop.Stage", "_metadata": {"storeId": "0"}},
    } | changes


def product(**changes: object) -> dict[str, object]:
    """A simple product as an event has it, with fields changed or added."""
    base: dict[str, object] = {
        "entity_id": "21",
        "type_id": "simple",
        "sku": "24/MB 01, blue",
        "name": "Mug",
        "status": "1",
        "visibility": "4",
        "price": "19.990000",
        "url_key": "mug",
        "updated_at": "2026-11-30 11:59:59",
        "stock_data": {"qty": "5.5000", "min_qty": "0", "is_in_stock": "1", "manage_stock": "1", "backorders": "0"},
    }
    return base | changes


def stock_item(**changes: object) -> dict[str, object]:
    """A stock item as an event has it, with fields changed or added."""
    base: dict[str, object] = {
        "item_id": "9",
        "product_id": "21",
        "qty": "5.0000",
        "min_qty": "0.0000",
        "is_in_stock": True,
        "manage_stock": 1,
        "backorders": 0,
    }
    return base | changes


class Magento(SendingShop):
    """Each variant is a simple product. Whether its events are taken, no API of the shop tells."""

    source = "magento"
    rule = Rule(10, tuple(timedelta(minutes=each) for each in RETRIES), share=(10, 0.8))

    def __init__(self, products: int, each: int = 1) -> None:
        super().__init__(products * each)
        self.shop = SimulatedMagento()
        self._keys, self._later = (new_key(), new_key()), (new_key(), new_key())
        for place in range(len(self.units)):
            self._show(place)

    @property
    def api(self) -> SimulatedMagento:
        return self.shop

    @property
    def store(self) -> str:
        return self.url.rpartition("/")[2]

    def product_id(self, place: int) -> int:
        return 1000 + place

    def _show(self, place: int) -> None:
        units, key = self.units[place], {"url_key": self.handle(place)}
        self.shop.add(
            1000 + place, f"sku-{place}", name=self.title(place), price=float(self.prices[place]), attributes=key
        )
        self.shop.salable[f"sku-{place}"] = (units, units > 0)

    def answers(self) -> dict[str, str]:
        keys = f"{CLIENT_ID}\n" + "".join(public(key) for key in self._keys)
        return {"url": self.url, "token": self.shop.token, "keys": keys}

    @property
    def secret(self) -> str | None:
        return CLIENT_ID if self.shop.asked else None

    def begin(self, secret: str) -> None:
        self.key = self.former = self._keys[0]

    def next_secret(self) -> str | None:
        return f"{CLIENT_ID}\n" + "".join(public(key) for key in self._later)

    def rotate(self, secret: str) -> None:
        self.former, self.key = self.key, self._later[0]

    def changed(self, place: int, at: datetime) -> None:
        self._show(place)

    def ordered(self, order: Order, at: datetime) -> Told | None:
        """See `SimulatedShop.ordered`. No event tells of it."""
        line = {"product_id": 1000 + order.place, "product_type": "simple", "qty_ordered": order.pieces}
        self.shop.buy(order.number, order.email, line, at=at, grand_total=float(order.total))
        return None

    def message(self, place: int, at: datetime, number: int) -> Told:
        units = self.units[place]
        told = stock_item(product_id=str(1000 + place), qty=f"{units}.0000", is_in_stock=units > 0)
        return self._event(STOCK_ITEM, told, at, number)

    def product_message(self, place: int, at: datetime, number: int) -> Told:
        price = f"{Decimal(self.prices[place]):.6f}"
        named = {"entity_id": str(1000 + place), "sku": f"sku-{place}", "name": self.title(place)}
        stock = {"qty": f"{self.units[place]}.0000", "is_in_stock": str(int(self.units[place] > 0))}
        told = product(**named, price=price, url_key=self.handle(place), stock_data={**stock, "manage_stock": "1"})
        return self._event(PRODUCT, told, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> Told:
        return self._event(STOCK_ITEM, {"product_id": str(1000 + place)}, at, number)

    def _event(self, type_: str, told: object, at: datetime, number: int) -> Told:
        made = {"id": f"event-{number}", "eventid": f"event-{number}", "time": milliseconds(at)}
        return type_, event(type_, told, **made)

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> Sent:
        assert isinstance(key, RSAPrivateKey)
        return Sent(body, headers(body, (key, key)))

    def stranger(self) -> Key:
        return new_key()
