"""A site on Wix, and what it sends to an app that is installed on it.

Source: https://dev.wix.com/docs/build-apps/develop-your-app/extensions/backend-extensions/webhooks: an answer within
1.25 seconds, and twelve more tries within two days.
"""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from starter.simulated.shop import Key, Order, Rule, SendingShop, Sent, Told, milliseconds, numbers
from starter.simulated.signing import by_key, new_key, public
from starter.simulated.wix.api import APP, INSTANCE, NO_VARIANT, SECRET, WixSite

STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
"""The app that sells, as lines of orders name it."""
V3 = "wix.stores.catalog.v3"
RETRIES = (1, 11, 71, 191, 311, 431, 671, 911, 1151, 1631, 2111, 2831)


def token(claims: object, key: RSAPrivateKey, **header: str) -> bytes:
    """A JSON Web Token."""
    head = _part(json.dumps({"alg": "RS256", "typ": "JWT"} | header).encode())
    signed = head + b"." + _part(json.dumps(claims).encode())
    return signed + b"." + _part(by_key(key, signed))


def _part(said: bytes) -> bytes:
    return base64.urlsafe_b64encode(said).rstrip(b"=")


def item(**changes: object) -> dict[str, Any]:
    """An inventory item of V3: five pieces of the only variant of a product, at a location."""
    base = {"productId": "p-1", "variantId": NO_VARIANT, "locationId": "l-1", "trackQuantity": True, "quantity": 5}
    return base | changes


class Wix(SendingShop):
    """Each variant is a product. Which events an app gets stands in its dashboard; no API tells."""

    source = "wix"
    rule = Rule(1.25, tuple(timedelta(minutes=each) for each in RETRIES))

    def __init__(self, products: int, each: int = 1) -> None:
        super().__init__(products * each)
        self.site = WixSite(page=100)
        self._key, self._later = new_key(), new_key()
        for place in range(len(self.units)):
            id_ = self.variant(place)
            named = {"name": self.title(place), "slug": self.handle(place), "visible": True}
            self.site.products.append({"id": id_, **named})
            self.site.variants.append({"id": NO_VARIANT, "productData": {"productId": id_}, "optionChoices": []})
            self.site.stock.append(item(productId=id_, quantity=0))
            self._show(place)

    @property
    def api(self) -> WixSite:
        return self.site

    def opened_at(self, url: str) -> None:
        self.site.front_page = url
        super().opened_at(url)

    @property
    def store(self) -> str:
        return INSTANCE.lower()

    def _show(self, place: int) -> None:
        front = (self.site.front_page or "").rstrip("/")
        self.site.products[place]["url"] = {"url": f"{front}/product/{self.handle(place)}/"}
        self.site.stock[place]["quantity"] = self.units[place]
        self.site.variants[place]["price"] = {"actualPrice": {"amount": f"{self.prices[place]}"}}

    def answers(self) -> dict[str, str]:
        app = {"app_id": APP, "app_secret": SECRET, "api": self.url}
        return {**app, "instance_id": INSTANCE, "public_key": public(self._key)}

    def variant(self, place: int) -> str:
        return f"p-{place}"

    @property
    def secret(self) -> str | None:
        return APP if self.site.calls else None

    def begin(self, secret: str) -> None:
        self.key = self.former = self._key

    def next_secret(self) -> str | None:
        return public(self._later)

    def rotate(self, secret: str) -> None:
        self.former, self.key = self.key, self._later

    def end_token(self) -> bool:
        self.site.token = f"token number {next(numbers)}"
        return True

    def changed(self, place: int, at: datetime) -> None:
        self._show(place)

    def ordered(self, order: Order, at: datetime) -> Told | None:
        reference = {"catalogItemId": self.variant(order.place), "appId": STORES}
        told = {
            "id": f"order-{order.number}",
            "createdDate": milliseconds(at),
            "buyerInfo": {"email": order.email},
            "status": "APPROVED",
            "currency": "EUR",
            "lineItems": [{"catalogReference": reference, "quantity": order.pieces}],
            "priceSummary": {"total": {"amount": f"{order.total}"}},
        }
        return self._event("wix.ecom.v1.order_approved", {"actionEvent": {"body": {"order": told}}}, at, order.number)

    def message(self, place: int, at: datetime, number: int) -> Told:
        return self._of_item({"currentEntity": dict(self.site.stock[place])}, at, number)

    def product_message(self, place: int, at: datetime, number: int) -> Told:
        price = self.site.variants[place]["price"]
        variant: dict[str, Any] = {"id": NO_VARIANT, "choices": [], "price": price, "visible": True}
        told = {**self.site.products[place], "variantsInfo": {"variants": [variant]}}
        return self._event(f"{V3}.product_updated", {"updatedEvent": {"currentEntity": told}}, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> Told:
        return self._of_item({"currentEntity": {"productId": self.variant(place)}}, at, number)

    def _of_item(self, inside: object, at: datetime, number: int) -> Told:
        return self._event(f"{V3}.inventory_item_updated", {"updatedEvent": inside}, at, number)

    def _event(self, topic: str, told: dict[str, Any], at: datetime, number: int) -> Told:
        made = {"id": f"event-{number}", "eventTime": milliseconds(at), "entityEventSequence": str(number)}
        return topic, made | told

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> Sent:
        assert isinstance(key, RSAPrivateKey)
        message = {"eventType": topic, "data": body.decode(), "instanceId": INSTANCE}
        return Sent(token({"data": json.dumps(message), "iat": int(at.timestamp())}, key), {})

    def stranger(self) -> Key:
        return new_key()
