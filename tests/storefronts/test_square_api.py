"""Square's API, over HTTP to a merchant that answers as Square documents it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from activities.storefronts.shop_api import Access, Health, Introduction, Page, Watched
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopHttp
from activities.storefronts.square.api import SquareApi
from schemas.incoming.facts import (
    Fact,
    HintFact,
    ItemFact,
    OrderFact,
    OrderMoney,
    ProductFact,
    ProductGoneFact,
    StockFact,
    StoreFact,
    VariantFact,
)
from starter.simulated.square.api import MERCHANT, TOKEN, SquareMerchant, item, order

NOW = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
CALCULATED = datetime(2026, 1, 31, 12, 0, 0, 102960, tzinfo=UTC)
ADDRESS = "https://shelftalk.example/v1/webhooks/square"
OURS = ("inventory.count.updated", "catalog.version.updated", "order.created", "order.updated")


@dataclass
class Open:
    merchant: SquareMerchant
    api: SquareApi


@asynccontextmanager
async def opened(merchant: SquareMerchant, token: str = TOKEN) -> AsyncGenerator[Open]:
    async with merchant.serving():
        http = ShopHttp(private_hosts=True, first_pause=0.001)
        settings = {"front_page": "https://shop.example/", "api": merchant.url}
        try:
            yield Open(merchant, SquareApi(http, Access(settings, {"access_token": token}), lambda: NOW))
        finally:
            await http.aclose()


def told(number: int, **changes: Any) -> ProductFact:
    variant = VariantFact(
        variant_id=f"V{number}", inventory_item_id=f"V{number}", sku=f"M-{number}", price=Decimal("19.99"), tracked=True
    )
    base: dict[str, Any] = {
        "product_id": f"I{number}",
        "title": "Mug",
        "handle": f"I{number}",
        "page_url": f"https://shop.example/{number}",
        "on_sale": True,
        "variants": (variant,),
        "all_variant_ids": frozenset({f"V{number}"}),
        "observed_at": NOW,
    }
    return ProductFact(**base | changes)


def level(number: int, location: str, units: int) -> StockFact:
    return StockFact(inventory_item_id=f"V{number}", location_id=location, available=units, observed_at=CALCULATED)


def merchant() -> SquareMerchant:
    """Three items, one of whose is counted at two locations, also in states that cannot be sold."""
    counts = {
        ("V1", "L1", "IN_STOCK"): "10",
        ("V1", "L2", "IN_STOCK"): "-2",
        ("V1", "L1", "SOLD"): "4",
        ("V3", "L1", "IN_STOCK"): "2.50000",
    }
    return SquareMerchant([item(1), item(2, counted=False), item(3)], counts)


async def test_the_merchant_introduces_itself() -> None:
    async with opened(merchant()) as square:
        notes = ("It has 1 locations that are open, and 1 that are not.",)
        expected = Introduction(MERCHANT, "Apple A Day", "https://shop.example", "USD", None, notes)
        assert await square.api.introduce() == expected
        await square.api.subscribe(ADDRESS, "of no use to Square")
        assert (await square.api.introduce()).webhook_secret == "key-1"
        assert await square.api.renewed(NOW) is None


async def test_the_catalogue_is_read_with_its_counts_page_by_page() -> None:
    async with opened(merchant()) as square:
        pages: list[Page] = [page async for page in square.api.catalogue()]
    assert [page.read for page in pages] == [2, 3]
    facts: list[Fact] = [fact for page in pages for fact in page.facts]
    products = [fact for fact in facts if isinstance(fact, ProductFact)]
    assert [product.product_id for product in products] == ["I1", "I2", "I3"]
    assert products[0] == told(1)
    assert [product.variants[0].tracked for product in products] == [True, False, True]
    assert StoreFact(currency="USD", observed_at=NOW) in facts
    levels = [fact for fact in facts if isinstance(fact, StockFact)]
    assert levels == [level(1, "L1", 10), level(1, "L2", -2), level(3, "L1", 2)]


async def test_what_is_waited_for_is_read_back_by_its_ids_and_what_is_gone_says_so() -> None:
    gone = item(4, is_deleted=True)
    async with opened(SquareMerchant([*merchant().items, gone], merchant().counts)) as square:
        watched = [Watched("I1", "V1", "V1"), Watched("I4", "V4"), Watched("I9")]
        facts = await square.api.read_back(watched)
        assert list(facts) == [
            told(1),
            StoreFact(currency="USD", observed_at=NOW),
            ProductGoneFact(product_id="I4", observed_at=NOW),
            ProductGoneFact(product_id="I9", observed_at=NOW),
            level(1, "L1", 10),
            level(1, "L2", -2),
        ]
        assert not await square.api.read_back([])


async def test_hundreds_are_read_back_in_few_calls() -> None:
    many = [item(number) for number in range(501)]
    async with opened(SquareMerchant(many)) as square:
        facts = await square.api.read_back([Watched(f"I{number}", f"V{number}") for number in range(501)])
        assert len([fact for fact in facts if isinstance(fact, ProductFact)]) == 501
        assert len(square.merchant.calls) == 4


async def test_orders_are_read_by_the_ids_that_messages_hint_at() -> None:
    back = [{"status": "APPROVED", "amount_money": {"amount": 1999, "currency": "USD"}}, {"status": "FAILED"}]
    shipped = {"shipment_details": {"recipient": {"email_address": "Eve@Example.com"}}}
    orders = [
        order("O1", "V1", "V2", "V9"),
        order("O2", "V1", customer_id=None, tenders=[{"customer_id": "C2"}], state="CANCELED", refunds=back),
        order("O3", "V3", customer_id="C9", fulfillments=[shipped]),
        order("O4", "V1", customer_id="C9"),
        order("O5", "V1", state="DRAFT"),
        order("O6", "V9"),
    ]
    shop = merchant()
    shop.orders = {each["id"]: each for each in orders}
    shop.customers = {"C1": "ada@example.com", "C2": "bob@example.com"}
    async with opened(shop) as square:
        hints = [HintFact(order_id=f"O{number}", observed_at=NOW) for number in (*range(1, 9), 1)]
        facts = await square.api.read_hints([*hints, HintFact(observed_at=NOW)])
        assert square.merchant.calls == [
            "/v2/orders/batch-retrieve",
            "/v2/customers/bulk-retrieve",
            "/v2/catalog/batch-retrieve",
        ]
    bought = [each for each in facts if isinstance(each, OrderFact)]
    assert [(each.order_id, each.email, each.cancelled) for each in bought] == [
        ("O1", "ada@example.com", False),
        ("O2", "bob@example.com", True),
        ("O3", "eve@example.com", False),
    ]
    assert bought[0].items == tuple(ItemFact(product_id=f"I{n}", variant_id=f"V{n}", quantity=2) for n in (1, 2))
    assert bought[1].money == OrderMoney(total=Decimal("39.98"), refunded=Decimal("19.99"), currency="USD")
    assert {each.ordered_at for each in bought} == {datetime(2026, 1, 31, 11, tzinfo=UTC)}


async def test_a_subscription_is_made_switched_on_again_and_removed() -> None:
    async with opened(merchant()) as square:
        assert [each.health for each in await square.api.subscriptions(ADDRESS)] == [Health.MISSING] * len(OURS)
        made = await square.api.subscribe(ADDRESS, "")
        assert [(each.topic, each.health) for each in made] == [(topic, Health.ALIVE) for topic in OURS]
        assert await square.api.subscribe(ADDRESS, "") == await square.api.subscriptions(ADDRESS) == made
        assert len(square.merchant.subscriptions) == 1
        square.merchant.subscriptions[0] |= {"enabled": False, "event_types": ["inventory.count.updated", "x.y"]}
        off, missing, *_ = await square.api.subscriptions(ADDRESS)
        assert (off.health, off.why) == (Health.OFF, "Square has it as not enabled.")
        assert missing.health is Health.MISSING
        assert await square.api.subscribe(ADDRESS, "") == made
        assert square.merchant.subscriptions[0]["event_types"] == sorted([*OURS, "x.y"])
        await square.api.unsubscribe("https://elsewhere.example/v1/webhooks/square")
        assert square.merchant.subscriptions
        await square.api.unsubscribe(ADDRESS)
        assert not square.merchant.subscriptions


async def test_a_wrong_token_is_refused_and_never_told() -> None:
    async with opened(merchant(), "a wrong token") as square:
        with pytest.raises(AccessRefused, match="UNAUTHORIZED") as refused:
            await square.api.introduce()
        assert "a wrong token" not in str(refused.value)


async def test_when_too_much_is_asked_it_is_asked_again() -> None:
    limited = merchant()
    limited.too_many = 2
    async with opened(limited) as square:
        assert (await square.api.introduce()).store_id == MERCHANT


async def test_an_answer_of_another_form_is_odd_and_nothing_of_it_is_applied() -> None:
    for broken in (item(1, name=""), item(1, id="not an id!"), item(1, item_data=None)):
        async with opened(SquareMerchant([broken])) as square:
            with pytest.raises(ShopAnswerOdd, match="v2/catalog/list is not as documented"):
                _ = [page async for page in square.api.catalogue()]


@pytest.mark.parametrize(("settings", "secrets"), [({}, {"access_token": "t"}), ({"front_page": "https://a"}, {})])
def test_without_token_or_address_there_is_no_api(settings: dict[str, str], secrets: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="access_token and front_page"):
        SquareApi.over(ShopHttp(), Access(settings, secrets))


async def test_a_page_that_leads_to_itself_is_not_read_for_ever() -> None:
    async with opened(SquareMerchant([item(1)], {("V1", "L1", "IN_STOCK"): "1"}, page=0)) as square:
        with pytest.raises(ShopAnswerOdd, match="leads to itself"):
            [page async for page in square.api.catalogue()]
        square.merchant.page = 100
        await square.api.subscribe(ADDRESS, "")
        square.merchant.page = 0
        with pytest.raises(ShopAnswerOdd, match="leads to itself"):
            await square.api.subscriptions(ADDRESS)
        with pytest.raises(ShopAnswerOdd, match="leads to itself"):
            await square.api.read_back([Watched("I1", "V1")])
