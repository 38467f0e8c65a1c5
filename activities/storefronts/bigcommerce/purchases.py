"""BigCommerce's orders and carts in storefront facts, as its API answers. Pure.

Source: https://github.com/bigcommerce/docs at 24f580ca, reference/orders.v2.oas2.yml and carts.v3.yml. Of a person only
the e-mail address is read.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from activities.storefronts.buyers import address, items, money
from activities.storefronts.payload import Count, LenientPrice, NumericId, Payload, PlainText
from schemas.incoming.facts import CheckoutFact, Fact, OrderFact

LONGEST_CODE = 255
MOST_CODES = 100
INCOMPLETE = 0
"""The shopper came as far as the payment, and did not pay."""
CANCELLED = frozenset({4, 5, 6})
"""Refunded, cancelled, declined: nothing of it counts as bought."""


class _Person(Payload):
    email: PlainText = None


class Order(Payload):
    """An order, without what is in it."""

    id: NumericId
    status_id: int | None = None
    is_deleted: bool = False
    date_created: PlainText = None
    total_inc_tax: LenientPrice = None
    refunded_amount: LenientPrice = None
    coupon_discount: LenientPrice = None
    default_currency_code: PlainText = None
    billing_address: _Person | None = None


class Line(Payload):
    """A line of an order."""

    product_id: int | None = None
    variant_id: int | None = None
    quantity: Count = None
    quantity_refunded: Count = None


class Coupon(Payload):
    """A coupon of an order."""

    code: PlainText = None


class _Lines(Payload):
    physical_items: tuple[Line, ...] = ()
    digital_items: tuple[Line, ...] = ()


class Cart(Payload):
    """A cart, with what is in it."""

    id: PlainText
    email: PlainText = None
    line_items: _Lines = _Lines()


def read_order(order: Order, lines: Sequence[Line], coupons: Sequence[Coupon], asked_at: datetime) -> tuple[Fact, ...]:
    """An order as it is now; nothing, where nobody paid, or nobody's address is told.

    `refunded_amount` and `quantity_refunded` grow with what is given back; totals are in the currency it was paid in.
    """
    email, bought = address(order.billing_address and order.billing_address.email), items(_bought(lines))
    if order.id is None or email is None or not bought or order.status_id == INCOMPLETE:
        return ()
    return (
        OrderFact(
            order_id=order.id,
            email=email,
            items=bought,
            ordered_at=_moment(order.date_created) or asked_at,
            cancelled=order.is_deleted or order.status_id in CANCELLED,
            money=money(order.total_inc_tax, order.refunded_amount, order.default_currency_code),
            codes=tuple(each.code for each in coupons if each.code and len(each.code) <= LONGEST_CODE)[:MOST_CODES],
            observed_at=asked_at,
        ),
    )


def read_cart(cart: Cart, asked_at: datetime) -> tuple[Fact, ...]:
    """A cart as it is now. One without an address says nothing."""
    lines = (*cart.line_items.physical_items, *cart.line_items.digital_items)
    there = tuple(item for item in items(_bought(lines)) if item.quantity)
    if not cart.id:
        return ()
    return (CheckoutFact(checkout_id=cart.id, email=address(cart.email), items=there, observed_at=asked_at),)


def _bought(lines: Sequence[Line]) -> Iterator[tuple[str, str | None, int]]:
    """A line of product 0 is one that was made up for the order, or deleted since."""
    for line in lines:
        if line.product_id is not None and line.product_id > 0:
            variant = str(line.variant_id) if line.variant_id is not None and line.variant_id > 0 else None
            quantity = (1 if line.quantity is None else line.quantity) - (line.quantity_refunded or 0)
            yield str(line.product_id), variant, quantity


def _moment(text: str | None) -> datetime | None:
    """BigCommerce's older API writes times as mails do."""
    try:
        moment = parsedate_to_datetime(text) if text else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
