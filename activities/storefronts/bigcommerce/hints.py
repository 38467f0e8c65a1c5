"""BigCommerce's scopes in storefront facts. Their bodies hold ids only, so most say no more than: look at this.

Source: https://github.com/bigcommerce/docs at 24f580ca, docs/integrations/webhooks/events: index.mdx and
inventory-location.mdx.
"""

import re
from datetime import datetime

from activities.storefronts.payload import NumericId, Payload, PlainText, read_payload
from activities.storefronts.storefront import NotOurs, PayloadMalformed
from schemas.incoming.facts import CheckoutFact, Fact, HintFact, ProductGoneFact

SUBSCRIBED = (
    "store/channel/*/inventory/product/stock_changed",
    "store/channel/*/inventory/product/settings_changed",
    "store/inventory/location/updated",
    "store/product/created",
    "store/product/updated",
    "store/product/deleted",
    "store/sku/created",
    "store/sku/updated",
    "store/sku/deleted",
    "store/order/created",
    "store/order/updated",
    "store/cart/abandoned",
    "store/cart/converted",
    "store/information/updated",
)
"""The scopes that are needed. The older `store/sku/inventory/*` say what stock_changed says, and `store/order/updated`
comes with every change of an order, a refund too."""

_LEVEL = re.compile(
    r"store/channel/[0-9*]+/inventory/product/(stock_changed|settings_changed|low_stock_reached|out_of_stock_reached)"
)
_PRODUCT = re.compile(r"store/product/(created|updated|inventory/updated|inventory/order/updated)")
_SKU = re.compile(r"store/sku/(created|updated|deleted|inventory/updated|inventory/order/updated)")
_ORDER = re.compile(r"store/order/(created|updated|archived|statusUpdated|refund/created)")
_CART = re.compile(r"store/cart/(created|updated|abandoned|couponApplied|lineItem/(created|updated|deleted))")
_SHOP = re.compile(r"store/(information/updated|inventory/location/(created|updated|deleted))")
_THINGS = re.compile(r"store/(product|sku|inventory|channel|information)/.*")
_CART_ID = re.compile(r"[A-Za-z0-9-]{1,100}")


class _Ids(Payload):
    product_id: NumericId = None
    variant_id: NumericId = None


class _Product(Payload):
    id: NumericId = None


class _Order(Payload):
    id: NumericId = None


class _Converted(Payload):
    orderId: NumericId = None  # noqa: N815 - BigCommerce's name


class _Sku(Payload):
    sku: _Ids | None = None
    inventory: _Ids | None = None


class _Cart(Payload):
    id: PlainText = None
    cartId: PlainText = None  # noqa: N815 - BigCommerce's name


class _Level(Payload):
    data: _Ids


class _AboutProduct(Payload):
    data: _Product


class _AboutSku(Payload):
    data: _Sku


class _AboutOrder(Payload):
    data: _Order


class _AboutConverted(Payload):
    data: _Converted


class _AboutCart(Payload):
    data: _Cart


def about_people(scope: str) -> bool:
    """Whether a body of this scope may lead to a person: the token of a cart opens it."""
    return not _THINGS.fullmatch(scope)


def read_hint(scope: str, body: bytes, at: datetime) -> tuple[Fact, ...] | NotOurs:
    """What a webhook of this scope says.

    Raises:
        PayloadMalformed: the id that it should hold is missing.
    """
    match scope:
        case _ if _LEVEL.fullmatch(scope):
            ids = read_payload(body, _Level).data
        case _ if _PRODUCT.fullmatch(scope):
            ids = _Ids(product_id=_known(read_payload(body, _AboutProduct).data.id))
        case _ if _SKU.fullmatch(scope):
            sku = read_payload(body, _AboutSku).data
            ids = sku.sku or sku.inventory or _Ids()
        case "store/product/deleted":
            gone = _known(read_payload(body, _AboutProduct).data.id)
            return (ProductGoneFact(product_id=gone, observed_at=at),)
        case _ if _ORDER.fullmatch(scope):
            return (HintFact(order_id=_known(read_payload(body, _AboutOrder).data.id), observed_at=at),)
        case "store/cart/converted":
            # The cart is there no more; what became of it is.
            order = _known(read_payload(body, _AboutConverted).data.orderId, "$.data.orderId")
            return (HintFact(order_id=order, observed_at=at),)
        case "store/cart/deleted":
            cart = _cart(read_payload(body, _AboutCart).data)
            return (CheckoutFact(checkout_id=cart, items=(), observed_at=at),)
        case _ if _CART.fullmatch(scope):
            return (HintFact(cart_id=_cart(read_payload(body, _AboutCart).data), observed_at=at),)
        case _ if _SHOP.fullmatch(scope):
            return (HintFact(observed_at=at),)
        case _:
            return NotOurs(scope)
    if ids.product_id is None and ids.variant_id is None:
        raise PayloadMalformed("$.data", "the ids of the product and the variant are missing")
    return (HintFact(product_id=ids.product_id, variant_id=ids.variant_id, observed_at=at),)


def _known(found: str | None, path: str = "$.data.id") -> str:
    if found is None:
        raise PayloadMalformed(path, "the id is missing")
    return found


def _cart(cart: _Cart) -> str:
    """An event of a line names the cart beside the line."""
    id_ = cart.cartId or cart.id or ""
    if not _CART_ID.fullmatch(id_):
        raise PayloadMalformed("$.data.id", "this is not the id of a cart")
    return id_
