"""PrestaShop's webservice over a real socket: who the shop is, its catalogue, its stock, and what its refusals mean."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.payload import fit
from activities.storefronts.prestashop.api import PrestaShopApi
from activities.storefronts.prestashop.products import (
    LOCATION,
    Combination,
    Known,
    Shop,
    ShopProduct,
    StockRow,
    facts_of,
    stock_by_subject,
)
from activities.storefronts.registry import SHOP_APIS, STOREFRONTS
from activities.storefronts.shop_api import Access, ShopApi, Watched
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopAway, ShopHttp
from schemas.incoming.facts import Fact, Policy, ProductFact, StockFact, VariantFact
from starter.simulated.prestashop.api import KEY, SimulatedPrestaShop
from starter.simulated.server import as_json

PAYLOADS = Path(__file__).parent / "payloads" / "prestashop"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
async def shop() -> AsyncIterator[SimulatedPrestaShop]:
    async with SimulatedPrestaShop().serving() as shop:
        yield shop


@pytest.fixture
async def http() -> AsyncIterator[ShopHttp]:
    http = ShopHttp(private_hosts=True, first_pause=0.001)
    yield http
    await http.aclose()


@pytest.fixture
def api(shop: SimulatedPrestaShop, http: ShopHttp) -> PrestaShopApi:
    return connected(shop, http)


def connected(shop: SimulatedPrestaShop, http: ShopHttp, **settings: str) -> PrestaShopApi:
    return PrestaShopApi.over(http, Access({"url": shop.url} | settings, {"key": KEY}))


def products(facts: Sequence[Fact]) -> dict[str, ProductFact]:
    return {fact.product_id: fact for fact in facts if isinstance(fact, ProductFact)}


def levels(facts: Sequence[Fact]) -> dict[str, int | None]:
    return {fact.inventory_item_id: fact.available for fact in facts if isinstance(fact, StockFact)}


def variants(facts: Sequence[Fact], product_id: str) -> dict[str, VariantFact]:
    return {variant.variant_id: variant for variant in products(facts)[product_id].variants}


# Stored payloads -------------------------------------------------------------------------------------------------

STORED = {"stock_availables_list": {"12-31": 7}}
"""Units by variant: of a product with a combination, the row of no combination is their sum and is no variant."""


@pytest.mark.parametrize("name", sorted(STORED))
def test_every_stored_payload_becomes_what_is_written_here(name: str) -> None:
    rows = json.loads((PAYLOADS / f"{name}.json").read_text())["stock_availables"]
    mug = fit({"id": 12, "associations": {"combinations": [{"id": "31"}]}}, ShopProduct)
    known = Known({"31": fit({"id": 31}, Combination)}, {}, stock_by_subject([fit(row, StockRow) for row in rows]))
    assert levels(facts_of([mug], known, Shop("https://shop.example"), NOW)) == STORED[name]


def test_every_stored_payload_is_in_the_table() -> None:
    assert {file.stem for file in PAYLOADS.glob("*.json")} == set(STORED)


# The shop ---------------------------------------------------------------------------------------------------------


def test_it_is_a_shop_api_and_takes_no_webhooks(api: PrestaShopApi) -> None:
    fulfilled: ShopApi = api
    assert type(fulfilled) in SHOP_APIS
    assert fulfilled.source not in {storefront.source for storefront in STOREFRONTS}
    assert fulfilled.limits.retries == ()


async def test_a_shop_says_who_it_is(shop: SimulatedPrestaShop, api: PrestaShopApi) -> None:
    told = await api.introduce()
    assert (told.name, told.currency, told.front_page) == ("Mugs", "EUR", shop.url)
    assert told.store_id == shop.url.removeprefix("http://")
    assert told.webhook_secret is None
    assert len(told.notes) == 1
    assert await api.subscriptions("https://x") == await api.subscribe("https://x", "s") == ()


async def test_the_whole_catalogue_comes_in_pages(shop: SimulatedPrestaShop, api: PrestaShopApi) -> None:
    for number in range(1, 121):
        shop.add(number, number)
    pages = [page async for page in api.catalogue()]
    assert [(page.read, page.total) for page in pages] == [(50, 120), (100, 120), (120, 120)]
    facts = [fact for page in pages for fact in page.facts]
    assert levels(facts) == {str(number): number for number in range(1, 121)}


async def test_a_shop_without_products_has_an_empty_catalogue(api: PrestaShopApi) -> None:
    assert [(page.facts, page.read, page.total) async for page in api.catalogue()] == [((), 0, 0)]


async def test_a_product_is_told_with_what_shoppers_see(shop: SimulatedPrestaShop, api: PrestaShopApi) -> None:
    shop.add(12, 7, manufacturer_name="Acme")
    shop.prices["12", "0"] = "15.990000"
    asked = datetime.now(UTC)
    match await api.read_back([Watched("12", "12")]):
        case [ProductFact() as product, StockFact() as stock]:
            assert (product.title, product.vendor, product.on_sale) == ("Product 12", "Acme", True)
            assert product.page_url == f"{shop.url}/12-product-12.html"
            assert product.image_url == f"{shop.url}/1012-large_default/product-12.jpg"
            (variant,) = product.variants
            assert (variant.variant_id, variant.sku, variant.price) == ("12", "p-12", Decimal("15.9900"))
            assert (stock.inventory_item_id, stock.location_id, stock.available) == ("12", LOCATION, 7)
            assert asked <= stock.observed_at <= datetime.now(UTC)
        case other:
            pytest.fail(f"not a product and its units: {other}")


async def test_combinations_are_variants_and_never_another_product(
    shop: SimulatedPrestaShop, api: PrestaShopApi
) -> None:
    shop.add(12, combinations={31: 4, 32: -2})
    shop.add(31, 9)
    shop.prices["12", "32"] = "25.000000"
    facts = await api.read_back([Watched("12", "12-31"), Watched("31", "31")])
    assert levels(facts) == {"12-31": 4, "12-32": -2, "31": 9}
    told = variants(facts, "12")
    assert [(variant.title, variant.sku) for variant in told.values()] == [("Size 31", "ref-31"), ("Size 32", "ref-32")]
    assert [variant.price for variant in told.values()] == [Decimal("19.2000"), Decimal("25.0000")]
    assert products(facts)["12"].all_variant_ids == {"12-31", "12-32"}


async def test_a_combination_that_a_list_left_out_is_told_nothing_of(
    shop: SimulatedPrestaShop, api: PrestaShopApi
) -> None:
    shop.add(12, combinations={31: 4, 32: 1})
    shop.rows["combinations"] = [row for row in shop.rows["combinations"] if row["id"] != 31]
    facts = await api.read_back([Watched("12")])
    assert set(variants(facts, "12")) == {"12-32"}
    assert products(facts)["12"].all_variant_ids is None


@pytest.mark.parametrize(
    ("out_of_stock", "by_default", "policy"),
    [
        ("0", "1", Policy.DENY),
        ("1", "0", Policy.CONTINUE),
        ("2", "0", Policy.DENY),
        ("2", "1", Policy.CONTINUE),
    ],
)
async def test_what_is_sold_at_zero_is_said_of_it_or_of_the_shop(
    shop: SimulatedPrestaShop, api: PrestaShopApi, out_of_stock: str, by_default: str, policy: Policy
) -> None:
    shop.configure(PS_ORDER_OUT_OF_STOCK=by_default)
    shop.add(12, out_of_stock=out_of_stock)
    assert variants(await api.read_back([Watched("12")]), "12")["12"].policy is policy


async def test_a_setting_of_the_shop_goes_before_that_of_all(shop: SimulatedPrestaShop, http: ShopHttp) -> None:
    shop.configure(PS_ORDER_OUT_OF_STOCK="0")
    shop.configure(shop="1", PS_ORDER_OUT_OF_STOCK="1")
    shop.configure(shop="3", PS_ORDER_OUT_OF_STOCK="0")
    shop.add(12)
    facts = await connected(shop, http).read_back([Watched("12")])
    assert variants(facts, "12")["12"].policy is Policy.CONTINUE


async def test_a_shop_that_keeps_no_stock_counts_no_units(shop: SimulatedPrestaShop, api: PrestaShopApi) -> None:
    shop.configure(PS_STOCK_MANAGEMENT="0")
    shop.add(12, 7)
    facts = await api.read_back([Watched("12")])
    assert levels(facts) == {"12": None}
    assert variants(facts, "12")["12"].tracked is False
    assert [note for note in (await api.introduce()).notes if "keeps no stock" in note]


@pytest.mark.parametrize("changes", [{"active": "0"}, {"available_for_order": "0"}])
async def test_what_cannot_be_ordered_is_not_on_sale(
    shop: SimulatedPrestaShop, api: PrestaShopApi, changes: dict[str, Any]
) -> None:
    shop.add(12, 7, **changes)
    assert not products(await api.read_back([Watched("12")]))["12"].on_sale


async def test_one_shop_of_several_is_read_alone(shop: SimulatedPrestaShop, http: ShopHttp) -> None:
    address = {"id": 2, "id_shop": "3", "active": "1", "main": "1", "domain": "b", "domain_ssl": "b.example"}
    shop.rows["shop_urls"].append(address | {"physical_uri": "/shop/", "virtual_uri": "de/"})
    shop.add(12, 7, shops=["1"])
    shop.add(13, 8, shops=["3"])
    api = connected(shop, http, shop_id="3")
    assert (await api.introduce()).store_id == "b.example/shop/de"
    assert levels([fact async for page in api.catalogue() for fact in page.facts]) == {"13": 8}
    assert all("id_shop=3" in asked for asked in shop.asked)
    with pytest.raises(ShopAnswerOdd, match="no shop of the number"):
        await connected(shop, http, shop_id="4").introduce()


async def test_texts_are_in_the_shops_language(shop: SimulatedPrestaShop, api: PrestaShopApi) -> None:
    shop.languages = ("1", "2")
    shop.configure(PS_LANG_DEFAULT="2")
    shop.add(12, combinations={31: 1})
    facts = await api.read_back([Watched("12")])
    assert products(facts)["12"].title == "Product 12 (2)"
    assert variants(facts, "12")["12-31"].title == "Size 31 (2)"


async def test_without_words_in_addresses_a_page_has_the_one_that_is_always_understood(
    shop: SimulatedPrestaShop, api: PrestaShopApi
) -> None:
    shop.configure(PS_REWRITING_SETTINGS="0")
    shop.add(12, 7)
    product = products(await api.read_back([Watched("12")]))["12"]
    assert product.page_url == f"{shop.url}/index.php?controller=product&id_product=12"
    assert product.image_url is None


async def test_what_the_shop_has_no_more_is_gone_and_what_a_list_left_out_is_not(
    shop: SimulatedPrestaShop, api: PrestaShopApi
) -> None:
    shop.add(12, 7)
    shop.hides[12] = 1
    facts = await api.read_back([Watched("12"), Watched("13"), Watched("no id of PrestaShop's")])
    assert [(fact.kind, getattr(fact, "product_id", None)) for fact in facts] == [("product_gone", "13")]


async def test_for_fifty_products_are_few_calls(shop: SimulatedPrestaShop, api: PrestaShopApi) -> None:
    for number in range(1, 51):
        shop.add(number, number)
    await api.read_back([Watched(str(number)) for number in range(1, 51)])
    assert len(shop.asked) == 4


# Refusals ----------------------------------------------------------------------------------------------------------


async def test_a_wrong_key_is_refused_and_not_quoted(shop: SimulatedPrestaShop, http: ShopHttp) -> None:
    api = PrestaShopApi.over(http, Access({"url": shop.url}, {"key": "WR0NGWR0NG"}))
    with pytest.raises(AccessRefused) as refused:
        await api.introduce()
    assert "WR0NGWR0NG" not in str(refused.value)


@pytest.mark.parametrize("resource", ["products", "combinations", "product_option_values", "stock_availables"])
async def test_what_the_key_may_not_read_is_named_when_the_shop_is_connected(
    shop: SimulatedPrestaShop, api: PrestaShopApi, resource: str
) -> None:
    shop.allowed.remove(resource)
    with pytest.raises(AccessRefused, match=f"may not read {resource}"):
        await api.introduce()


async def test_a_busy_shop_is_asked_again_and_one_that_stays_so_is_away(
    shop: SimulatedPrestaShop, api: PrestaShopApi
) -> None:
    shop.first.append(as_json({}, 503))
    assert (await api.introduce()).name == "Mugs"
    shop.first.extend(as_json({}, 503) for _ in range(4))
    with pytest.raises(ShopAway):
        await api.read_back([Watched("12")])


async def test_a_shop_that_leads_elsewhere_says_so(shop: SimulatedPrestaShop, api: PrestaShopApi) -> None:
    shop.first.append(as_json({}, 302, Location="https://www.shop.example/"))
    with pytest.raises(ShopAnswerOdd, match="leads elsewhere"):
        await api.introduce()


@pytest.mark.parametrize("answer", [[{"id": 12}], {"products": {"id": 12}}, {"products": [{"id": "x"}]}, "x", {}])
async def test_an_odd_answer_is_an_error_and_never_a_product_that_is_gone(
    shop: SimulatedPrestaShop, api: PrestaShopApi, answer: object
) -> None:
    shop.add(12, 7)
    for resource in ("configurations", "shop_urls"):
        shop.first.append(as_json({resource: [_shown(shop, resource)]}))
    shop.first.append(as_json(answer))
    with pytest.raises(ShopAnswerOdd):
        await api.read_back([Watched("12")])


def _shown(shop: SimulatedPrestaShop, resource: str) -> dict[str, Any]:
    if resource == "configurations":
        return shop.rows[resource][0]
    host = shop.url.removeprefix("http://")
    return {"id": 1, "id_shop": "1", "active": "1", "main": "1", "domain_ssl": host, "physical_uri": "/"}


@pytest.mark.parametrize(
    ("settings", "secrets", "named"),
    [
        ({"url": "shop.example"}, {"key": KEY}, "url"),
        ({"url": "https://shop.example", "shop_id": "0"}, {"key": KEY}, "shop_id"),
        ({"url": "https://shop.example"}, {}, "key"),
        ({"url": "https://shop.example"}, {"key": "a:b\n"}, "key"),
    ],
)
def test_a_setting_of_no_use_is_named(settings: dict[str, str], secrets: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}:"):
        PrestaShopApi.over(ShopHttp(), Access(settings, secrets))


@pytest.mark.parametrize("question", PrestaShopApi.questions, ids=lambda question: question.name)
def test_what_is_taken_where_nothing_is_said_fits(question: Any) -> None:
    assert question.default is None or re.fullmatch(question.pattern, question.default) is not None


ROWS = st.fixed_dictionaries(
    {"quantity": st.integers(-50, 50), "out_of_stock": st.sampled_from(["0", "1", "2", 0, 1, 2, None])}
)


@given(rows=st.dictionaries(st.integers(1, 9), ROWS), sells_at_zero=st.booleans(), counts=st.booleans())
def test_every_variant_can_be_bought_exactly_if_the_shop_would_sell_it(
    rows: dict[int, dict[str, Any]], sells_at_zero: bool, counts: bool
) -> None:
    product = fit({"id": 12, "associations": {"combinations": [{"id": id_} for id_ in rows]}}, ShopProduct)
    combinations = {str(id_): fit({"id": id_}, Combination) for id_ in rows}
    stock = [fit({"id_product": 12, "id_product_attribute": id_} | row, StockRow) for id_, row in rows.items()]
    shop = Shop("https://shop.example", sells_at_zero=sells_at_zero, counts=counts)
    facts = facts_of([product], Known(combinations, {}, stock_by_subject(stock)), shop, NOW)
    for id_, row in rows.items():
        variant, units = variants(facts, "12")[f"12-{id_}"], levels(facts)[f"12-{id_}"]
        buyable = units is None or units > 0 or variant.policy is Policy.CONTINUE
        at_zero = str(row["out_of_stock"]) == "1" or (str(row["out_of_stock"]) != "0" and sells_at_zero)
        assert buyable == (not counts or row["quantity"] > 0 or at_zero)
