"""Shopify's topics about people: orders, checkouts and the three privacy topics, in storefront facts.

Of a person only the e-mail address is read, and the number of who is to be erased. Names, postal addresses and how they
paid are not even looked at.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, cast

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from activities.storefronts.buyers import address, currency_facts, items, money
from activities.storefronts.payload import Count, LenientPrice, Moment, NumericId, Payload, PlainText, read_payload
from activities.storefronts.shopify.fields import gid, known, observed
from activities.storefronts.storefront import NotOurs, PayloadMalformed
from schemas.addresses import phone_number
from schemas.incoming.facts import (
    CheckoutFact,
    ContactErasureFact,
    DataRequestFact,
    Fact,
    OrderFact,
    OrderMoney,
    ShopErasureFact,
    WebhookDelivery,
)

LONGEST_CODE = 255
MOST_CODES = 100
SAMPLE_SHOP = "{shop}.myshopify.com"
"""The shop named in the messages that Shopify's tools send to try an address out."""

_OrderGid = Annotated[str | None, gid(r"Order/([1-9][0-9]{0,19})")]
_SHOP = re.compile(r"[a-z0-9.-]{1,255}")


def _codes(value: object) -> object:
    """The codes in a list of discounts; what is no code is not there, and refuses nothing."""
    if not isinstance(value, list):
        return ()
    discounts = cast("list[object]", value)
    codes = [cast("dict[str, object]", each).get("code") for each in discounts if isinstance(each, dict)]
    return tuple(code for code in codes if isinstance(code, str) and len(code) <= LONGEST_CODE)[:MOST_CODES]


class _Line(Payload):
    product_id: NumericId = None
    variant_id: NumericId = None
    quantity: Count = None
    current_quantity: Count = None


class _Customer(Payload):
    email: PlainText = None
    # Read of who is to be erased alone.
    phone: PlainText = None


class _Order(Payload):
    id: NumericId = None
    admin_graphql_api_id: _OrderGid = None
    email: PlainText = None
    contact_email: PlainText = None
    customer: _Customer | None = None
    created_at: Moment = None
    updated_at: Moment = None
    cancelled_at: Moment = None
    currency: PlainText = None
    total_price: LenientPrice = None
    current_total_price: LenientPrice = None
    discount_codes: Annotated[tuple[str, ...], BeforeValidator(_codes)] = ()
    line_items: tuple[_Line, ...]


class _CheckoutName(Payload):
    cart_token: PlainText = None
    updated_at: Moment = None


class _Checkout(_CheckoutName):
    id: NumericId = None
    token: PlainText = None
    email: PlainText = None
    customer: _Customer | None = None
    completed_at: Moment = None
    line_items: tuple[_Line, ...]


class _DataRequest(Payload):
    id: NumericId = None


class _Privacy(Payload):
    shop_domain: PlainText
    customer: _Customer | None = None
    orders_to_redact: tuple[NumericId, ...] = ()
    data_request: _DataRequest | None = None


def read_order(body: bytes, triggered_at: datetime | None) -> tuple[Fact, ...]:
    """`orders/create`, `orders/paid`, `orders/updated` and `orders/cancelled` show an order alike: as it is now."""
    order = read_payload(body, _Order)
    order_id = known(order.admin_graphql_api_id or order.id, "$.id")
    observed_at = observed(order.updated_at, triggered_at)
    ordered_at = order.created_at if order.created_at is not None and order.created_at.tzinfo else observed_at
    # An order keeps the currency it was made in, whatever the shop's became since.
    store = currency_facts(order.currency, ordered_at)
    email = address(order.email, order.contact_email, order.customer and order.customer.email)
    bought = items(_bought(order.line_items))
    if email is None or not bought:
        return store
    cancelled = order.cancelled_at is not None
    return (
        OrderFact(
            order_id=order_id,
            email=email,
            items=bought,
            ordered_at=ordered_at,
            cancelled=cancelled,
            money=_money(order),
            codes=order.discount_codes,
            observed_at=observed_at,
        ),
        *store,
    )


def _money(order: _Order) -> OrderMoney | None:
    """In the shop's currency, as `currency` is. `current_total_price` falls with what is given back."""
    if order.total_price is None:
        return None
    left = order.total_price if order.current_total_price is None else order.current_total_price
    total = max(order.total_price, left)
    return money(total, total - left, order.currency)


def read_checkout(body: bytes, triggered_at: datetime | None) -> tuple[Fact, ...]:
    """No fact for a checkout that is completed, which has become an order."""
    checkout = read_payload(body, _Checkout)
    checkout_id = _checkout_id(checkout)
    observed_at = observed(checkout.updated_at, triggered_at)
    email = address(checkout.email, checkout.customer and checkout.customer.email)
    there = tuple(item for item in items(_bought(checkout.line_items)) if item.quantity)
    if checkout.completed_at is not None:
        return ()
    cart = _digest(checkout.cart_token)
    return (CheckoutFact(checkout_id=checkout_id, cart_id=cart, email=email, items=there, observed_at=observed_at),)


def read_no_checkout(body: bytes, triggered_at: datetime | None) -> tuple[Fact, ...]:
    """`checkouts/delete`: it is there no more. The message does not name it as the others do, but by its cart."""
    checkout = read_payload(body, _CheckoutName)
    cart = _digest(checkout.cart_token)
    if cart is None:
        return ()
    return (CheckoutFact(cart_id=cart, items=(), observed_at=observed(checkout.updated_at, triggered_at)),)


def read_privacy(delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
    """`customers/redact`, `shop/redact` and `customers/data_request`.

    Only the body is signed, so the shop is taken from the body: a header changed on the way could have the contacts of
    another shop erased. Nor is what one of them asks for read as what another would mean.
    """
    asked = read_payload(body, _Privacy)
    shop = (asked.shop_domain or "").lower()
    if shop == SAMPLE_SHOP:
        return NotOurs(delivery.topic)
    if shop != delivery.store_id:
        says = "another shop than" if _SHOP.fullmatch(shop) else "no shop, unlike"
        raise PayloadMalformed("$.shop_domain", f"this names {says} the header X-Shopify-Shop-Domain")
    _require_its_own_topic(asked, delivery.topic)
    if delivery.topic == "shop/redact":
        return (ShopErasureFact(observed_at=delivery.triggered_at),)
    email = address(asked.customer and asked.customer.email)
    if email is None:
        return ()
    if delivery.topic == "customers/redact":
        orders = tuple(order for order in asked.orders_to_redact if order is not None)
        phone = _number(asked.customer)
        return (ContactErasureFact(email=email, phone=phone, order_ids=orders, observed_at=delivery.triggered_at),)
    request_id = asked.data_request.id if asked.data_request else None
    return (DataRequestFact(email=email, request_id=request_id, observed_at=delivery.triggered_at),)


def _require_its_own_topic(asked: _Privacy, topic: str) -> None:
    if topic == "shop/redact" and asked.customer is not None:
        raise PayloadMalformed("$.customer", "this asks about a customer, and the header X-Shopify-Topic for the shop")
    if topic != "customers/data_request" and asked.data_request is not None:
        raise PayloadMalformed("$.data_request", "this asks for data, and the header X-Shopify-Topic for erasure")


def _bought(lines: tuple[_Line, ...]) -> Iterator[tuple[str, str | None, int]]:
    """A line of no product is a tip, a gift card or a product deleted since."""
    for line in lines:
        if line.product_id is not None:
            # Of an order that was edited or refunded, what it holds now; a checkout has the one number only.
            quantity = line.quantity if line.current_quantity is None else line.current_quantity
            yield line.product_id, line.variant_id, 1 if quantity is None else quantity


def _checkout_id(checkout: _Checkout) -> str:
    """Made from the token, which has every digit."""
    return _digest(checkout.token) or known(checkout.id, "$.id")


def _digest(token: str | None) -> str | None:
    """In place of a token: whoever has that can open the cart or the checkout, so it is not kept."""
    return hashlib.sha256(token.encode()).hexdigest()[:32] if token else None


def _number(customer: _Customer | None) -> str | None:
    """Their number, where it is written with its country's code."""
    try:
        return phone_number(customer.phone) if customer is not None and customer.phone else None
    except PydanticCustomError:
        return None
