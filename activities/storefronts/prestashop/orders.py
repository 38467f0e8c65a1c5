"""PrestaShop's orders in storefront facts, as its webservice answers, and which of them have changed.

Source: https://devdocs.prestashop-project.org/9/webservice/resources/ (orders, customers). An order names a customer,
whose address is asked for. Times are of the shop's clock on the wall, without an offset: in its time zone.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from activities.storefronts.buyers import address, items, money
from activities.storefronts.by_change import Change, by_change
from activities.storefronts.payload import Count, LenientPrice, Moment, Payload, PlainText
from activities.storefronts.prestashop.products import MOST, Id, variant_id
from activities.storefronts.prestashop.webservice import Webservice
from activities.storefronts.shop_answers import each_once
from activities.storefronts.shop_api import OrdersPage, OrdersRefused
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd
from schemas.incoming.facts import OrderFact

ORDERS = 100
"""Of one call."""
CANCELLED = ("PS_OS_CANCELED", "PS_OS_REFUND", "PS_OS_ERROR")
"""Settings that name the states in which nothing of an order counts as bought: cancelled, given back, not paid."""
TIME_ZONE = "PS_TIMEZONE"
HOUR = timedelta(hours=1)
_LAST = "2999-12-31 23:59:59"
_LAST_ID = 10**18


class _Row(Payload):
    product_id: Id = None
    product_attribute_id: Id = None
    product_quantity: Count = None


class _Rows(Payload):
    order_rows: Annotated[tuple[_Row, ...], BeforeValidator(lambda value: value or ()), Field(max_length=MOST)] = ()


class Order(Payload):
    """An order with what is in it."""

    id: Id
    id_customer: Id = None
    id_currency: Id = None
    current_state: Id = None
    date_add: Moment = None
    date_upd: Moment = None
    total_paid: LenientPrice = None
    associations: Annotated[_Rows, BeforeValidator(lambda value: value or {})] = _Rows()


class _Customer(Payload):
    id: Id
    email: PlainText = None


class _Currency(Payload):
    id: Id
    iso_code: PlainText = None


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a shop keeps its orders.

    Attributes:
        cancelled: ids of the states in which nothing of an order counts.
    """

    shop_id: str
    zone: ZoneInfo
    cancelled: frozenset[str]

    @classmethod
    def configured(cls, shop_id: str, settings: Mapping[str, str]) -> "Ordering":
        """As the shop is set up."""
        try:
            zone = ZoneInfo(settings.get(TIME_ZONE) or "UTC")
        except (KeyError, ValueError, OSError):
            raise ShopAnswerOdd("The shop's time zone is none that there is.") from None
        return cls(shop_id, zone, frozenset(settings[name] for name in CANCELLED if settings.get(name)))

    def on_the_wall(self, moment: datetime) -> datetime:
        """What the shop's clock showed then. In the hour that comes twice when summer ends, an hour before that: the
        second time it shows earlier times than it did before.
        """
        shown = moment.astimezone(self.zone)
        ends = (moment + HOUR).astimezone(self.zone).utcoffset() != shown.utcoffset()
        return shown.replace(tzinfo=None, microsecond=0) - (HOUR if ends else timedelta())

    def moment(self, shown: datetime) -> datetime:
        """When the clock showed this, for the first time."""
        return (shown if shown.tzinfo else shown.replace(tzinfo=self.zone)).astimezone(UTC)

    def last_moment(self, shown: datetime, asked_at: datetime) -> datetime:
        """When it showed this last before the shop was asked: what changed at both times counts as of the second."""
        last = shown.replace(tzinfo=shown.tzinfo or self.zone, fold=1).astimezone(UTC)
        return last if last <= asked_at else self.moment(shown)


async def orders_changed(webservice: Webservice, ordering: Ordering, since: datetime) -> AsyncIterator[OrdersPage]:
    """See `ShopApi.orders_changed`."""

    async def ask(begin: datetime, after: int | None) -> Sequence[Order]:
        ids = {} if after is None else {"filter[id]": f"[{after + 1},{_LAST_ID}]"}
        until = _LAST if after is None else f"{begin}"
        return await _page(webservice, {"filter[date_upd]": f"[{begin},{until}]", **ids, **_only(ordering.shop_id)})

    asked_at = datetime.now(UTC)
    async for page in by_change(ask, _change, ordering.on_the_wall(since), ORDERS):
        addresses = await _addresses(webservice, each_once(order.id_customer for order in page))
        currencies = await webservice.by_ids("currencies", each_once(order.id_currency for order in page), _Currency)
        codes = {each.id: each.iso_code for each in currencies}
        facts = [
            _read(order, addresses.get(order.id_customer or ""), codes.get(order.id_currency), ordering, asked_at)
            for order in page
        ]
        asked_at = datetime.now(UTC)
        yield OrdersPage(tuple(fact for fact in facts if fact), ordering.moment(_change(page[-1])[0]))


def _only(shop_id: str) -> dict[str, str | int]:
    return {
        "filter[id_shop]": f"[{shop_id}]",
        "date": 1,
        "sort": "[date_upd_ASC,id_ASC]",
        "limit": f"0,{ORDERS}",
    }


async def _page(webservice: Webservice, filters: Mapping[str, str | int]) -> Sequence[Order]:
    try:
        orders = await webservice.list("orders", Order, filters)
    except AccessRefused as error:
        raise OrdersRefused(str(error)) from None
    if any(order.id is None or order.date_upd is None for order in orders):
        raise ShopAnswerOdd("The shop tells of an order without its id or the time of its last change.")
    return orders


async def _addresses(webservice: Webservice, customers: Sequence[str]) -> dict[str, str | None]:
    """Nothing else of a customer is asked for."""
    try:
        found = await webservice.by_ids("customers", customers, _Customer, display="[id,email]")
    except AccessRefused as error:
        raise OrdersRefused(str(error)) from None
    return {each.id or "": each.email for each in found}


def _read(
    order: Order, email: str | None, currency: str | None, ordering: Ordering, asked_at: datetime
) -> OrderFact | None:
    """An order as it is now; None: its customer has no valid address, or nothing is in it."""
    who, bought = address(email), items(_bought(order))
    changed_at = ordering.last_moment(_change(order)[0], asked_at)
    if order.id is None or who is None or not bought:
        return None
    return OrderFact(
        order_id=order.id,
        email=who,
        items=bought,
        ordered_at=changed_at if order.date_add is None else ordering.moment(order.date_add),
        cancelled=order.current_state in ordering.cancelled,
        money=money(order.total_paid, None, currency),
        observed_at=changed_at,
    )


def _bought(order: Order) -> Iterator[tuple[str, str | None, int]]:
    for row in order.associations.order_rows:
        if row.product_id is not None:
            units = 1 if row.product_quantity is None else row.product_quantity
            yield row.product_id, variant_id(row.product_id, row.product_attribute_id), units


def _change(order: Order) -> Change:
    assert order.date_upd is not None, "each that is read has one"
    return order.date_upd, int(order.id or 0)
