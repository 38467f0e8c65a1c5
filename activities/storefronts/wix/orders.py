"""Wix's orders in storefront facts. Of a person only the e-mail address is read."""

from datetime import datetime

from activities.storefronts.buyers import address, items, money
from activities.storefronts.payload import Count, Moment, PlainText
from activities.storefronts.wix.fields import Amount, known, variant_name
from activities.storefronts.wix.shapes import WixPayload
from schemas.incoming.facts import Fact, OrderFact

STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
"""The catalogue of Wix Stores: lines of others are bookings, tickets and the like."""
LONGEST_CODE = 255
MOST_CODES = 100


class _Options(WixPayload):
    variant_id: PlainText = None


class _Reference(WixPayload):
    catalog_item_id: PlainText = None
    app_id: PlainText = None
    options: _Options | None = None


class _Line(WixPayload):
    catalog_reference: _Reference | None = None
    quantity: Count = None


class _Buyer(WixPayload):
    email: PlainText = None


class _Sum(WixPayload):
    total: Amount | None = None


class _Balance(WixPayload):
    refunded: Amount | None = None


class _Coupon(WixPayload):
    code: PlainText = None


class _Discount(WixPayload):
    coupon: _Coupon | None = None


class Order(WixPayload):
    """An order as it is now."""

    id: PlainText = None
    created_date: Moment = None
    buyer_info: _Buyer | None = None
    status: PlainText = None
    currency: PlainText = None
    line_items: tuple[_Line, ...] = ()
    price_summary: _Sum | None = None
    balance_summary: _Balance | None = None
    applied_discounts: tuple[_Discount, ...] = ()


def read_order(order: Order, observed_at: datetime) -> tuple[Fact, ...]:
    """Nothing, where nobody can be known to have ordered it, or it holds nothing of the shop's catalogue."""
    order_id = known(order.id, "$.id")
    email = address(order.buyer_info.email if order.buyer_info else None)
    bought = items(line for each in order.line_items if (line := _bought(each)) is not None)
    if email is None or not bought:
        return ()
    created = order.created_date
    total = order.price_summary.total if order.price_summary else None
    refunded = order.balance_summary.refunded if order.balance_summary else None
    return (
        OrderFact(
            order_id=order_id,
            email=email,
            items=bought,
            ordered_at=created if created is not None and created.tzinfo else observed_at,
            cancelled=order.status == "CANCELED",
            money=money(total.amount if total else None, refunded.amount if refunded else None, order.currency),
            codes=_codes(order.applied_discounts),
            observed_at=observed_at,
        ),
    )


def _bought(line: _Line) -> tuple[str, str | None, int] | None:
    reference = line.catalog_reference
    if reference is None or reference.catalog_item_id is None or (reference.app_id or STORES).lower() != STORES:
        return None
    product_id = known(reference.catalog_item_id, "$.lineItems[*].catalogReference.catalogItemId")
    variant_id = reference.options.variant_id if reference.options else None
    if variant_id:
        path = "$.lineItems[*].catalogReference.options.variantId"
        variant_id = variant_name(product_id, variant_id, path)
    return product_id, variant_id or None, 1 if line.quantity is None else line.quantity


def _codes(discounts: tuple[_Discount, ...]) -> tuple[str, ...]:
    codes = [each.coupon.code for each in discounts if each.coupon is not None and each.coupon.code]
    return tuple(code for code in codes if len(code) <= LONGEST_CODE)[:MOST_CODES]
