"""PrestaShop's orders over a real socket: who bought what, and when, by a clock that shows an hour twice a year."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from activities.storefronts.prestashop.api import PrestaShopApi
from activities.storefronts.prestashop.orders import Ordering
from activities.storefronts.shop_api import Access, OrdersRefused
from activities.storefronts.shop_http import ShopAnswerOdd, ShopHttp
from schemas.incoming.facts import ItemFact, OrderFact, OrderMoney
from starter.simulated.prestashop.api import KEY, SimulatedPrestaShop

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 30, 12, tzinfo=PARIS)
SUMMER_ENDS = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""In Paris it is three o'clock, and then two."""


@pytest.fixture
async def shop() -> AsyncIterator[SimulatedPrestaShop]:
    async with SimulatedPrestaShop().serving() as shop:
        shop.configure(PS_TIMEZONE="Europe/Paris", PS_OS_CANCELED="6", PS_OS_REFUND="7", PS_OS_ERROR="8")
        yield shop


@pytest.fixture
async def api(shop: SimulatedPrestaShop) -> AsyncIterator[PrestaShopApi]:
    http = ShopHttp(private_hosts=True, first_pause=0.001)
    yield PrestaShopApi.over(http, Access({"url": shop.url}, {"key": KEY}))
    await http.aclose()


def row(product: int, combination: int = 0, units: int = 1) -> dict[str, Any]:
    ids = {"product_id": str(product), "product_attribute_id": str(combination)}
    return ids | {"product_quantity": str(units), "product_name": "Mug"}


async def orders(api: PrestaShopApi, since: datetime = NOON) -> dict[str, OrderFact]:
    facts = [fact async for page in api.orders_changed(since) for fact in page.facts]
    return {fact.order_id: fact for fact in facts if isinstance(fact, OrderFact)}


async def test_an_order_says_who_bought_what_and_what_it_came_to(shop: SimulatedPrestaShop, api: PrestaShopApi) -> None:
    shop.buy(1, "Ann@Example.com", row(12, 31, 2), row(13), at=NOON, date_add="2026-11-29 08:00:00")
    assert (await orders(api))["1"] == OrderFact(
        order_id="1",
        email="ann@example.com",
        items=(
            ItemFact(product_id="12", variant_id="12-31", quantity=2),
            ItemFact(product_id="13", variant_id="13", quantity=1),
        ),
        ordered_at=datetime(2026, 11, 29, 7, tzinfo=UTC),
        cancelled=False,
        money=OrderMoney(total=Decimal("25.5"), currency="EUR"),
        observed_at=NOON,
    )


async def test_orders_that_were_cancelled_given_back_or_never_paid_do_not_count(
    shop: SimulatedPrestaShop, api: PrestaShopApi
) -> None:
    for state in range(2, 9):
        shop.buy(state, "ann@example.com", row(12), at=NOON, current_state=str(state))
    assert {id_ for id_, order in (await orders(api)).items() if order.cancelled} == {"6", "7", "8"}


async def test_of_another_shop_of_the_installation_and_of_nobody_nothing_is_told(
    shop: SimulatedPrestaShop, api: PrestaShopApi
) -> None:
    shop.buy(1, "ann@example.com", row(12), at=NOON, id_shop="2")
    shop.buy(2, "no address", row(12), at=NOON)
    shop.buy(3, "ann@example.com", at=NOON)
    assert await orders(api) == {}


async def test_what_is_missing_is_said_when_the_shop_is_connected_and_when_it_is_asked(
    shop: SimulatedPrestaShop, api: PrestaShopApi
) -> None:
    shop.allowed.remove("customers")
    shop.buy(1, "ann@example.com", row(12), at=NOON)
    assert any("may not read customers" in note for note in (await api.introduce()).notes)
    with pytest.raises(OrdersRefused, match="may not read customers"):
        await orders(api)


async def test_a_time_zone_that_is_none_is_no_answer(shop: SimulatedPrestaShop, api: PrestaShopApi) -> None:
    shop.configure(PS_TIMEZONE="Mars/Phobos")
    with pytest.raises(ShopAnswerOdd, match="time zone"):
        await orders(api)


async def test_in_the_hour_that_comes_twice_no_order_is_left_out_and_the_second_word_counts(
    shop: SimulatedPrestaShop, api: PrestaShopApi
) -> None:
    first = SUMMER_ENDS - timedelta(minutes=10)
    shop.buy(1, "ann@example.com", row(12), at=first.astimezone(PARIS))
    page = [page async for page in api.orders_changed(first)][-1]
    second = SUMMER_ENDS + timedelta(minutes=20)
    shop.buy(2, "bob@example.com", row(12), at=second.astimezone(PARIS))
    assert {"1", "2"} <= set(await orders(api, page.changed_until))
    assert (await orders(api, first))["2"].observed_at == second


def test_a_time_that_comes_twice_is_the_last_that_can_have_been() -> None:
    ordering = Ordering("1", PARIS, frozenset())
    shown = datetime(2026, 10, 25, 2, 50)  # noqa: DTZ001 - as the shop says it
    first, second = SUMMER_ENDS - timedelta(minutes=10), SUMMER_ENDS + timedelta(minutes=50)
    assert ordering.moment(shown) == first
    assert ordering.last_moment(shown, first + timedelta(minutes=2)) == first
    assert ordering.last_moment(shown, second) == second
