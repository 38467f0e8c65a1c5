"""Which orders of a Magento shop have changed, asked for page by page."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from activities.storefronts.by_change import Change, by_change
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


def orders_changed(rest: Rest, view_ids: Sequence[str], since: datetime) -> AsyncIterator[Sequence[Order]]:
    """Those that changed then or later, pages of them, the oldest change first; some come twice.

    Args:
        view_ids: the store views that they were made in.

    Raises:
        OrdersRefused: the integration may not read orders.
        AccessRefused, ShopAway, ShopAnswerOdd: as they say.
    """

    async def ask(begin: datetime, after: int | None) -> Sequence[Order]:
        changed = f"{begin:%Y-%m-%d %H:%M:%S}"
        if after is None:
            return await _page(rest, view_ids, ("updated_at", "gteq", changed))
        return await _page(rest, view_ids, ("updated_at", "eq", changed), ("entity_id", "gt", str(after)))

    return by_change(ask, _change, since.astimezone(UTC).replace(microsecond=0), PAGE)


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


def _change(order: Order) -> Change:
    changed_at = in_utc(order.updated_at)
    assert changed_at is not None, "each that is read has one"
    return changed_at, int(order.entity_id or 0)
