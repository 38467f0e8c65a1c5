"""Square's orders in storefront facts, as its API answers. Pure.

Source: https://developer.squareup.com/reference/square/objects/Order. An order names variations, not the items that
they are of, and a customer, not their address: both are asked for. Of a person only the e-mail address is read.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from activities.storefronts.buyers import address, items, money
from activities.storefronts.payload import Count, Moment, Payload, PlainText
from activities.storefronts.square.fields import known
from activities.storefronts.square.items import Money
from schemas.incoming.facts import OrderFact

DRAFT, CANCELLED = "DRAFT", "CANCELED"
_NOT_GIVEN_BACK = frozenset({"REJECTED", "FAILED"})


class _Line(Payload):
    catalog_object_id: PlainText = None
    quantity: Count = None


class _Recipient(Payload):
    email_address: PlainText = None


class _Details(Payload):
    recipient: _Recipient = _Recipient()


class _Fulfillment(Payload):
    pickup_details: _Details = _Details()
    shipment_details: _Details = _Details()
    delivery_details: _Details = _Details()


class _Tender(Payload):
    customer_id: PlainText = None


class _Refund(Payload):
    status: PlainText = None
    amount_money: Money = Money()


class Order(Payload):
    """An order as it is now."""

    id: PlainText = None
    state: PlainText = None
    customer_id: PlainText = None
    created_at: Moment = None
    line_items: tuple[_Line, ...] = ()
    fulfillments: tuple[_Fulfillment, ...] = ()
    tenders: tuple[_Tender, ...] = ()
    refunds: tuple[_Refund, ...] = ()
    total_money: Money = Money()

    @property
    def customers(self) -> tuple[str, ...]:
        """Whose it may be, the likeliest first."""
        named = (self.customer_id, *(each.customer_id for each in self.tenders))
        return tuple(dict.fromkeys(each for each in named if each))

    @property
    def variations(self) -> tuple[str, ...]:
        """What is in it. A line without one was typed in at the till."""
        return tuple(dict.fromkeys(each.catalog_object_id for each in self.line_items if each.catalog_object_id))


class Customer(Payload):
    """Whom an order names."""

    email_address: PlainText = None


class Found(Payload):
    """An answer about one customer, or why there is none."""

    customer: Customer = Customer()


class Customers(Payload):
    """Answers about customers, by their ids."""

    responses: Mapping[str, Found] = {}


class _OfItem(Payload):
    item_id: PlainText = None


class Variation(Payload):
    """A variation, with the item that it is of."""

    id: PlainText = None
    item_variation_data: _OfItem = _OfItem()


def read_order(
    order: Order, addresses: Mapping[str, str | None], items_of: Mapping[str, str], asked_at: datetime
) -> OrderFact | None:
    """An order as it is now; None: nobody's address is told, or nothing is in it that the catalogue has.

    Args:
        addresses: of customers, by their ids.
        items_of: the item of each variation.

    Raises:
        PayloadMalformed: the id is missing.
    """
    order_id = known(order.id, "$.orders[*].id")
    email = address(*_given(order), *(addresses.get(each) for each in order.customers))
    bought = items(
        (items_of[each.catalog_object_id], each.catalog_object_id, 1 if each.quantity is None else each.quantity)
        for each in order.line_items
        if each.catalog_object_id is not None and each.catalog_object_id in items_of
    )
    if order.state == DRAFT or email is None or not bought:
        return None
    ordered_at = order.created_at if order.created_at is not None and order.created_at.tzinfo else asked_at
    back = sum(
        (each.amount_money.price() or Decimal(0) for each in order.refunds if each.status not in _NOT_GIVEN_BACK),
        Decimal(0),
    )
    return OrderFact(
        order_id=order_id,
        email=email,
        items=bought,
        ordered_at=ordered_at,
        cancelled=order.state == CANCELLED,
        money=money(order.total_money.price(), back, order.total_money.currency),
        observed_at=asked_at,
    )


def _given(order: Order) -> Iterator[str | None]:
    """What whoever it goes to gave."""
    for each in order.fulfillments:
        for details in (each.shipment_details, each.delivery_details, each.pickup_details):
            yield details.recipient.email_address
