"""Which orders of a WooCommerce shop have changed, asked for page by page: a delivery that failed is not sent again.

Source: https://github.com/woocommerce/woocommerce-rest-api-docs at 13d61967, wp-api-v3/_orders.md (`modified_after` and
`modified_before` leave out the very second that they name). A page that is full may end in the middle of a second: the
next one begins with that second again, and where all of a page is of one second, all of that second is asked for.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from activities.storefronts.shop_answers import all_fitted
from activities.storefronts.shop_api import OrdersPage, OrdersRefused
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd
from activities.storefronts.woocommerce.calls import ANSWER, PAGE, Calls
from activities.storefronts.woocommerce.orders import Order, read_order

PATH = "wc/v3/orders"
SECOND = timedelta(seconds=1)
TOO_OLD = "WooCommerce can be asked for orders by when they changed since 5.8."


async def orders_changed(calls: Calls, since: datetime) -> AsyncIterator[OrdersPage]:
    """See `ShopApi.orders_changed`."""
    begin = since.astimezone(UTC).replace(microsecond=0)
    try:
        while True:
            asked_at = datetime.now(UTC)
            orders = await _first_page(calls, begin)
            if orders:
                yield _page(orders, asked_at)
            if len(orders) < PAGE:
                return
            last = max(_changed_at(order) for order in orders)
            if last > begin:
                begin = last
                continue
            of_this_second = _bounds(begin, begin) | {"orderby": "id"}
            asked_at = datetime.now(UTC)
            async for more, _ in calls.pages(PATH, of_this_second, Order):
                if more:
                    yield _page(more, asked_at)
                asked_at = datetime.now(UTC)
            begin += SECOND
    except AccessRefused as error:
        raise OrdersRefused(str(error)) from None


async def _first_page(calls: Calls, begin: datetime) -> Sequence[Order]:
    wanted = _bounds(begin, None) | {"orderby": "modified", "per_page": PAGE}
    try:
        answer = await calls.make("GET", PATH, wanted)
    except ShopAnswerOdd as error:
        raise OrdersRefused(f"{error} {TOO_OLD}") from None
    orders = all_fitted(answer, Order, ANSWER)
    if any(_changed_at(order) < begin for order in orders):
        raise OrdersRefused(f"The shop's list of orders is not by when they changed. {TOO_OLD}")
    return orders


def _bounds(first: datetime, last: datetime | None) -> dict[str, str | int]:
    """What changed from then on, or within these seconds."""
    wanted: dict[str, str | int] = {"modified_after": _text(first - SECOND)}
    if last is not None:
        wanted["modified_before"] = _text(last + SECOND)
    return wanted | {"dates_are_gmt": "true", "status": "any", "order": "asc"}


def _page(orders: Sequence[Order], asked_at: datetime) -> OrdersPage:
    facts = [fact for order in orders if order.id for fact in read_order(order, asked_at)]
    return OrdersPage(tuple(facts), max(_changed_at(order) for order in orders))


def _changed_at(order: Order) -> datetime:
    if order.date_modified_gmt is None:
        raise ShopAnswerOdd("The shop tells of an order without the time of its last change.")
    return order.date_modified_gmt.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
