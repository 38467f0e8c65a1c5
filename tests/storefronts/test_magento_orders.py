"""Magento's orders over a real socket: what was bought, by whom, in which order, and none left out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from activities.storefronts.magento.api import MagentoApi
from activities.storefronts.magento.rest import PAGE
from activities.storefronts.shop_api import Access, OrdersPage, OrdersRefused
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopHttp
from schemas.incoming.facts import ItemFact, OrderFact, OrderMoney
from starter.simulated.magento.api import SimulatedMagento

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def shop() -> AsyncIterator[SimulatedMagento]:
    """It sells a mug of which one part is sold by itself, too."""
    async with SimulatedMagento().serving() as shop:
        shop.add(21, "mug", "configurable", extension_attributes={"configurable_product_links": [31, 32]})
        shop.add(31, "mug-blue", visibility=1)
        shop.add(32, "mug-red")
        shop.add(7, "pen")
        yield shop


@pytest.fixture
async def http() -> AsyncIterator[ShopHttp]:
    http = ShopHttp(private_hosts=True, first_pause=0.001)
    yield http
    await http.aclose()


@pytest.fixture
def api(shop: SimulatedMagento, http: ShopHttp) -> MagentoApi:
    return MagentoApi.over(http, Access({"url": shop.url}, {"token": shop.token}))


def simple(product: int, units: float = 1, **more: Any) -> dict[str, Any]:
    return {"product_id": product, "product_type": "simple", "qty_ordered": units, **more}


def chosen(whole: int, part: int, units: int = 1, *, first: int, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two lines of a part of a configurable product, the first of which has this id."""
    line = {"product_id": whole, "product_type": "configurable", "qty_ordered": units, "item_id": first}
    return line | more, simple(part, units, parent_item_id=first)


async def pages(api: MagentoApi, since: datetime = AT) -> list[OrdersPage]:
    return [page async for page in api.orders_changed(since)]


async def orders(api: MagentoApi, since: datetime = AT) -> dict[str, OrderFact]:
    """By their ids; each that comes twice says the same."""
    found: dict[str, OrderFact] = {}
    for page in await pages(api, since):
        for fact in page.facts:
            assert isinstance(fact, OrderFact)
            assert found.setdefault(fact.order_id, fact) == fact
    return found


async def test_an_order_says_who_bought_what_and_what_it_came_to(shop: SimulatedMagento, api: MagentoApi) -> None:
    made = "2026-11-29 08:00:00"
    shop.buy(1, "Ann@Example.com", simple(7, 2), at=AT, created_at=made, coupon_code="BACK", total_refunded="5.5")
    assert (await orders(api))["1"] == OrderFact(
        order_id="1",
        email="ann@example.com",
        items=(ItemFact(product_id="7", variant_id="7", quantity=2),),
        ordered_at=datetime(2026, 11, 29, 8, tzinfo=UTC),
        cancelled=False,
        money=OrderMoney(total=Decimal("25.5"), refunded=Decimal("5.5"), currency="EUR"),
        codes=("BACK",),
        observed_at=AT,
    )


async def test_of_a_configurable_product_the_part_was_bought_that_was_chosen(
    shop: SimulatedMagento, api: MagentoApi
) -> None:
    shop.buy(1, "ann@example.com", *chosen(21, 31, first=10), *chosen(21, 32, 2, first=20), at=AT)
    bought = {(each.product_id, each.variant_id): each.quantity for each in (await orders(api))["1"].items}
    assert bought == {("21", "31"): 1, ("21", "21-32"): 2}
    told = {each.variant_id for page in [page async for page in api.catalogue()] for each in _variants(page.facts)}
    assert {variant for _, variant in bought} <= told, "by the ids that the catalogue has"


def _variants(facts: tuple[Any, ...]) -> list[Any]:
    return [variant for fact in facts for variant in getattr(fact, "variants", ())]


async def test_of_a_bundle_the_whole_was_bought_and_of_a_part_that_is_not_told_the_product(
    shop: SimulatedMagento, api: MagentoApi
) -> None:
    bundle = {"product_id": 9, "product_type": "bundle", "qty_ordered": 1, "item_id": 10}
    lonely, _ = chosen(21, 31, first=20)
    shop.buy(1, "ann@example.com", bundle, simple(7, parent_item_id=10), lonely, at=AT)
    bought = [(each.product_id, each.variant_id) for each in (await orders(api))["1"].items]
    assert bought == [("9", "9"), ("21", None)]


async def test_what_was_cancelled_or_given_back_is_not_bought(shop: SimulatedMagento, api: MagentoApi) -> None:
    shop.buy(1, "ann@example.com", simple(7), at=AT, state="canceled")
    shop.buy(2, "ann@example.com", simple(7), at=AT, state="closed")
    back = chosen(21, 31, 3, first=10, qty_refunded="1.0000", qty_canceled=1)
    shop.buy(3, "ann@example.com", *back, simple(7, 0.5), at=AT)
    found = await orders(api)
    assert [found[each].cancelled for each in "123"] == [True, True, False]
    assert [each.quantity for each in found["3"].items] == [1, 1]


async def test_of_nobody_who_can_be_known_and_of_another_website_nothing_is_told(
    shop: SimulatedMagento, api: MagentoApi
) -> None:
    shop.buy(1, "no address", simple(7), at=AT)
    shop.buy(2, "ann@example.com", at=AT)
    shop.buy(3, "bob@example.com", simple(7), at=AT, store_id=2)
    assert await orders(api) == {}


async def test_all_of_one_second_come_and_what_changed_after_it_and_what_was_before_does_not(
    shop: SimulatedMagento, api: MagentoApi
) -> None:
    shop.buy(1, "ann@example.com", simple(7), at=AT - SECOND)
    for number in range(250):
        shop.buy(1000 - number, f"b{number}@example.com", simple(7), at=AT + SECOND)
    for number in range(2, 130):
        shop.buy(number, f"c{number}@example.com", simple(7), at=AT + number * SECOND)
    found = await orders(api)
    assert len(found) == 250 + 128
    assert "1" not in found
    ends = [page.changed_until for page in await pages(api)]
    assert ends == sorted(ends)
    assert ends[-1] == AT + 129 * SECOND
    assert [fact.observed_at for fact in found.values()] == sorted(fact.observed_at for fact in found.values())


async def test_one_that_changes_while_the_pages_are_read_is_not_left_out(
    shop: SimulatedMagento, api: MagentoApi
) -> None:
    for number in range(1, PAGE + 51):
        shop.buy(number, f"b{number}@example.com", simple(7), at=AT + number * SECOND)
    found: dict[str, OrderFact] = {}
    async for page in api.orders_changed(AT):
        for number in (1, PAGE + 20):
            shop.orders[number] |= {"updated_at": "2026-11-30 13:00:00", "state": "canceled"}
        found |= {fact.order_id: fact for fact in page.facts if isinstance(fact, OrderFact)}
    assert len(found) == PAGE + 50
    assert found["1"].cancelled
    assert found[str(PAGE + 20)].cancelled


async def test_a_token_that_may_not_read_orders_is_told_from_one_that_is_not_taken(
    shop: SimulatedMagento, api: MagentoApi, http: ShopHttp
) -> None:
    shop.lacks_orders = True
    with pytest.raises(OrdersRefused, match=r"lacks access to Magento_Sales::actions_view"):
        await pages(api)
    assert any("orders cannot be read" in note for note in (await api.introduce()).notes)
    shop.token = "another"
    with pytest.raises(AccessRefused) as refused:
        await pages(MagentoApi.over(http, Access({"url": shop.url}, {"token": "t0ken"})))
    assert not isinstance(refused.value, OrdersRefused)


async def test_a_list_that_does_not_go_on_is_not_read_for_ever(shop: SimulatedMagento, api: MagentoApi) -> None:
    shop.buy(1, "ann@example.com", simple(7), at=AT, updated_at=None)
    with pytest.raises(ShopAnswerOdd, match="without its id or the time"):
        await pages(api)
