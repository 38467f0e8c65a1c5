"""BigCommerce's orders and carts in storefront facts, as its API answers. Pure.

Source: https://github.com/bigcommerce/docs at 24f580ca, reference/orders.v2.oas2.yml and carts.v3.yml. Of a person only
the e-mail address is read.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TypeGuard

from pydantic_core import PydanticCustomError

from activities.storefronts.payload import Count, LenientPrice, NumericId, Payload, PlainText
from schemas.addresses import email_address
from schemas.incoming.facts import CheckoutFact, Fact, ItemFact, OrderFact, OrderMoney, StoreFact

LONGEST_ADDRESS = 320
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
    email, items = _address(order.billing_address), _items(lines)
    if order.id is None or email is None or not items or order.status_id == INCOMPLETE:
        return ()
    return (
        OrderFact(
            order_id=order.id,
            email=email,
            items=items,
            ordered_at=_moment(order.date_created) or asked_at,
            cancelled=order.is_deleted or order.status_id in CANCELLED,
            money=_money(order),
            codes=tuple(each.code for each in coupons if each.code and len(each.code) <= LONGEST_CODE)[:MOST_CODES],
            observed_at=asked_at,
        ),
    )


def read_cart(cart: Cart, asked_at: datetime) -> tuple[Fact, ...]:
    """A cart as it is now. One without an address says nothing."""
    email = _address(_Person(email=cart.email))
    items = tuple(
        item for item in _items((*cart.line_items.physical_items, *cart.line_items.digital_items)) if item.quantity
    )
    if not cart.id:
        return ()
    return (CheckoutFact(checkout_id=cart.id, email=email, items=items, observed_at=asked_at),)


def currency_fact(currency: str | None, asked_at: datetime) -> tuple[StoreFact, ...]:
    """What the store's prices are in, if it is a code of three letters."""
    return (StoreFact(currency=currency, observed_at=asked_at),) if is_currency(currency) else ()


def is_currency(text: str | None) -> TypeGuard[str]:
    """Whether it is a code of three letters."""
    return text is not None and len(text) == 3 and text.isascii() and text.isupper() and text.isalpha()


def _money(order: Order) -> OrderMoney | None:
    currency = order.default_currency_code
    if order.total_inc_tax is None or not is_currency(currency):
        return None
    refunded = min(order.refunded_amount or Decimal(0), order.total_inc_tax)
    return OrderMoney(total=order.total_inc_tax, refunded=refunded, currency=currency)


def _items(lines: Sequence[Line]) -> tuple[ItemFact, ...]:
    """Each product and variant once. A line of product 0 is one that was made up for the order, or deleted since."""
    units: dict[tuple[str, str | None], int] = defaultdict(int)
    for line in lines:
        if line.product_id is not None and line.product_id > 0:
            variant = str(line.variant_id) if line.variant_id is not None and line.variant_id > 0 else None
            quantity = (1 if line.quantity is None else line.quantity) - (line.quantity_refunded or 0)
            units[str(line.product_id), variant] += max(0, quantity)
    return tuple(
        ItemFact(product_id=product_id, variant_id=variant_id, quantity=min(quantity, 2**31 - 1))
        for (product_id, variant_id), quantity in units.items()
    )


def _moment(text: str | None) -> datetime | None:
    """BigCommerce's older API writes times as mails do."""
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None


def _address(person: _Person | None) -> str | None:
    if person is None or not person.email or len(person.email) > LONGEST_ADDRESS:
        return None
    try:
        return email_address(person.email).lower()
    except PydanticCustomError:
        return None
