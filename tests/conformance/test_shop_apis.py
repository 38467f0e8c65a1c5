"""One suite over every shop's API: what it says of itself, and how it is asked for orders that no webhook tells of."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from activities.storefronts.magento.api import MagentoApi
from activities.storefronts.prestashop.api import PrestaShopApi
from activities.storefronts.registry import SHOP_APIS
from activities.storefronts.shop_api import Access, OrdersPage, OrdersRefused, ShopApi
from activities.storefronts.shop_http import ShopHttp
from activities.storefronts.woocommerce.api import WooCommerceApi
from schemas.incoming.facts import OrderFact
from starter.simulated.magento.api import SimulatedMagento
from starter.simulated.prestashop.api import KEY, SimulatedPrestaShop
from starter.simulated.server import SimulatedApi
from starter.simulated.woocommerce.api import KEY as WOO_KEY
from starter.simulated.woocommerce.api import SECRET as WOO_SECRET
from starter.simulated.woocommerce.api import SimulatedWooCommerce
from tests.simulated.shop_api import SimulatedShopApi

APIS: tuple[type[ShopApi], ...] = (*SHOP_APIS, SimulatedShopApi)
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MANY = 250
"""More than two pages of any platform."""


@dataclass(frozen=True)
class Ordering:
    """A shop that orders are asked of.

    Attributes:
        shop: its far side.
        access: how it is spoken to.
        buy: somebody makes an order of this number, at this time.
        refuse: its API reads no order any more, and all else.
    """

    api: type[ShopApi]
    shop: SimulatedApi
    access: Callable[[], Access]
    buy: Callable[[int, datetime], None]
    refuse: Callable[[], None]


def magento() -> Ordering:
    shop = SimulatedMagento()
    shop.add(7, "pen")

    def buy(number: int, at: datetime) -> None:
        shop.buy(number, f"b{number}@example.com", {"product_id": 7, "product_type": "simple"}, at=at)

    def refuse() -> None:
        shop.lacks_orders = True

    return Ordering(MagentoApi, shop, lambda: Access({"url": shop.url}, {"token": shop.token}), buy, refuse)


def prestashop() -> Ordering:
    shop = SimulatedPrestaShop()
    shop.configure(PS_TIMEZONE="Europe/Paris")

    def buy(number: int, at: datetime) -> None:
        shown = at.astimezone(ZoneInfo("Europe/Paris"))
        shop.buy(number, f"b{number}@example.com", {"product_id": "7", "product_quantity": "1"}, at=shown)

    def refuse() -> None:
        shop.allowed.remove("orders")

    return Ordering(PrestaShopApi, shop, lambda: Access({"url": shop.url}, {"key": KEY}), buy, refuse)


def woocommerce() -> Ordering:
    shop = SimulatedWooCommerce()

    def buy(number: int, at: datetime) -> None:
        billing = {"email": f"b{number}@example.com"}
        line = {"product_id": 7, "variation_id": 0, "quantity": 1}
        shop.orders[number] = {"id": number, "status": "processing", "billing": billing, "line_items": [line]}
        shop.orders[number] |= {"date_modified_gmt": f"{at:%Y-%m-%dT%H:%M:%S}"}

    def refuse() -> None:
        shop.refused = ("wc/v3/orders",)

    secrets = {"consumer_key": WOO_KEY, "consumer_secret": WOO_SECRET}
    return Ordering(WooCommerceApi, shop, lambda: Access({"shop": shop.url}, secrets), buy, refuse)


ORDERING = (magento, prestashop, woocommerce)
every_ordering_shop = pytest.mark.parametrize("ordering", ORDERING, ids=lambda make: make.__name__, indirect=True)


@pytest.fixture
async def ordering(request: pytest.FixtureRequest) -> AsyncGenerator[Ordering]:
    made: Ordering = request.param()
    async with made.shop.serving():
        yield made


@pytest.fixture
async def http() -> AsyncGenerator[ShopHttp]:
    http = ShopHttp(private_hosts=True, first_pause=0.001)
    yield http
    await http.aclose()


async def pages(ordering: Ordering, http: ShopHttp, since: datetime = AT) -> list[OrdersPage]:
    return [page async for page in ordering.api.over(http, ordering.access()).orders_changed(since)]


def orders(found: list[OrdersPage]) -> set[str]:
    return {fact.order_id for page in found for fact in page.facts if isinstance(fact, OrderFact)}


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.source)
def test_an_api_takes_over_what_it_does_not_say_itself_and_says_whether_orders_are_asked_for(
    api: type[ShopApi],
) -> None:
    assert ShopApi in api.__mro__
    assert ("orders_changed" in vars(api)) is api.orders_are_asked_for


def test_of_every_platform_whose_orders_are_asked_for_the_suite_has_a_shop() -> None:
    assert {make().api for make in ORDERING} == {api for api in APIS if api.orders_are_asked_for}


async def test_where_webhooks_tell_of_orders_none_is_asked_for(http: ShopHttp) -> None:
    api = SimulatedShopApi.over(http, Access({}, {}))
    assert [page async for page in api.orders_changed(AT)] == []


@every_ordering_shop
async def test_orders_come_from_then_on_and_each_page_says_up_to_when(ordering: Ordering, http: ShopHttp) -> None:
    assert await pages(ordering, http) == []
    for number in (1, 2, 3):
        ordering.buy(number, AT + (number - 2) * SECOND)
    found = await pages(ordering, http)
    assert orders(found) == {"2", "3"}
    assert found[-1].changed_until == AT + SECOND
    assert await pages(ordering, http, AT + 2 * SECOND) == []


@every_ordering_shop
async def test_as_many_as_there_are_in_one_second_all_come_and_those_after_it(
    ordering: Ordering, http: ShopHttp
) -> None:
    for number in range(1, MANY + 1):
        ordering.buy(number, AT)
    for number in range(MANY + 1, 2 * MANY + 1):
        ordering.buy(number, AT + (number - MANY) * SECOND)
    found = await pages(ordering, http)
    assert orders(found) == {str(number) for number in range(1, 2 * MANY + 1)}
    ends = [page.changed_until for page in found]
    assert ends == sorted(ends)
    assert ends[-1] == AT + MANY * SECOND


@every_ordering_shop
async def test_going_on_from_the_end_of_any_page_leaves_nothing_out(ordering: Ordering, http: ShopHttp) -> None:
    for number in range(1, MANY + 1):
        ordering.buy(number, AT + number // 3 * SECOND)
    found = await pages(ordering, http)
    for place, page in enumerate(found):
        rest = await pages(ordering, http, page.changed_until)
        assert orders(found[: place + 1]) | orders(rest) == orders(found)


@every_ordering_shop
async def test_where_orders_may_not_be_read_it_is_told_from_what_else_is_refused(
    ordering: Ordering, http: ShopHttp
) -> None:
    ordering.refuse()
    with pytest.raises(OrdersRefused):
        await pages(ordering, http)
