"""Which orders of a Magento shop have changed, asked for page by page, by when they changed and then by their ids.

A page that is full may end in the middle of a second. The next one begins with that second again; where all of a page
is of one second, the rest of that second is asked for by ids.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from activities.storefronts.magento.orders import Order, in_utc
from activities.storefronts.magento.rest import ANSWER, PAGE, Filter, Rest
from activities.storefronts.shop_answers import all_fitted
from activities.storefronts.shop_api import OrdersRefused
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd

_FIELDS = (
    "items[entity_id,state,created_at,updated_at,customer_email,grand_total,total_refunded,order_currency_code,"
    "coupon_code,items[item_id,parent_item_id,product_id,product_type,qty_ordered,qty_canceled,qty_refunded]],"
    "total_count"
)
SECOND = timedelta(seconds=1)


async def orders_changed(rest: Rest, view_ids: Sequence[str], since: datetime) -> AsyncIterator[list[Order]]:
    """Those that changed then or later, pages of them, the oldest change first; some come twice.

    Args:
        view_ids: the store views that they were made in.

    Raises:
        OrdersRefused: the integration may not read orders.
        AccessRefused, ShopAway, ShopAnswerOdd: as they say.
    """
    begin = since.astimezone(UTC).replace(microsecond=0)
    while True:
        page = await _page(rest, view_ids, ("updated_at", "gteq", _text(begin)))
        if page:
            yield page
        if len(page) < PAGE:
            return
        last = _changed_at(page[-1])
        if last < begin:
            raise ShopAnswerOdd("The shop's list of orders does not go on by when they changed.")
        if last > begin:
            begin = last
            continue
        while len(page) == PAGE:
            after = page[-1].entity_id or ""
            of_this_second = ("updated_at", "eq", _text(begin)), ("entity_id", "gt", after)
            page = await _page(rest, view_ids, *of_this_second)
            if page and int(page[-1].entity_id or 0) <= int(after):
                raise ShopAnswerOdd("The shop's list of orders does not go on by their ids.")
            if page:
                yield page
        begin += SECOND


async def _page(rest: Rest, view_ids: Sequence[str], *filters: Filter) -> list[Order]:
    groups = [[each] for each in (*filters, ("store_id", "in", ",".join(view_ids)))]
    try:
        found = await rest.search("orders", groups, fields=_FIELDS, sort=("updated_at", "entity_id"))
    except AccessRefused as error:
        raise OrdersRefused(str(error)) from None
    if found is None:
        raise ShopAnswerOdd("The shop has no list of orders at the address that it was connected by.")
    orders = all_fitted(found.items or (), Order, ANSWER)
    if any(order.entity_id is None or order.updated_at is None for order in orders):
        raise ShopAnswerOdd("The shop tells of an order without its id or the time of its last change.")
    return orders


def _changed_at(order: Order) -> datetime:
    changed_at = in_utc(order.updated_at)
    assert changed_at is not None, "each that is read has one"
    return changed_at


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
