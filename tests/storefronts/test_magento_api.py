"""Magento's API over a real socket: who the shop is, its catalogue, what is salable, and what its refusals mean."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from activities.storefronts.magento.api import MagentoApi
from activities.storefronts.magento.products import HTML, Site
from activities.storefronts.shop_api import Access, ShopApi, Watched
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopAway, ShopHttp
from schemas.incoming.facts import Fact, Policy, ProductFact, ProductGoneFact, StockFact, VariantFact
from starter.simulated.magento.api import SimulatedMagento
from starter.simulated.server import as_json
from tests.storefronts.commerce import EVENTS_SECRET


@pytest.fixture
async def shop() -> AsyncIterator[SimulatedMagento]:
    async with SimulatedMagento().serving() as shop:
        yield shop


@pytest.fixture
async def http() -> AsyncIterator[ShopHttp]:
    http = ShopHttp(private_hosts=True, first_pause=0.001)
    yield http
    await http.aclose()


@pytest.fixture
def api(shop: SimulatedMagento, http: ShopHttp) -> MagentoApi:
    return connected(shop, http)


def connected(shop: SimulatedMagento, http: ShopHttp, *, keys: str = "", **settings: str) -> MagentoApi:
    return MagentoApi.over(http, Access({"url": f"{shop.url}/"} | settings, {"token": shop.token, "keys": keys}))


async def catalogue(api: MagentoApi) -> list[Fact]:
    return [fact async for page in api.catalogue() for fact in page.facts]


def products(facts: Sequence[Fact]) -> dict[str, ProductFact]:
    return {fact.product_id: fact for fact in facts if isinstance(fact, ProductFact)}


def levels(facts: Sequence[Fact]) -> dict[str, int | None]:
    found = [fact for fact in facts if isinstance(fact, StockFact)]
    assert len({fact.inventory_item_id for fact in found}) == len(found), "an item is told of twice"
    return {fact.inventory_item_id: fact.available for fact in found}


def variants(facts: Sequence[Fact], product_id: str) -> dict[str, VariantFact]:
    return {variant.variant_id: variant for variant in products(facts)[product_id].variants}


def configurable(shop: SimulatedMagento, **of_parts: Any) -> None:
    """A mug in two colours, which have no pages of their own."""
    shop.add(21, "mug", "configurable", extension_attributes={"configurable_product_links": [31, 32]}, name="Mug")
    for id_, colour in ((31, "Blue"), (32, "Red, dark")):
        changes: dict[str, Any] = {"name": f"Mug-{colour}", "visibility": 1} | of_parts
        shop.add(id_, f"mug/{colour}", **changes)
    shop.salable |= {"mug": (0, True), "mug/Blue": (4.5, True), "mug/Red, dark": (0, False)}


def test_it_is_a_shop_api(api: MagentoApi) -> None:
    fulfilled: ShopApi = api
    assert fulfilled.limits.retries[-1].days == 1


async def test_a_shop_says_who_it_is(shop: SimulatedMagento, http: ShopHttp) -> None:
    told = await connected(shop, http, keys=EVENTS_SECRET).introduce()
    assert (told.name, told.currency, told.front_page) == ("Mugs", "EUR", shop.url)
    assert told.store_id == shop.url.removeprefix("http://")
    assert told.webhook_secret == EVENTS_SECRET.strip()
    assert told.notes == ()
    assert EVENTS_SECRET not in repr(told)


async def test_a_shop_of_plain_magento_is_said_to_be_polled(api: MagentoApi) -> None:
    told = await api.introduce()
    assert told.webhook_secret is None
    assert [note for note in told.notes if "asked for" in note]
    assert await api.subscriptions("https://x") == await api.subscribe("https://x", "s") == ()


async def test_the_whole_catalogue_comes_in_pages_by_id(shop: SimulatedMagento, api: MagentoApi) -> None:
    for number in range(1, 251):
        shop.add(number, f"sku-{number}")
        shop.salable[f"sku-{number}"] = (number, True)
    pages = [page async for page in api.catalogue()]
    assert [(page.read, page.total) for page in pages] == [(100, 250), (200, 250), (250, 250)]
    facts = [fact for page in pages for fact in page.facts]
    assert levels(facts) == {str(number): number for number in range(1, 251)}
    assert len(products(facts)) == 250


async def test_a_catalogue_that_ends_with_a_page_ends(shop: SimulatedMagento, api: MagentoApi) -> None:
    for number in range(1, 101):
        shop.add(number, f"sku-{number}")
    assert [(page.read, page.total) async for page in api.catalogue()] == [(100, 100), (100, 100)]


async def test_a_product_is_told_with_what_shoppers_see(shop: SimulatedMagento, api: MagentoApi) -> None:
    sale = {"special_price": "15.000000", "special_from_date": "2020-01-01 00:00:00"}
    shop.add(21, "24/MB 01, blue", attributes=sale, price=19.99)
    shop.salable["24/MB 01, blue"] = (7, True)
    asked = datetime.now(UTC)
    match await api.read_back([Watched("21", "21")]):
        case [ProductFact() as product, StockFact() as stock]:
            assert (product.title, product.handle, product.page_url) == ("Product 21", "p-21", None)
            assert product.image_url == f"{shop.url}/media/catalog/product/m/b/mb01.jpg"
            assert product.on_sale
            assert product.all_variant_ids == {"21"}
            (variant,) = product.variants
            assert (variant.sku, variant.price) == ("24/MB 01, blue", Decimal("15.0000"))
            assert (stock.inventory_item_id, stock.available) == ("21", 7)
            assert product.observed_at == stock.observed_at
            assert asked <= stock.observed_at <= datetime.now(UTC)
        case other:
            pytest.fail(f"not a product and its units: {other}")


async def test_another_ending_of_addresses_is_the_shops_own_word(shop: SimulatedMagento, http: ShopHttp) -> None:
    shop.add(21, "mug")
    api = connected(shop, http, url_suffix="")
    assert products(await api.read_back([Watched("21")]))["21"].page_url == f"{shop.url}/p-21"


@pytest.mark.parametrize(
    ("exported", "available", "policy"),
    [
        ((4.5, True), 4, Policy.DENY),
        ((0, False), 0, Policy.DENY),
        ((5, False), 0, Policy.DENY),
        ((-3, True), -3, Policy.CONTINUE),
        ((0, True), 0, Policy.CONTINUE),
        (None, 0, Policy.DENY),
    ],
)
async def test_what_is_salable_is_units_and_policy(
    shop: SimulatedMagento, api: MagentoApi, exported: tuple[float, bool] | None, available: int, policy: Policy
) -> None:
    shop.add(21, "mug")
    if exported is not None:
        shop.salable["mug"] = exported
    facts = await api.read_back([Watched("21")])
    assert levels(facts) == {"21": available}
    assert variants(facts, "21")["21"].policy is policy


async def test_a_configurable_product_is_its_parts(shop: SimulatedMagento, api: MagentoApi) -> None:
    configurable(shop)
    for facts in (await catalogue(api), await api.read_back([Watched("21", "31"), Watched("21", "32")])):
        assert set(products(facts)) == {"21"}
        told = variants(facts, "21")
        assert {id_: variant.title for id_, variant in told.items()} == {"31": "Blue", "32": "Red, dark"}
        assert [variant.inventory_item_id for variant in told.values()] == ["31", "32"]
        assert products(facts)["21"].all_variant_ids == {"31", "32"}
        assert levels(facts) == {"31": 4, "32": 0}


async def test_a_part_that_is_sold_by_itself_is_a_variant_by_both_ids(shop: SimulatedMagento, api: MagentoApi) -> None:
    configurable(shop, visibility=4)
    facts = await catalogue(api)
    assert set(products(facts)) == {"21", "31", "32"}
    assert set(variants(facts, "21")) == {"21-31", "21-32"}
    assert set(variants(facts, "31")) == {"31"}
    assert levels(facts) == {"31": 4, "32": 0}


@pytest.mark.parametrize("changes", [{"status": 2}, {"extension_attributes": {"website_ids": [2]}}])
async def test_a_part_that_is_not_sold_is_no_variant(
    shop: SimulatedMagento, api: MagentoApi, changes: dict[str, Any]
) -> None:
    configurable(shop)
    hidden: dict[str, Any] = {"name": "Mug-Blue", "visibility": 1} | changes
    shop.add(31, "mug/Blue", **hidden)
    facts = await api.read_back([Watched("21")])
    assert set(variants(facts, "21")) == {"32"}
    assert products(facts)["21"].all_variant_ids == {"32"}


async def test_a_part_that_a_list_left_out_is_told_nothing_of(shop: SimulatedMagento, api: MagentoApi) -> None:
    configurable(shop)
    shop.hides[31] = 1
    facts = await api.read_back([Watched("21")])
    assert set(variants(facts, "21")) == {"32"}
    assert products(facts)["21"].all_variant_ids is None
    assert levels(facts) == {"32": 0}


async def test_a_grouped_product_is_its_parts_whatever_their_skus(shop: SimulatedMagento, api: MagentoApi) -> None:
    skus = ["a,b", 'c"d', "e/f", "g h+i&j", "ü"]
    links = [{"link_type": "associated", "linked_product_sku": sku} for sku in skus]
    shop.add(50, "set", "grouped", product_links=[*links, {"link_type": "related", "linked_product_sku": "other"}])
    for id_, sku in enumerate(skus, 31):
        shop.add(id_, sku)
        shop.salable[sku] = (id_, True)
    shop.add(99, "other")
    facts = await api.read_back([Watched("50")])
    assert set(variants(facts, "50")) == {f"50-{id_}" for id_ in range(31, 36)}
    assert levels(facts) == {str(id_): id_ for id_ in range(31, 36)}


@pytest.mark.parametrize(("sold", "available"), [(True, None), (False, 0)])
async def test_of_a_bundle_counts_whether_the_shop_sells_it(
    shop: SimulatedMagento, api: MagentoApi, sold: bool, available: int | None
) -> None:
    shop.add(60, "bundle", "bundle")
    shop.salable["bundle"] = (0, sold)
    facts = await api.read_back([Watched("60")])
    assert set(variants(facts, "60")) == {"60"}
    assert levels(facts) == {"60": available}


async def test_what_has_no_page_or_is_disabled_or_elsewhere_is_not_on_sale(
    shop: SimulatedMagento, api: MagentoApi
) -> None:
    shop.add(1, "hidden", visibility=1)
    shop.add(2, "disabled", status=2)
    shop.add(3, "elsewhere", extension_attributes={"website_ids": [2]})
    facts = await api.read_back([Watched(id_) for id_ in "123"])
    assert [product.on_sale for product in products(facts).values()] == [False] * 3
    assert set(products(await catalogue(api))) == {"2", "3"}


async def test_what_the_shop_has_no_more_is_gone_and_what_a_list_left_out_is_not(
    shop: SimulatedMagento, api: MagentoApi
) -> None:
    shop.add(21, "mug")
    shop.hides[21] = 1
    facts = await api.read_back([Watched("21"), Watched("22"), Watched("no id of Magento's")])
    assert [(fact.kind, getattr(fact, "product_id", None)) for fact in facts] == [("product_gone", "22")]
    assert isinstance(facts[0], ProductGoneFact)


async def test_for_a_hundred_products_are_few_calls(shop: SimulatedMagento, api: MagentoApi) -> None:
    for number in range(1, 301):
        shop.add(number, f"sku-{number}")
    await api.introduce()
    shop.asked.clear()
    await api.read_back([Watched(str(number)) for number in range(1, 301)])
    assert len(shop.asked) == 6


# Without salable quantities ----------------------------------------------------------------------------------------


async def test_a_shop_without_salable_quantities_tells_its_stock_items(shop: SimulatedMagento, api: MagentoApi) -> None:
    shop.has_export = False
    shop.add(21, "mug, blue")
    shop.add(22, "on/order")
    shop.add(23, "set", "bundle")
    item = {"item_id": 1, "is_in_stock": True, "manage_stock": True}
    shop.items["mug, blue"] = item | {"product_id": 21, "qty": 5.5, "min_qty": 2, "backorders": 0}
    shop.items["on/order"] = item | {"product_id": 22, "qty": 3, "min_qty": 0, "backorders": 1}
    shop.items["set"] = item | {"product_id": 23, "qty": 0, "min_qty": 0, "backorders": 0, "is_in_stock": False}
    facts = await catalogue(api)
    # Of the one with a slash in its SKU the web server lets nothing through, so nothing is said of its units.
    assert levels(facts) == {"21": 3, "23": 0}
    assert set(products(facts)) == {"21", "22", "23"}
    assert [note for note in (await api.introduce()).notes if "stock items" in note]


async def test_a_stock_item_is_asked_for_only_of_what_has_units(shop: SimulatedMagento, api: MagentoApi) -> None:
    shop.has_export = False
    configurable(shop)
    shop.items["mug/Blue"] = {"qty": 1}
    await catalogue(api)
    assert [asked for asked in shop.asked if "stockItems/mug?" in asked] == []


# Refusals ----------------------------------------------------------------------------------------------------------


async def test_a_wrong_token_is_refused_and_says_what_to_look_at(shop: SimulatedMagento, http: ShopHttp) -> None:
    api = MagentoApi.over(http, Access({"url": shop.url}, {"token": "wr0ng"}))
    with pytest.raises(AccessRefused, match="standalone Bearer tokens") as refused:
        await api.introduce()
    assert "wr0ng" not in str(refused.value)


async def test_a_lacking_permission_is_named(shop: SimulatedMagento, api: MagentoApi) -> None:
    shop.lacks = "Magento_InventoryApi::stock"
    with pytest.raises(AccessRefused, match=r"lacks access to Magento_InventoryApi::stock"):
        await api.introduce()


async def test_a_busy_shop_is_asked_again_and_one_that_stays_so_is_away(
    shop: SimulatedMagento, api: MagentoApi
) -> None:
    shop.first.append(as_json({}, 429, **{"Retry-After": "0"}))
    assert (await api.introduce()).name == "Mugs"
    shop.first.extend(as_json({}, 503) for _ in range(4))
    with pytest.raises(ShopAway):
        await api.read_back([Watched("21")])


async def test_a_shop_that_leads_elsewhere_says_so(shop: SimulatedMagento, api: MagentoApi) -> None:
    shop.first.append(as_json({}, 301, Location="https://www.shop.example/"))
    with pytest.raises(ShopAnswerOdd, match="leads elsewhere"):
        await api.introduce()


async def test_a_website_that_is_not_there_is_said_so(shop: SimulatedMagento, http: ShopHttp) -> None:
    with pytest.raises(ShopAnswerOdd, match="no website of the code"):
        await connected(shop, http, website="other").introduce()


@pytest.mark.parametrize(
    "answer",
    [
        {"items": [{"id": 1}], "total_count": 1},
        {"items": [{"id": "x", "sku": "a"}], "total_count": 1},
        {"items": {"1": {}}},
        [],
        "x",
    ],
)
async def test_an_odd_answer_is_an_error_and_never_a_product_that_is_gone(
    shop: SimulatedMagento, api: MagentoApi, answer: object
) -> None:
    await api.introduce()
    shop.first.append(as_json(answer))
    with pytest.raises(ShopAnswerOdd):
        await api.read_back([Watched("21")])


async def test_a_list_of_products_that_is_not_there_is_no_empty_one(shop: SimulatedMagento, api: MagentoApi) -> None:
    await api.introduce()
    shop.first.append(as_json({}, 404))
    with pytest.raises(ShopAnswerOdd):
        await api.read_back([Watched("21")])


@pytest.mark.parametrize(
    ("settings", "secrets", "named"),
    [
        ({"url": "shop.example"}, {"token": "t"}, "url"),
        ({"url": "https://shop.example?x=1"}, {"token": "t"}, "url"),
        ({"url": "https://shop.example", "website": "../x"}, {"token": "t"}, "website"),
        ({"url": "https://shop.example"}, {}, "token"),
        ({"url": "https://shop.example"}, {"token": "a\nb"}, "token"),
        ({"url": "https://shop.example"}, {"token": "t", "keys": "no key"}, "keys"),
    ],
)
def test_a_setting_of_no_use_is_named(settings: dict[str, str], secrets: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}:"):
        MagentoApi.over(ShopHttp(), Access(settings, secrets))


@pytest.mark.parametrize("question", MagentoApi.questions, ids=lambda question: question.name)
def test_what_is_taken_where_nothing_is_said_fits(question: Any) -> None:
    assert question.default is None or re.fullmatch(question.pattern, question.default) is not None
    assert question.name != "keys" or re.fullmatch(question.pattern, EVENTS_SECRET) is not None


def test_a_site_has_the_ending_of_addresses_that_magento_has() -> None:
    assert Site("1", "default", "Mugs", "https://shop.example", "EUR", None).suffix == HTML
