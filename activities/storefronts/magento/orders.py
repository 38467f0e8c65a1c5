"""Magento's orders in storefront facts, as `/V1/orders` shows them. Pure.

Source: https://developer.adobe.com/commerce/webapi/rest/quick-reference/ (salesOrderRepositoryV1). Of what was bought
of a configurable product an order has two lines: the product's, and below it that of the simple one that was chosen, by
`parent_item_id`. Of a bundle the line of the whole counts, for that is what people wait for. Of a person only the
e-mail address is read.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from math import ceil
from typing import Annotated

from pydantic import Field

from activities.storefronts.buyers import address, items, money
from activities.storefronts.magento.products import variant_id
from activities.storefronts.magento.stock import Units
from activities.storefronts.payload import LenientPrice, Moment, NumericId, Payload, PlainText
from schemas.incoming.facts import OrderFact

CONFIGURABLE = "configurable"
CANCELLED = frozenset({"canceled", "closed"})
"""Nothing of it counts as bought: closed is what was given back as a whole."""
LONGEST_CODE = 255


class _Line(Payload):
    item_id: NumericId = None
    parent_item_id: NumericId = None
    product_id: NumericId = None
    product_type: PlainText = None
    qty_ordered: Units = None
    qty_canceled: Units = None
    qty_refunded: Units = None

    @property
    def left(self) -> int:
        """Units that were neither cancelled nor given back; a part of a unit is one that was bought."""
        ordered = Decimal(1) if self.qty_ordered is None else self.qty_ordered
        return max(0, ceil(ordered - (self.qty_canceled or 0) - (self.qty_refunded or 0)))


class Order(Payload):
    """An order with what is in it. Magento keeps its times in UTC."""

    entity_id: NumericId = None
    state: PlainText = None
    created_at: Moment = None
    updated_at: Moment = None
    customer_email: PlainText = None
    grand_total: LenientPrice = None
    total_refunded: LenientPrice = None
    order_currency_code: PlainText = None
    coupon_code: PlainText = None
    lines: Annotated[tuple[_Line, ...], Field(max_length=5000, validation_alias="items")] = ()

    @property
    def chosen(self) -> Iterator[tuple[_Line, _Line]]:
        """Lines of configurable products, each with that of the simple one that was chosen."""
        by_id = {line.item_id: line for line in self.lines if line.item_id}
        for line in self.lines:
            whole = by_id.get(line.parent_item_id or "")
            if whole is not None and whole.product_type == CONFIGURABLE and whole.product_id and line.product_id:
                yield whole, line


def parts_in(orders: Iterable[Order]) -> list[str]:
    """The simple products that were chosen of configurable ones: whether they have pages of their own is asked for."""
    return sorted({part.product_id or "" for order in orders for _, part in order.chosen})


def read_order(order: Order, own_pages: Collection[str]) -> OrderFact | None:
    """An order as it is now; None: it has no valid address, or nothing is in it.

    Args:
        own_pages: those of its parts that have pages of their own.
    """
    email, bought = address(order.customer_email), items(_bought(order, own_pages))
    changed_at = in_utc(order.updated_at)
    if order.entity_id is None or changed_at is None or email is None or not bought:
        return None
    code = order.coupon_code
    return OrderFact(
        order_id=order.entity_id,
        email=email,
        items=bought,
        ordered_at=in_utc(order.created_at) or changed_at,
        cancelled=order.state in CANCELLED,
        money=money(order.grand_total, order.total_refunded, order.order_currency_code),
        codes=(code,) if code and len(code) <= LONGEST_CODE else (),
        observed_at=changed_at,
    )


def _bought(order: Order, own_pages: Collection[str]) -> Iterator[tuple[str, str | None, int]]:
    chosen = {part.item_id: whole for whole, part in order.chosen}
    wholes = {whole.item_id for whole in chosen.values()}
    for line in order.lines:
        whole = chosen.get(line.item_id)
        if whole is not None and whole.product_id and line.product_id:
            part = variant_id(whole.product_id, line.product_id, own_page=line.product_id in own_pages)
            yield whole.product_id, part, min(whole.left, line.left)
        elif line.parent_item_id is None and line.product_id and line.item_id not in wholes:
            # Which part of a configurable product it was is not told where its line is missing.
            yield line.product_id, None if line.product_type == CONFIGURABLE else line.product_id, line.left


def in_utc(moment: datetime | None) -> datetime | None:
    """A time of the shop's database, which keeps them in UTC and does not say so."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
