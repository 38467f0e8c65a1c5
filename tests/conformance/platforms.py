"""Platforms under a test's control, each the far side of one storefront adapter: what it sends, rightly and wrongly."""

import json
from itertools import count
from typing import Protocol

from activities.storefronts.bigcommerce.adapter import BigCommerce
from activities.storefronts.magento.adapter import Magento
from activities.storefronts.shopify.adapter import Shopify
from activities.storefronts.storefront import Storefront, WebhookRequest
from activities.storefronts.woocommerce.adapter import WooCommerce
from tests.conformance.other_platforms import OpenPlatform, SquarePlatform, WixPlatform
from tests.simulated.storefront import SimulatedStorefront, signed
from tests.storefronts import bigcommerce_store, commerce, shop, woocommerce_shop

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


class BigCommercePlatform:
    """BigCommerce, whose messages are hints."""

    storefront = BigCommerce()
    tells_products = True
    secret = bigcommerce_store.SECRET
    store = bigcommerce_store.STORE

    def product(self, product: int, variant: int) -> WebhookRequest:
        return _bigcommerce("store/sku/updated", {"sku": {"product_id": product, "variant_id": variant}})

    def stock(self, item: int, units: int) -> WebhookRequest:
        del units  # it does not say
        return _bigcommerce("store/channel/*/inventory/product/stock_changed", {"variant_id": item, "location_id": 1})

    def something_else(self) -> WebhookRequest:
        return _bigcommerce("store/subscriber/created", {"type": "subscriber", "id": 1})

    def broken(self) -> WebhookRequest:
        return _bigcommerce("store/product/updated", {"type": "product"})

    def nameless(self) -> WebhookRequest:
        return bigcommerce_store.request(bigcommerce_store.event("store/product/updated", {"id": 1}, producer=None))


def _bigcommerce(scope: str, data: object) -> WebhookRequest:
    return bigcommerce_store.request(bigcommerce_store.event(scope, data))


class WooCommercePlatform:
    """WooCommerce, whose product messages name their variations and say of none what it is."""

    storefront = WooCommerce()
    tells_products = True
    secret = woocommerce_shop.SECRET
    store = woocommerce_shop.SHOP

    def product(self, product: int, variant: int) -> WebhookRequest:
        return _woocommerce(woocommerce_shop.product(id=product, type="variable", variations=[variant]))

    def stock(self, item: int, units: int) -> WebhookRequest:
        return _woocommerce(woocommerce_shop.product(id=item, manage_stock=True, stock_quantity=units))

    def something_else(self) -> WebhookRequest:
        return woocommerce_shop.request(b'{"id": 1}', "coupon.updated")

    def broken(self) -> WebhookRequest:
        return _woocommerce({"id": 1})

    def nameless(self) -> WebhookRequest:
        return woocommerce_shop.request(json.dumps(woocommerce_shop.product()).encode(), store=None)


def _woocommerce(message: object) -> WebhookRequest:
    return woocommerce_shop.request(json.dumps(message).encode())


class MagentoPlatform:
    """Adobe Commerce, whose events Adobe delivers, as tests/storefronts plays it."""

    storefront = Magento()
    tells_products = True
    secret = commerce.EVENTS_SECRET
    store = commerce.SHOP

    def product(self, product: int, variant: int) -> WebhookRequest:
        parts = {"configurable_product_links": [variant]}
        changes = {"entity_id": product, "type_id": "configurable", "_isNew": True, "extension_attributes": parts}
        return commerce.sent(commerce.event(commerce.PRODUCT, commerce.product(**changes)))

    def stock(self, item: int, units: int) -> WebhookRequest:
        told = commerce.stock_item(product_id=item, qty=f"{units}.0000")
        return commerce.sent(commerce.event(commerce.STOCK_ITEM, told))

    def something_else(self) -> WebhookRequest:
        return commerce.sent(commerce.event("com.adobe.commerce.observer.sales_order_save_after", {}))

    def broken(self) -> WebhookRequest:
        return commerce.sent(commerce.event(commerce.PRODUCT, {"entity_id": "x"}))

    def nameless(self) -> WebhookRequest:
        return commerce.sent(commerce.event(commerce.PRODUCT, commerce.product()), query={})


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
    BigCommercePlatform(),
    WooCommercePlatform(),
    MagentoPlatform(),
    WixPlatform(),
    SquarePlatform(),
    OpenPlatform(),
    SimulatedPlatform(),
)
