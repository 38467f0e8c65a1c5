"""Wix's API, over HTTP to a site that answers as Wix documents it, with the catalogue V1 and with V3."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from activities.storefronts.shop_api import Access, Introduction, Renewed, Watched
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopHttp
from activities.storefronts.wix.api import WixApi
from activities.storefronts.wix.questions import BY_HAND
from schemas.incoming.facts import Fact, ProductFact, ProductGoneFact, StockFact, StoreFact, VariantFact
from starter.simulated.wix.api import API_KEY, APP, INSTANCE, NO_VARIANT, SECRET, SITE, WixSite

NOW = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
COUNTED = "00000000-0000-0001-0005-918e4641acb0"
EUROS = StoreFact(currency="EUR", observed_at=NOW)
BY_APP = {"app_id": APP, "instance_id": INSTANCE, "public_key": "-----BEGIN PUBLIC KEY-----"}


@dataclass
class Open:
    site: WixSite
    api: WixApi


@asynccontextmanager
async def opened(
    site: WixSite, secrets: dict[str, str] | None = None, settings: dict[str, str] | None = None
) -> AsyncGenerator[Open]:
    async with site.serving():
        http = ShopHttp(private_hosts=True, first_pause=0.001)
        known = secrets or {"app_secret": SECRET, "access_token": site.token}
        access = Access({**(settings or BY_APP), "api": site.url}, known, NOW + timedelta(hours=1))
        try:
            yield Open(site, WixApi(http, access, lambda: NOW))
        finally:
            await http.aclose()


def product(number: int, **changes: Any) -> dict[str, Any]:
    base = {
        "id": f"p-{number}",
        "name": "Mug",
        "slug": f"mug-{number}",
        "numericId": str(1598904314932014 + number),
        "visible": True,
        "currency": "EUR",
        "url": {"relativePath": "/product-page/mug", "url": f"https://shop.example/product-page/mug-{number}"},
        "media": {"main": {"image": {"url": "https://static.example/mug.jpg"}}},
    }
    return base | changes


def v3() -> WixSite:
    """Three products; the first has two variants, of which one is kept at two locations."""

    def variant(product: int, name: str, amount: str, *choices: str) -> dict[str, Any]:
        named = [{"optionChoiceNames": {"optionName": "Size", "choiceName": choice}} for choice in choices]
        price = {"actualPrice": {"amount": amount}}
        return {"id": name, "price": price, "optionChoices": named, "productData": {"productId": f"p-{product}"}}

    def stock(product: int, variant: str, location: str, **said: object) -> dict[str, Any]:
        return {"productId": f"p-{product}", "variantId": variant, "locationId": location, **said}

    return WixSite(
        products=[product(1), product(2), product(3, visible=False)],
        variants=[
            variant(1, "v-1", "19.99", "Small"),
            variant(1, "v-2", "21", "Large"),
            variant(2, NO_VARIANT, "5"),
            variant(3, "v-3", "6"),
        ],
        stock=[
            stock(1, "v-1", "l-1", trackQuantity=True, quantity=5),
            stock(1, "v-1", "l-2", trackQuantity=True, quantity=-1),
            stock(1, "v-2", "l-1", trackQuantity=False, inStock=True),
            stock(2, NO_VARIANT, "l-1", trackQuantity=False, inStock=False),
        ],
    )


def level(item: str, location: str, available: int | None) -> StockFact:
    return StockFact(inventory_item_id=item, location_id=location, available=available, observed_at=NOW)


def of(variant_id: str, price: str, title: str = "") -> VariantFact:
    return VariantFact(variant_id=variant_id, inventory_item_id=variant_id, title=title, price=Decimal(price))


async def test_an_app_is_given_a_token_before_its_own_ends() -> None:
    async with opened(v3()) as wix:
        assert await wix.api.renewed(NOW) is None
        expected = Renewed({"access_token": "a token"}, NOW + timedelta(hours=4, minutes=56))
        assert await wix.api.renewed(NOW + timedelta(minutes=56)) == expected
    async with opened(v3(), {"app_secret": SECRET}) as wix:
        assert await wix.api.renewed(NOW) == Renewed({"access_token": "a token"}, NOW + timedelta(hours=4))
    async with opened(v3(), {"app_secret": "another"}) as wix:
        with pytest.raises(AccessRefused, match="no such app, secret or instance") as refused:
            await wix.api.renewed(NOW)
        assert "another" not in str(refused.value)


async def test_the_site_introduces_itself_by_the_apps_instance() -> None:
    async with opened(v3()) as wix:
        assert await wix.api.introduce() == Introduction(
            store_id=INSTANCE.lower(),
            name="Mugs",
            front_page="https://shop.example",
            currency="EUR",
            webhook_secret=BY_APP["public_key"],
            notes=("The site has the catalogue V3.",),
            by_hand=BY_HAND,
        )


async def test_with_an_api_key_the_site_goes_by_its_own_id_and_is_polled() -> None:
    settings = {"site_id": SITE, "front_page": "https://shop.example/"}
    async with opened(v3(), {"api_key": API_KEY}, settings) as wix:
        told = await wix.api.introduce()
        assert (told.store_id, told.front_page, told.webhook_secret) == (SITE, "https://shop.example", None)
        assert (told.sends, told.by_hand) == (False, None)
        assert "the site is asked every while instead" in told.notes[1]
        assert await wix.api.renewed(NOW) is None


async def test_the_catalogue_v3_is_products_variants_and_stock() -> None:
    async with opened(v3()) as wix:
        pages = [page async for page in wix.api.catalogue()]
    assert [page.read for page in pages] == [2, 3]
    assert pages[0].facts == (
        ProductFact(
            product_id="p-1",
            title="Mug",
            handle="mug-1",
            page_url="https://shop.example/product-page/mug-1",
            image_url="https://static.example/mug.jpg",
            on_sale=True,
            variants=(of("v-1", "19.99", "Small"), of("v-2", "21", "Large")),
            all_variant_ids=frozenset({"v-1", "v-2"}),
            observed_at=NOW,
        ),
        EUROS,
        ProductFact(
            product_id="p-2",
            title="Mug",
            handle="mug-2",
            page_url="https://shop.example/product-page/mug-2",
            image_url="https://static.example/mug.jpg",
            on_sale=True,
            variants=(of("p-2", "5"),),
            all_variant_ids=frozenset({"p-2"}),
            observed_at=NOW,
        ),
        EUROS,
        level("v-1", "l-1", 5),
        level("v-1", "l-2", -1),
        level("v-2", "l-1", None),
        level("p-2", "l-1", 0),
    )
    (hidden, *_) = pages[1].facts
    assert isinstance(hidden, ProductFact)
    assert not hidden.on_sale


def v1() -> WixSite:
    """Two products; the first without options, the second with two variants."""
    price = {"currency": "EUR", "price": 10, "discountedPrice": 8.5}
    page = {"base": "https://shop.example/", "path": "/product-page/mug-1"}
    plain = product(
        1, priceData=price, productPageUrl=page, stock={"trackInventory": True, "quantity": 4, "inStock": True}
    )
    variants: list[dict[str, Any]] = [
        {"id": COUNTED, "choices": {"Size": "Small"}, "variant": {"priceData": price, "sku": "S", "visible": True}},
        {"id": "v-9", "choices": {"Size": "Large"}, "variant": {"visible": False}},
    ]
    variants[0]["stock"] = {"trackQuantity": False, "inStock": True}
    items = [
        {"productId": "p-1", "variants": [{"variantId": NO_VARIANT, "inStock": False, "quantity": 3}]},
        {"productId": "p-2", "variants": [{"variantId": COUNTED, "inStock": True}]},
    ]
    return WixSite("V1_CATALOG", [plain, product(2, priceData=price, variants=variants)], stock=items)


async def test_the_catalogue_v1_has_stock_and_prices_in_its_products() -> None:
    async with opened(v1()) as wix:
        (page,) = [page async for page in wix.api.catalogue()]
    first, second = [fact for fact in page.facts if isinstance(fact, ProductFact)]
    assert first.page_url == "https://shop.example/product-page/mug-1"
    assert first.variants == (of("p-1", "8.5"),)
    name = f"p-2-{COUNTED}"
    assert second.all_variant_ids == {name}
    assert [(each.variant_id, each.title, each.sku) for each in second.variants] == [(name, "Small", "S")]
    assert [fact for fact in page.facts if isinstance(fact, StockFact)] == [
        level("p-1", "store", 4),
        level(name, "store", None),
    ]


async def test_a_large_catalogue_v1_is_turned_over_by_the_numbers_of_its_products() -> None:
    many = [product(number) for number in reversed(range(1, 251))]
    async with opened(WixSite("V1_CATALOG", many)) as wix:
        pages = [page async for page in wix.api.catalogue()]
    assert [page.read for page in pages] == [100, 200, 250]
    told = [fact.product_id for page in pages for fact in page.facts if isinstance(fact, ProductFact)]
    assert told == [f"p-{number}" for number in range(1, 251)]


async def test_a_site_that_says_its_first_page_again_and_again_is_odd() -> None:
    site = WixSite("V1_CATALOG", [product(1) for _ in range(100)])
    site.numbered = False
    async with opened(site) as wix:
        with pytest.raises(ShopAnswerOdd, match="the order of its numbers"):
            _ = [page async for page in wix.api.catalogue()]


@pytest.mark.parametrize(
    ("site", "known", "price"),
    [
        (v3(), [level("v-1", "l-1", 5), level("v-1", "l-2", -1), level("v-2", "l-1", None)], "19.99"),
        (v1(), [level("p-1", "store", 0)], "8.5"),
    ],
    ids=["V3", "V1"],
)
async def test_what_is_waited_for_is_read_back_with_its_price_and_what_is_gone_says_so(
    site: WixSite, known: list[Fact], price: str
) -> None:
    async with opened(site) as wix:
        facts = await wix.api.read_back([Watched("p-1", "v-1"), Watched("p-1", "v-2"), Watched("p-9")])
        told, *others = facts
        assert isinstance(told, ProductFact)
        assert (told.product_id, told.variants[0].price) == ("p-1", Decimal(price))
        assert others == [EUROS, *known, ProductGoneFact(product_id="p-9", observed_at=NOW)]
        assert not await wix.api.read_back([])


async def test_there_are_no_subscriptions_to_ask_for() -> None:
    async with opened(v3()) as wix:
        address = "https://shelftalk.example/v1/webhooks/wix"
        assert not await wix.api.subscribe(address, "")
        assert not await wix.api.subscriptions(address)
        await wix.api.unsubscribe(address)
        assert not wix.site.calls


async def test_a_permission_that_is_missing_is_named_and_a_token_never() -> None:
    site = v3()
    site.forbidden = "stores/v3/inventory-items/query"
    async with opened(site) as wix:
        with pytest.raises(AccessRefused, match="the permission for stores/v3/inventory-items/query"):
            await wix.api.read_back([Watched("p-1")])
    async with opened(v3(), {"app_secret": SECRET, "access_token": "an old one"}) as wix:
        with pytest.raises(AccessRefused) as refused:
            await wix.api.introduce()
        assert "an old one" not in str(refused.value)


async def test_a_site_without_the_shop_or_without_an_address_cannot_be_connected() -> None:
    async with opened(WixSite("STORES_NOT_INSTALLED")) as wix:
        with pytest.raises(AccessRefused, match="no Wix Stores"):
            await wix.api.introduce()
    async with opened(WixSite(front_page=None)) as wix:
        with pytest.raises(ShopAnswerOdd, match="has it been published"):
            await wix.api.introduce()


async def test_a_site_that_was_moved_to_the_other_catalogue_says_so() -> None:
    async with opened(v3()) as wix:
        await wix.api.introduce()
        wix.site.version = "V1_CATALOG"
        with pytest.raises(ShopAnswerOdd, match="the other catalogue"):
            await wix.api.read_back([Watched("p-1")])


async def test_an_answer_of_another_form_is_odd_and_nothing_of_it_is_applied() -> None:
    for broken in (product(1, name=None), product(1, id="not an id!"), product(1, visible="perhaps")):
        async with opened(WixSite(products=[broken])) as wix:
            with pytest.raises(ShopAnswerOdd, match="products/query"):
                _ = [page async for page in wix.api.catalogue()]


@pytest.mark.parametrize(
    ("settings", "secrets"),
    [
        ({}, {}),
        ({"app_id": APP}, {"app_secret": SECRET}),
        ({"app_id": APP, "instance_id": INSTANCE}, {}),
        ({"site_id": SITE}, {"api_key": API_KEY}),
    ],
)
def test_half_an_access_is_none(settings: dict[str, str], secrets: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="Give app_id, app_secret and instance_id"):
        WixApi.over(ShopHttp(), Access(settings, secrets))


async def test_a_page_that_leads_to_itself_is_not_read_for_ever() -> None:
    site = v3()
    site.page = 0
    async with opened(site) as wix:
        with pytest.raises(ShopAnswerOdd, match="leads to itself"):
            [page async for page in wix.api.catalogue()]
