"""Platforms under a test's control, each the far side of one storefront adapter: what it sends, rightly and wrongly."""

import json
from itertools import count
from typing import Protocol

from activities.storefronts.shopify.adapter import Shopify
from activities.storefronts.storefront import Storefront, WebhookRequest
from tests.conformance.other_platforms import OpenPlatform, SquarePlatform, WixPlatform
from tests.simulated.storefront import SimulatedStorefront, signed
from tests.storefronts import shop

BIG = 2**63 + 1
"""An id that a reader who takes numbers for floating point rounds."""
_messages = count(1)


class Platform(Protocol):
    """What the suite needs of every platform. Every message is a new delivery."""

    @property
    def storefront(self) -> Storefront: ...

    @property
    def secret(self) -> str:
        """What its webhooks are verified by."""
        ...

    @property
    def store(self) -> str:
        """Whose they are."""
        ...

    @property
    def tells_products(self) -> bool:
        """Whether a webhook says what a product is; else it says that one changed, and the platform's API has to be
        asked."""
        ...

    def product(self, product: int, variant: int) -> WebhookRequest: ...

    def stock(self, item: int, units: int) -> WebhookRequest: ...

    def something_else(self) -> WebhookRequest:
        """Signed, and about nothing that Shelftalk follows."""
        ...

    def broken(self) -> WebhookRequest:
        """Signed, and with a body that does not fit its topic."""
        ...

    def nameless(self) -> WebhookRequest:
        """Signed, and it does not say of which store it is."""
        ...


class ShopifyPlatform:
    """Shopify, as tests/storefronts plays it."""

    storefront = Shopify()
    secret = shop.SECRET
    store = shop.SHOP
    tells_products = True

    def product(self, product: int, variant: int) -> WebhookRequest:
        return _shopify("products/update", shop.product(id=product, variants=[{"id": variant}]))

    def stock(self, item: int, units: int) -> WebhookRequest:
        return _shopify("inventory_levels/update", {"inventory_item_id": item, "location_id": 1, "available": units})

    def something_else(self) -> WebhookRequest:
        return _shopify("themes/publish", {"id": 1})

    def broken(self) -> WebhookRequest:
        return _shopify("products/update", {"id": 1})

    def nameless(self) -> WebhookRequest:
        return _shopify("products/update", shop.product(), shop_domain=None)


def _shopify(topic: str, message: object, shop_domain: str | None = shop.SHOP) -> WebhookRequest:
    body = json.dumps(message).encode()
    sent = shop.headers(body, topic, webhook_id=f"w-{next(_messages)}", shop_domain=shop_domain)
    return WebhookRequest(body, sent)


class SimulatedPlatform:
    """The other side of the simulated storefront."""

    storefront = SimulatedStorefront()
    secret = "hush"
    store = "simulated-shop"
    tells_products = True

    def product(self, product: int, variant: int) -> WebhookRequest:
        return _simulated("product", {"id": product, "variant": variant, "path": "kitchen/kettle"})

    def stock(self, item: int, units: int) -> WebhookRequest:
        return _simulated("stock", {"item": item, "units": units})

    def something_else(self) -> WebhookRequest:
        return _simulated("weather", {})

    def broken(self) -> WebhookRequest:
        return _simulated("product", {"id": "x"})

    def nameless(self) -> WebhookRequest:
        return _simulated("product", {}, store=None)


def _simulated(topic: str, data: object, store: str | None = "simulated-shop") -> WebhookRequest:
    return signed("hush", store=store, topic=topic, id=f"m-{next(_messages)}", data=data)


PLATFORMS: tuple[Platform, ...] = (
    ShopifyPlatform(),
    SimulatedPlatform(),
    WixPlatform(),
    SquarePlatform(),
    OpenPlatform(),
)
