"""BigCommerce's API, over HTTP to a store that answers as its documentation says."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.bigcommerce.api import BigCommerceApi
from activities.storefronts.bigcommerce.catalogue import Item, Product, read_product
from activities.storefronts.bigcommerce.hints import SUBSCRIBED
from activities.storefronts.payload import fit, parse_json
from activities.storefronts.shop_api import Access, Health, Watched
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopAway, ShopHttp
from schemas.incoming.facts import (
    CheckoutFact,
    Fact,
    HintFact,
    ItemFact,
    OrderFact,
    OrderMoney,
    Policy,
    ProductFact,
    ProductGoneFact,
    StockFact,
    StoreFact,
)
from starter.simulated.bigcommerce.api import STORE, TOKEN, SimulatedBigCommerce
from tests.simulated.mail_api import Reply
from tests.simulated.mail_api_server import MailApiServer
from tests.storefronts.bigcommerce_store import HAPPENED, PAYLOADS

ADDRESS = "https://alerts.example/v1/webhooks/bigcommerce"


@pytest.fixture
async def server() -> AsyncIterator[MailApiServer[SimulatedBigCommerce]]:
    async with MailApiServer(SimulatedBigCommerce()) as server:
        yield server


@pytest.fixture
def store(server: MailApiServer[SimulatedBigCommerce]) -> SimulatedBigCommerce:
    return server.provider


@pytest.fixture
async def api(server: MailApiServer[SimulatedBigCommerce]) -> AsyncIterator[BigCommerceApi]:
    http = ShopHttp(private_hosts=True, first_pause=0.001)
    secrets = {"access_token": TOKEN, "client_secret": "hush"}
    yield BigCommerceApi.over(http, Access({"store_hash": STORE, "api": server.url}, secrets))
    await http.aclose()


def product(id_: int, *variant_ids: int, **changes: object) -> dict[str, Any]:
    variants = [
        {"id": variant_id, "sku": f"S-{variant_id}", "calculated_price": 9.5, "option_values": [{"label": "Blue"}]}
        for variant_id in variant_ids
    ]
    return {
        "id": id_,
        "name": f"Kettle {id_}",
        "is_visible": True,
        "availability": "available",
        "inventory_tracking": "variant",
        "base_variant_id": None,
        "calculated_price": 9.5,
        "custom_url": {"url": f"/kettles/{id_}/"},
        "images": [
            {"is_thumbnail": False, "url_standard": "https://cdn.example/back.jpg"},
            {"is_thumbnail": True, "url_standard": "https://cdn.example/front.jpg"},
        ],
        "variants": variants,
        **changes,
    }


def item(product_id: int, variant_id: int | None, *locations: tuple[int, int], **changes: object) -> dict[str, Any]:
    return {
        "identity": {"sku": "", "variant_id": variant_id, "product_id": product_id, "sku_id": None},
        "locations": [
            {
                "location_id": location,
                "available_to_sell": units,
                "total_inventory_onhand": units + 1,
                "location_enabled": True,
                "settings": {"safety_stock": 1, "is_in_stock": True},
                **changes,
            }
            for location, units in locations
        ],
    }


def levels(facts: Sequence[Fact]) -> dict[tuple[str, str], int | None]:
    return {(each.inventory_item_id, each.location_id): each.available for each in facts if isinstance(each, StockFact)}


def products(facts: Sequence[Fact]) -> dict[str, ProductFact]:
    return {fact.product_id: fact for fact in facts if isinstance(fact, ProductFact)}


async def read_back(api: BigCommerceApi, *product_ids: int) -> list[Fact]:
    return list(await api.read_back([Watched(str(each)) for each in product_ids]))


async def test_a_store_introduces_itself_and_says_when_its_stock_falls(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    found = await api.introduce()
    assert (found.store_id, found.name, found.front_page) == (STORE, "Blue Kettles", "https://kettles.example")
    assert (found.currency, found.webhook_secret) == ("EUR", "hush")
    assert found.notes == ("Its stock falls when an order is placed.",)
    store.settings = {"update_stock_behavior": "order_completed_or_shipped", "refund_order_stock_adjustment": False}
    shipped, returned = (await api.introduce()).notes
    assert "shipped" in shipped
    assert "refunded" in returned
    store.refused = {"settings"}
    (unknown,) = (await api.introduce()).notes
    assert "not known" in unknown


async def test_a_catalogue_comes_in_pages_each_with_the_stock_of_its_own_products(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    store.products = {number: product(number, number + 1000) for number in range(1, 121)}
    store.items = [item(number, number + 1000, (1, number)) for number in range(1, 121)]
    pages = [page async for page in api.catalogue()]
    assert [(page.read, page.total) for page in pages] == [(50, 120), (100, 120), (120, 120)]
    for page in pages:
        assert levels(page.facts) == {(str(int(number) + 1000), "1"): int(number) for number in products(page.facts)}
    assert sum(len(products(page.facts)) for page in pages) == 120


async def test_a_product_is_read_with_all_that_shoppers_see(api: BigCommerceApi, store: SimulatedBigCommerce) -> None:
    store.products = {7: product(7, 71, 72)}
    store.items = [item(7, 71, (1, 3), (2, 4)), item(7, 72, (1, -2))]
    facts = await read_back(api, 7)
    assert levels(facts) == {("71", "1"): 3, ("71", "2"): 4, ("72", "1"): -2}
    shown = facts[-1]
    assert isinstance(shown, ProductFact), "levels come first"
    assert (shown.title, shown.handle, shown.on_sale) == ("Kettle 7", "/kettles/7/", True)
    assert shown.image_url == "https://cdn.example/front.jpg"
    assert shown.all_variant_ids == {"71", "72"}
    blue = shown.variants[0]
    assert (blue.variant_id, blue.inventory_item_id, blue.title, blue.sku) == ("71", "71", "Blue", "S-71")
    assert (blue.price, blue.tracked, blue.quantity, blue.policy) == (Decimal("9.5"), True, None, Policy.DENY)


async def test_the_stored_answer_of_the_inventory_counts_no_disabled_location(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    store.products = {120: product(120, 79, base_variant_id=79, inventory_tracking="product")}
    store.items = json.loads((PAYLOADS / "bigcommerce" / "rest_inventory_items.json").read_bytes())["data"]
    assert levels(await read_back(api, 120)) == {("79", "1"): 10, ("79", "2"): 0}


LOCATIONS = st.lists(st.tuples(st.integers(-100, 100), st.booleans(), st.none() | st.booleans()), max_size=6)


@given(LOCATIONS, st.booleans())
def test_what_can_be_sold_is_what_enabled_locations_have_in_stock(
    locations: list[tuple[int, bool, bool | None]], disabled: bool
) -> None:
    rows = [
        {
            "location_id": number,
            "available_to_sell": units,
            "location_enabled": enabled,
            "settings": {"is_in_stock": there},
        }
        for number, (units, enabled, there) in enumerate(locations, start=1)
    ]
    shown = product(7, 71)
    shown["variants"][0]["purchasing_disabled"] = disabled
    identity = {"variant_id": 71, "product_id": 7}
    items = [Item.model_validate({"identity": identity, "locations": rows})]
    facts = read_product(fit(parse_json(json.dumps(shown).encode()), Product), items, HAPPENED)
    sellable = [units for units, enabled, there in locations if enabled and there is not False and not disabled]
    assert sum(units or 0 for units in levels(facts).values()) == sum(sellable)
    assert len(levels(facts)) == len(locations), "a location that has none says so"


async def test_what_is_set_out_of_stock_at_a_location_has_nothing_there(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    store.products = {7: product(7, 71)}
    store.items = [item(7, 71, (1, 3), settings={"is_in_stock": False})]
    assert levels(await read_back(api, 7)) == {("71", "1"): 0}


async def test_variants_that_are_counted_by_their_product_sell_the_same_units(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    store.products = {7: product(7, 71, 72, inventory_tracking="product")}
    store.items = [item(7, None, (1, 3))]
    facts = await read_back(api, 7)
    assert levels(facts) == {("product-7", "1"): 3}
    assert {each.inventory_item_id for each in products(facts)["7"].variants} == {"product-7"}


async def test_what_nobody_counts_is_there_unless_it_is_not_for_sale(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    uncounted = product(7, 71, 72, inventory_tracking="none")
    uncounted["variants"][1]["purchasing_disabled"] = True
    counted = product(8, 81)
    counted["variants"][0]["purchasing_disabled"] = True
    store.products, store.items = {7: uncounted, 8: counted}, [item(8, 81, (1, 5))]
    facts = await read_back(api, 7, 8)
    assert [each.tracked for each in products(facts)["7"].variants] == [False, True]
    assert levels(facts) == {("72", "not-for-sale"): 0, ("81", "1"): 0}
    assert not [path for _, path, query in store.heard if path.endswith("items") and "71" in query["variant_id:in"]]


@pytest.mark.parametrize(
    ("changes", "on_sale"), [({"is_visible": False}, False), ({"availability": "disabled"}, False)]
)
async def test_a_product_that_is_hidden_or_disabled_is_not_on_sale(
    api: BigCommerceApi, store: SimulatedBigCommerce, changes: dict[str, object], on_sale: bool
) -> None:
    store.products = {7: product(7, 71, **changes), 8: product(8, 81, availability="preorder")}
    found = products(await read_back(api, 7, 8))
    assert found["7"].on_sale is on_sale
    assert found["8"].on_sale


async def test_reading_back_asks_fifty_at_a_time_and_tells_of_what_is_gone(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    store.products = {number: product(number, number + 1000) for number in range(1, 61)}
    facts = await read_back(api, *range(1, 62), 1)
    assert len(products(facts)) == 60
    assert [fact.product_id for fact in facts if isinstance(fact, ProductGoneFact)] == ["61"]
    asked = [path for _, path, _ in store.heard]
    assert (asked.count("v3/catalog/products"), asked.count("v3/inventory/items")) == (2, 2)


async def test_hints_are_read_each_thing_once(api: BigCommerceApi, store: SimulatedBigCommerce) -> None:
    store.products, store.items = {7: product(7, 71), 9: product(9, 91)}, [item(7, 71, (1, 3)), item(9, 91, (1, 4))]
    hints = [
        HintFact(product_id="7", variant_id="71", observed_at=HAPPENED),
        HintFact(variant_id="71", observed_at=HAPPENED),
        HintFact(variant_id="91", observed_at=HAPPENED),
        HintFact(product_id="8", observed_at=HAPPENED),
        HintFact(observed_at=HAPPENED),
    ]
    facts = await api.read_hints(hints)
    assert sorted(products(facts)) == ["7", "9"]
    assert [fact.kind for fact in facts] == ["stock", "product", "stock", "product", "product_gone", "store"]
    assert isinstance(facts[-1], StoreFact)
    assert facts[-1].currency == "EUR"


ORDER = {
    "id": 250,
    "status_id": 11,
    "is_deleted": False,
    "date_created": "Wed, 10 Jan 2018 21:05:30 +0000",
    "total_inc_tax": "361.9500",
    "refunded_amount": "20.0000",
    "coupon_discount": "5.0000",
    "currency_code": "USD",
    "default_currency_code": "EUR",
    "billing_address": {"first_name": "Ada", "email": "Ada@Example.com"},
}


async def hinted_order(api: BigCommerceApi) -> list[Fact]:
    return list(await api.read_hints([HintFact(order_id="250", observed_at=HAPPENED)]))


async def test_an_order_is_read_with_what_was_given_back(api: BigCommerceApi, store: SimulatedBigCommerce) -> None:
    store.orders, store.coupons = {250: ORDER}, {250: [{"code": "SPRING"}]}
    line = {"product_id": 7, "variant_id": 71, "quantity": 2, "quantity_refunded": 1}
    store.lines = {250: [line] * 250 + [{"product_id": 8, "variant_id": 0, "quantity": 1}, {"product_id": 0}]}
    (order,) = await hinted_order(api)
    assert isinstance(order, OrderFact)
    assert (order.order_id, order.email, order.codes, order.cancelled) == ("250", "ada@example.com", ("SPRING",), False)
    assert order.items == (
        ItemFact(product_id="7", variant_id="71", quantity=250),
        ItemFact(product_id="8", quantity=1),
    )
    assert order.money == OrderMoney(total=Decimal("361.95"), refunded=Decimal(20), currency="EUR")
    assert order.ordered_at.isoformat() == "2018-01-10T21:05:30+00:00"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status_id": 0}, []),
        ({"billing_address": {"email": ""}}, []),
        ({"status_id": 5}, [True]),
        ({"status_id": 2}, [False]),
        ({"is_deleted": True}, [True]),
        ({"date_created": "yesterday"}, [False]),
        ({"date_created": "Fri, 31 Dec 9999 23:59:59 -0500"}, [False]),
    ],
)
async def test_an_order_counts_by_its_status(
    api: BigCommerceApi, store: SimulatedBigCommerce, changes: dict[str, object], says: list[bool]
) -> None:
    store.orders, store.lines = {250: ORDER | changes}, {250: [{"product_id": 7, "variant_id": 71, "quantity": 1}]}
    assert [fact.cancelled for fact in await hinted_order(api) if isinstance(fact, OrderFact)] == says


async def test_an_order_that_is_not_there_says_nothing_and_a_cart_that_is_not_is_empty(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    assert await hinted_order(api) == []
    lines = {"physical_items": [{"product_id": 7, "variant_id": 71, "quantity": 2}], "digital_items": []}
    store.carts = {"c-1": {"id": "c-1", "email": "ada@example.com", "line_items": lines}}
    full, empty = await api.read_hints([HintFact(cart_id=cart, observed_at=HAPPENED) for cart in ("c-1", "c-2")])
    assert isinstance(full, CheckoutFact)
    assert (full.checkout_id, full.email, full.items[0].quantity) == ("c-1", "ada@example.com", 2)
    assert isinstance(empty, CheckoutFact)
    assert (empty.checkout_id, empty.items) == ("c-2", ())


async def test_subscriptions_are_made_once_switched_on_again_and_taken_away(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    store.hooks = {1: {"id": 1, "scope": SUBSCRIBED[0], "destination": "https://other.example", "is_active": True}}
    assert {each.health for each in await api.subscriptions(ADDRESS)} == {Health.MISSING}
    assert {each.health for each in await api.subscribe(ADDRESS, "x")} == {Health.ALIVE}
    ours = [hook for hook in store.hooks.values() if hook["destination"] == ADDRESS]
    assert sorted(hook["scope"] for hook in ours) == sorted(SUBSCRIBED)
    ours[0]["is_active"] = False
    off = [each for each in await api.subscriptions(ADDRESS) if each.health is Health.OFF]
    assert [each.topic for each in off] == [ours[0]["scope"]]
    assert off[0].why
    assert {each.health for each in await api.subscribe(ADDRESS, "x")} == {Health.ALIVE}
    assert len(store.hooks) == len(SUBSCRIBED) + 1, "nothing was made twice"
    await api.unsubscribe(ADDRESS)
    assert list(store.hooks) == [1]


async def test_an_eleventh_webhook_of_a_scope_is_refused_in_words(
    api: BigCommerceApi, store: SimulatedBigCommerce
) -> None:
    store.hooks = {
        number: {"id": number, "scope": SUBSCRIBED[0], "destination": f"https://{number}.example", "is_active": True}
        for number in range(1, 11)
    }
    with pytest.raises(ShopAnswerOdd, match="ten of a scope"):
        await api.subscribe(ADDRESS, "x")


async def test_a_wrong_token_and_a_missing_scope_are_told_apart_from_a_store_that_is_away(
    api: BigCommerceApi, store: SimulatedBigCommerce, server: MailApiServer[SimulatedBigCommerce]
) -> None:
    store.refused = {"inventory/items"}
    store.products = {7: product(7, 71)}
    with pytest.raises(AccessRefused, match="Store Inventory"):
        await read_back(api, 7)
    http = ShopHttp(private_hosts=True)
    settings = {"store_hash": STORE, "api": server.url}
    with pytest.raises(AccessRefused) as refused:
        await BigCommerceApi.over(http, Access(settings, {"access_token": "another-token"})).introduce()
    assert "another-token" not in str(refused.value)
    other = {"store_hash": "nobody", "api": server.url}
    with pytest.raises(AccessRefused, match="nobody"):
        await BigCommerceApi.over(http, Access(other, {"access_token": TOKEN})).introduce()
    await http.aclose()
    store.odd = Reply(503)
    with pytest.raises(ShopAway):
        await api.introduce()


@pytest.mark.parametrize(
    "odd", [Reply(200, b"<html>"), Reply(200, []), Reply(418), Reply(200, {"data": [{"id": "x"}]}), Reply(200, {})]
)
async def test_an_answer_of_another_shape_is_odd_and_applies_nothing(
    api: BigCommerceApi, store: SimulatedBigCommerce, odd: Reply
) -> None:
    store.odd = odd
    with pytest.raises(ShopAnswerOdd):
        await read_back(api, 7)


async def test_where_little_of_the_quota_is_left_no_more_is_asked_until_it_is_whole_again(
    server: MailApiServer[SimulatedBigCommerce], store: SimulatedBigCommerce
) -> None:
    class Noted(ShopHttp):
        rested: list[float]

        def rest(self, seconds: float) -> None:
            self.rested.append(seconds)

    http = Noted(private_hosts=True)
    http.rested = []
    api = BigCommerceApi.over(http, Access({"store_hash": STORE, "api": server.url}, {"access_token": TOKEN}))
    store.left, store.reset_ms = 100, 12_500
    await api.introduce()
    assert http.rested == []
    store.left = 5
    await api.introduce()
    assert http.rested == [12.5, 12.5]
    store.reset_ms = 999_999_999
    await api.introduce()
    assert http.rested[-1] == 60
    await http.aclose()


@pytest.mark.parametrize(
    ("settings", "secrets", "name"),
    [
        ({}, {"access_token": "t"}, "store_hash"),
        ({"store_hash": "../x"}, {}, "store_hash"),
        ({"store_hash": "abc"}, {}, "access_token"),
    ],
)
def test_an_access_of_no_use_says_which_part(settings: dict[str, str], secrets: dict[str, str], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        BigCommerceApi.over(ShopHttp(), Access(settings, secrets))


def test_the_last_try_of_a_webhook_is_two_days_after_the_first() -> None:
    assert BigCommerceApi.limits.retries[0] == timedelta(minutes=1)
    assert timedelta(hours=48) <= BigCommerceApi.limits.retries[-1] < timedelta(hours=49)
