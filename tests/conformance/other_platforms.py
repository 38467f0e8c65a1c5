"""Platforms beside those in platforms.py, each the far side of one storefront adapter."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from itertools import count

from activities.storefronts.open.adapter import Open
from activities.storefronts.square.adapter import Square
from activities.storefronts.storefront import WebhookRequest
from activities.storefronts.wix.adapter import Wix
from tests.storefronts import wix_app

_messages = count(1)
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


class WixPlatform:
    """A Wix app on a site of catalogue V3."""

    storefront = Wix()
    secret = wix_app.public()
    store = wix_app.INSTANCE
    tells_products = True

    def product(self, product: int, variant: int) -> WebhookRequest:
        variants = {"variants": [{"id": str(variant), "price": {"actualPrice": {"amount": "19.99"}}}]}
        told = {"id": str(product), "name": "Mug", "slug": "mug", "visible": True, "variantsInfo": variants}
        return self._v3("product_updated", updatedEvent={"currentEntity": told})

    def stock(self, item: int, units: int) -> WebhookRequest:
        told = wix_app.item(productId=str(item), quantity=units)
        return self._v3("inventory_item_updated", updatedEvent={"currentEntity": told})

    def something_else(self) -> WebhookRequest:
        return wix_app.sent("wix.forms.v4.submission_created", wix_app.event())

    def broken(self) -> WebhookRequest:
        return self._v3("product_updated", updatedEvent={"currentEntity": {"id": "1"}})

    def nameless(self) -> WebhookRequest:
        return wix_app.sent("wix.stores.catalog.v3.product_updated", wix_app.event(), instance=None)

    def _v3(self, name: str, **inside: object) -> WebhookRequest:
        return wix_app.sent(f"wix.stores.catalog.v3.{name}", wix_app.event(**inside))


class SquarePlatform:
    """A Square merchant. Its webhooks about the catalogue hold no product."""

    storefront = Square()
    secret = "the signature key of the subscription"
    store = "6SSW7HV8K2ST5"
    tells_products = False
    url = "https://shelftalk.example/v1/webhooks/square"

    def product(self, product: int, variant: int) -> WebhookRequest:
        del product, variant
        version = {"catalog_version": {"updated_at": "2026-01-31T12:00:00Z"}}
        return self._signed("catalog.version.updated", {"type": "catalog_version", "object": version})

    def stock(self, item: int, units: int) -> WebhookRequest:
        told = {
            "catalog_object_id": str(item),
            "catalog_object_type": "ITEM_VARIATION",
            "location_id": "L1",
            "quantity": str(units),
            "state": "IN_STOCK",
            "calculated_at": "2026-01-31T12:00:00Z",
        }
        return self._signed("inventory.count.updated", {"object": {"inventory_counts": [told]}})

    def something_else(self) -> WebhookRequest:
        return self._signed("booking.created", {})

    def broken(self) -> WebhookRequest:
        return self._signed("inventory.count.updated", {"object": {}})

    def nameless(self) -> WebhookRequest:
        return self._signed("inventory.count.updated", {"object": {}}, merchant_id=None)

    def _signed(self, topic: str, data: object, **changed: object) -> WebhookRequest:
        message = {"merchant_id": self.store, "type": topic, "event_id": f"e-{next(_messages)}", "data": data} | changed
        body = json.dumps(message).encode()
        made = hmac.new(self.secret.encode(), self.url.encode() + body, hashlib.sha256).digest()
        return WebhookRequest(body, {"x-square-hmacsha256-signature": base64.b64encode(made).decode()}, url=self.url)


class OpenPlatform:
    """A shop of no platform, which speaks the open API."""

    storefront = Open()
    key = b"k" * 24
    secret = f"whsec_{base64.b64encode(key).decode()}"
    store = "shop.example"
    tells_products = True

    def product(self, product: int, variant: int) -> WebhookRequest:
        told = {"id": product, "title": "Mug", "handle": "mug", "variants": [{"id": variant, "price": "19.99"}]}
        return self.signed("product.updated", told)

    def stock(self, item: int, units: int) -> WebhookRequest:
        return self.signed("stock.updated", {"levels": [{"item": item, "units": units}]})

    def something_else(self) -> WebhookRequest:
        return self.signed("weather.changed", {})

    def broken(self) -> WebhookRequest:
        return self.signed("product.updated", {"id": 1})

    def nameless(self) -> WebhookRequest:
        return self.signed("product.deleted", {"id": 1}, store=None)

    def signed(
        self, topic: str, data: object, store: str | None = store, *, at: datetime = NOW, **changed: object
    ) -> WebhookRequest:
        """A message as a shop sends it at that time."""
        body = json.dumps({"type": topic, "timestamp": at.isoformat(), "data": data} | changed).encode()
        id_, timestamp = f"msg-{next(_messages)}", str(int(at.timestamp()))
        made = hmac.new(self.key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "webhook-id": id_,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
        }
        return WebhookRequest(body, headers, {} if store is None else {"store": store}, at=at)
