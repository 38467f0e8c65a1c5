"""WooCommerce's orders in storefront facts, as its webhooks and its API show them alike. Pure.

Source: https://github.com/woocommerce/woocommerce-rest-api-docs at 13d61967, wp-api-v3/_orders.md. Of a person only the
e-mail address is read. An order says what was given back in money, not in units: its lines keep their quantities.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, TypeGuard

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from activities.storefronts.payload import Count, LenientPrice, Moment, NumericId, Payload, PlainText, read_payload
from activities.storefronts.storefront import PayloadMalformed
from schemas.addresses import email_address
from schemas.incoming.facts import Fact, ItemFact, OrderFact, OrderMoney, StoreFact

LONGEST_ADDRESS = 320
LONGEST_CODE = 255
MOST_CODES = 100
DRAFTS = frozenset({"auto-draft", "checkout-draft"})
"""Carts on their way through the checkout: no order yet."""
CANCELLED = frozenset({"cancelled", "refunded", "failed", "trash"})
"""Nothing of it counts as bought."""


def _given_back(value: object) -> object:
    """A refund has a negative total, as text."""
    return value.lstrip("-") if isinstance(value, str) else abs(value) if isinstance(value, int | Decimal) else value


class _Billing(Payload):
    email: PlainText = None


class _Line(Payload):
    product_id: int | None = None
    variation_id: int | None = None
    quantity: Count = None


class _Refund(Payload):
    total: Annotated[LenientPrice, BeforeValidator(_given_back)] = None


class _Coupon(Payload):
    code: PlainText = None


class Order(Payload):
    """An order with what is in it."""

    id: NumericId
    status: PlainText
    currency: PlainText = None
    date_created_gmt: Moment = None
    total: LenientPrice = None
    billing: _Billing = _Billing()
    line_items: tuple[_Line, ...]
    refunds: tuple[_Refund, ...] = ()
    coupon_lines: tuple[_Coupon, ...] = ()


def read_order_message(body: bytes, at: datetime) -> tuple[Fact, ...]:
    """`order.created`, `order.updated` and `order.restored` show an order alike: as it is now.

    Raises:
        PayloadMalformed: it is none.
    """
    return read_order(read_payload(body, Order), at)


def read_order(order: Order, at: datetime) -> tuple[Fact, ...]:
    """An order as it is at this moment; of one without an address only its currency.

    Raises:
        PayloadMalformed: the id is missing.
    """
    if order.id is None:
        raise PayloadMalformed("$.id", "the id is missing")
    ordered_at = at if order.date_created_gmt is None else order.date_created_gmt.replace(tzinfo=UTC)
    # An order keeps the currency it was made in, whatever the shop's became since.
    currency = order.currency if is_currency(order.currency) else None
    store = (StoreFact(currency=currency, observed_at=ordered_at),) if currency else ()
    email, items = _address(order.billing.email), _items(order.line_items)
    if order.status in DRAFTS:
        return ()
    if email is None or not items:
        return store
    codes = [coupon.code for coupon in order.coupon_lines if coupon.code and len(coupon.code) <= LONGEST_CODE]
    return (
        OrderFact(
            order_id=order.id,
            email=email,
            items=items,
            ordered_at=ordered_at,
            cancelled=order.status in CANCELLED,
            money=_money(order),
            codes=tuple(codes[:MOST_CODES]),
            observed_at=at,
        ),
        *store,
    )


def is_currency(text: str | None) -> TypeGuard[str]:
    """Whether it is a code of three letters."""
    return text is not None and len(text) == 3 and text.isascii() and text.isupper() and text.isalpha()


def _money(order: Order) -> OrderMoney | None:
    if order.total is None or not is_currency(order.currency):
        return None
    refunded = sum((refund.total for refund in order.refunds if refund.total), Decimal(0))
    return OrderMoney(total=order.total, refunded=min(refunded, order.total), currency=order.currency)


def _items(lines: Sequence[_Line]) -> tuple[ItemFact, ...]:
    """Each product and variation once. A line of product 0 is of one that was deleted since."""
    units: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        if line.product_id is not None and line.product_id > 0:
            # A product without variations is its own only variant.
            variant = line.variation_id if line.variation_id is not None and line.variation_id > 0 else line.product_id
            units[str(line.product_id), str(variant)] += max(0, 1 if line.quantity is None else line.quantity)
    return tuple(
        ItemFact(product_id=product_id, variant_id=variant_id, quantity=min(quantity, 2**31 - 1))
        for (product_id, variant_id), quantity in units.items()
    )


def _address(text: str | None) -> str | None:
    if not text or len(text) > LONGEST_ADDRESS:
        return None
    try:
        return email_address(text).lower()
    except PydanticCustomError:
        return None
