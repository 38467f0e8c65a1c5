"""WooCommerce's orders in storefront facts, as its webhooks and its API show them alike. Pure.

Source: https://github.com/woocommerce/woocommerce-rest-api-docs at 13d61967, wp-api-v3/_orders.md. Of a person only the
e-mail address is read. An order says what was given back in money, not in units: its lines keep their quantities.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from activities.storefronts.buyers import address, currency_facts, items, money
from activities.storefronts.payload import Count, LenientPrice, Moment, NumericId, Payload, PlainText, read_payload
from activities.storefronts.storefront import PayloadMalformed
from schemas.incoming.facts import Fact, OrderFact

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
    date_modified_gmt: Moment = None
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
    store = currency_facts(order.currency, ordered_at)
    email, bought = address(order.billing.email), items(_bought(order.line_items))
    if order.status in DRAFTS:
        return ()
    if email is None or not bought:
        return store
    refunded = sum((refund.total for refund in order.refunds if refund.total), Decimal(0))
    codes = [coupon.code for coupon in order.coupon_lines if coupon.code and len(coupon.code) <= LONGEST_CODE]
    return (
        OrderFact(
            order_id=order.id,
            email=email,
            items=bought,
            ordered_at=ordered_at,
            cancelled=order.status in CANCELLED,
            money=money(order.total, refunded, order.currency),
            codes=tuple(codes[:MOST_CODES]),
            observed_at=at,
        ),
        *store,
    )


def _bought(lines: Sequence[_Line]) -> Iterator[tuple[str, str | None, int]]:
    """A line of product 0 is of one that was deleted since; a product without variations is its own only variant."""
    for line in lines:
        if line.product_id is not None and line.product_id > 0:
            variant = line.variation_id if line.variation_id is not None and line.variation_id > 0 else line.product_id
            yield str(line.product_id), str(variant), 1 if line.quantity is None else line.quantity
