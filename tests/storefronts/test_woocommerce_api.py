"""WooCommerce's API, over HTTP to a shop that answers as its documentation says."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from activities.storefronts.shop_api import Access, Health, OrdersRefused, Watched
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopAway, ShopHttp
from activities.storefronts.storefront import NotOurs
from activities.storefronts.woocommerce.api import TOPICS, WooCommerceApi
from activities.storefronts.woocommerce.products import LOCATION
from schemas.incoming.facts import (
    Fact,
    HintFact,
    OrderFact,
    Policy,
    ProductFact,
    ProductGoneFact,
    StockFact,
    StoreFact,
)
from starter.simulated.woocommerce.api import KEY, SECRET, SimulatedWooCommerce
from tests.simulated.mail_api import Reply
from tests.simulated.mail_api_server import MailApiServer
from tests.storefronts.woocommerce_shop import NOW, PAYLOADS, facts_in, order, product

ADDRESS = "https://alerts.example/v1/webhooks/woocommerce?store=shop.example"
SIGNED_WITH = "s3cretOfLettersAndDigits"


@pytest.fixture
async def server() -> AsyncIterator[MailApiServer[SimulatedWooCommerce]]:
    async with MailApiServer(SimulatedWooCommerce()) as server:
        yield server


@pytest.fixture
def shop(server: MailApiServer[SimulatedWooCommerce]) -> SimulatedWooCommerce:
    return server.provider


@pytest.fixture
async def api(server: MailApiServer[SimulatedWooCommerce]) -> AsyncIterator[WooCommerceApi]:
    http = ShopHttp(private_hosts=True, first_pause=0.001)
    yield WooCommerceApi.over(http, access(server.url))
    await http.aclose()


def access(url: str, secret: str = SECRET) -> Access:
    return Access({"shop": url}, {"consumer_key": KEY, "consumer_secret": secret})


def variation(id_: int, **changes: object) -> dict[str, Any]:
    shown = {key: value for key, value in product(id=id_).items() if key not in ("type", "name", "slug", "parent_id")}
    return {**shown, "attributes": [{"name": "Colour", "option": "Blue"}], **changes}


def levels(facts: Sequence[Fact]) -> dict[str, int | None]:
    told = {each.inventory_item_id: each.available for each in facts if isinstance(each, StockFact)}
    assert {each.location_id for each in facts if isinstance(each, StockFact)} <= {LOCATION}
    assert len(told) == sum(isinstance(each, StockFact) for each in facts), "each item once"
    return told


def products(facts: Sequence[Fact]) -> dict[str, ProductFact]:
    return {fact.product_id: fact for fact in facts if isinstance(fact, ProductFact)}


async def test_a_shop_introduces_itself_and_says_how_it_counts(
    api: WooCommerceApi, shop: SimulatedWooCommerce, server: MailApiServer[SimulatedWooCommerce]
) -> None:
    found = await api.introduce()
    assert found.store_id == server.url.removeprefix("http://"), "as the address of its webhooks has it"
    assert (found.name, found.front_page, found.currency) == ("Blue Kettles", "https://shop.example", "EUR")
    assert (found.webhook_secret, found.notes) == (None, ())
    shop.settings |= {
        "products/woocommerce_manage_stock": "no",
        "products/woocommerce_notify_no_stock_amount": "2",
        "products/woocommerce_hold_stock_minutes": 60,
    }
    off, amount, held = (await api.introduce()).notes
    assert "no stock" in off
    assert "2 are left" in amount
    assert "60 minutes" in held
    shop.refused = ("wc/v3/settings",)
    assert (await api.introduce()).currency is None


async def test_a_catalogue_comes_in_pages_of_a_hundred_with_all_variations(
    api: WooCommerceApi, shop: SimulatedWooCommerce
) -> None:
    shop.products = {number: product(id=number) for number in range(1, 151)}
    every = [1000 + number for number in range(120)]
    shop.products[150] = product(id=150, type="variable", variations=every)
    shop.variations = {150: [variation(id_, manage_stock=True, stock_quantity=id_ - 1000) for id_ in every]}
    pages = [page async for page in api.catalogue()]
    assert [(page.read, page.total) for page in pages] == [(100, 150), (150, 150)]
    facts = [fact for page in pages for fact in page.facts]
    assert len(products(facts)) == 150
    assert levels(facts) == {str(id_): id_ - 1000 for id_ in every}
    variable = products(facts)["150"]
    assert {each.variant_id for each in variable.variants} == variable.all_variant_ids == {str(id_) for id_ in every}


async def test_variations_share_what_their_product_counts_and_keep_what_they_count_themselves(
    api: WooCommerceApi, shop: SimulatedWooCommerce
) -> None:
    shop.products = {22: product(id=22, type="variable", variations=[23, 24, 25, 26], manage_stock=True)}
    shop.products[22] |= {"stock_quantity": 7, "purchasable": False, "price": ""}
    shop.variations = {
        22: [
            variation(23, manage_stock="parent", stock_quantity=7),
            variation(24, manage_stock=True, stock_quantity=3, backorders="notify"),
            variation(25, manage_stock="parent", stock_quantity=7, status="private"),
            variation(26, manage_stock=False, stock_status="outofstock"),
        ]
    }
    facts = await api.read_back([Watched("22")])
    assert levels(facts) == {"22": 7, "24": 3, "25": 0, "26": 0}
    kept_under = {each.variant_id: each.inventory_item_id for each in products(facts)["22"].variants}
    assert kept_under == {"23": "22", "24": "24", "25": "25", "26": "26"}
    assert [each.policy for each in products(facts)["22"].variants] == [
        Policy.DENY,
        Policy.CONTINUE,
        Policy.DENY,
        Policy.DENY,
    ]
    assert {each.title for each in products(facts)["22"].variants} == {"Blue"}


async def test_the_stored_variation_of_its_products_units_is_read_alike_by_list_and_by_id(
    api: WooCommerceApi, shop: SimulatedWooCommerce
) -> None:
    stored = json.loads((PAYLOADS / "woocommerce" / "variation_managed_by_parent.json").read_bytes())
    shop.products = {22: product(id=22, type="variable", variations=[732], purchasable=False)}
    shop.variations = {22: [stored]}
    for watched in (Watched("22"), Watched("22", "732")):
        facts = await api.read_back([watched])
        assert levels(facts) == {"22": 7}
        assert [each.variant_id for each in products(facts)["22"].variants] == ["732"]


async def test_reading_back_asks_for_ids_and_never_for_what_was_modified(
    api: WooCommerceApi, shop: SimulatedWooCommerce
) -> None:
    shop.products = {number: product(id=number, manage_stock=True, stock_quantity=1) for number in range(1, 121)}
    shop.products[22] = product(id=22, type="variable", variations=[1023, 1024])
    shop.variations = {22: [variation(1023), variation(1024)]}
    watched = [Watched(str(number)) for number in (*range(1, 22), *range(23, 122))]
    facts = await api.read_back([*watched, Watched("22", "1023")])
    assert len(products(facts)) == 120
    assert [fact.product_id for fact in facts if isinstance(fact, ProductGoneFact)] == ["121"]
    shown = products(facts)["22"]
    assert [each.variant_id for each in shown.variants] == ["1023"]
    assert shown.all_variant_ids == {"1023", "1024"}, "the other one is there still"
    assert [path for _, path, _ in shop.heard] == ["wc/v3/products", "wc/v3/products", "wc/v3/products/22/variations"]
    assert all("include" in query for _, _, query in shop.heard)
    assert not any("modified" in name for _, _, query in shop.heard for name in query)


async def test_an_order_that_took_units_shows_though_the_product_was_not_modified(
    api: WooCommerceApi, shop: SimulatedWooCommerce
) -> None:
    shop.products = {1: product(id=1, manage_stock=True, stock_quantity=5, date_modified_gmt="2020-01-01T00:00:00")}
    before = await api.read_back([Watched("1")])
    shop.products[1]["stock_quantity"] = 3
    after = await api.read_back([Watched("1")])
    assert (levels(before), levels(after)) == ({"1": 5}, {"1": 3})
    earlier, later = (products(facts)["1"].observed_at for facts in (before, after))
    assert earlier < later


async def test_hints_are_read_each_thing_once(api: WooCommerceApi, shop: SimulatedWooCommerce) -> None:
    shop.products = {22: product(id=22, type="variable", variations=[23])}
    shop.variations, shop.orders = {22: [variation(23)]}, {727: order()}
    hints = [
        HintFact(product_id="22", observed_at=NOW),
        HintFact(product_id="22", variant_id="23", observed_at=NOW),
        HintFact(order_id="727", observed_at=NOW),
        HintFact(order_id="728", observed_at=NOW),
        HintFact(observed_at=NOW),
    ]
    facts = await api.read_hints(hints)
    assert [fact.kind for fact in facts] == ["product", "order", "store", "store"]
    assert isinstance(facts[1], OrderFact)
    assert isinstance(facts[3], StoreFact)
    assert [each.variant_id for each in products(facts)["22"].variants] == ["23"]


async def test_a_shop_that_is_too_old_to_be_asked_for_orders_by_their_change_is_told_from_one_that_answers_oddly(
    api: WooCommerceApi, shop: SimulatedWooCommerce
) -> None:
    shop.odd = Reply(400, {"code": "rest_invalid_param"})
    with pytest.raises(OrdersRefused, match=r"since 5\.8"):
        await anext(api.orders_changed(NOW))
    shop.odd = Reply(
        200, [{"id": 1, "status": "completed", "line_items": [], "date_modified_gmt": "2001-01-01T00:00:00"}]
    )
    with pytest.raises(OrdersRefused, match=r"since 5\.8"):
        await anext(api.orders_changed(NOW))


async def test_subscriptions_are_made_once_switched_on_again_and_taken_away(
    api: WooCommerceApi, shop: SimulatedWooCommerce
) -> None:
    shop.hooks = {1: {"id": 1, "topic": TOPICS[0], "status": "active", "delivery_url": "https://other.example"}}
    assert {each.health for each in await api.subscriptions(ADDRESS)} == {Health.MISSING}
    assert {each.health for each in await api.subscribe(ADDRESS, SIGNED_WITH)} == {Health.ALIVE}
    ours = [hook for hook in shop.hooks.values() if hook["delivery_url"] == ADDRESS]
    assert sorted(hook["topic"] for hook in ours) == sorted(TOPICS)
    ours[0]["status"], ours[1]["status"] = "disabled", "paused"
    off = {each.topic: each.why or "" for each in await api.subscriptions(ADDRESS) if each.health is Health.OFF}
    assert "5 deliveries" in off[ours[0]["topic"]]
    assert "paused" in off[ours[1]["topic"]]
    assert {each.health for each in await api.subscribe(ADDRESS, f"{SIGNED_WITH}2")} == {Health.ALIVE}
    assert len(shop.hooks) == len(TOPICS) + 1, "nothing was made twice"
    assert set(shop.secrets.values()) == {f"{SIGNED_WITH}2"}, "whatever signed them before is not known any more"
    await api.unsubscribe(ADDRESS)
    assert list(shop.hooks) == [1]


@pytest.mark.parametrize(
    ("name", "health"),
    [
        ("webhooks_2", Health.ALIVE),
        ("webhooks_3", Health.ALIVE),
        ("webhooks_4", Health.OFF),
        ("webhooks_5", Health.OFF),
    ],
)
async def test_a_stored_webhook_is_alive_or_off(
    api: WooCommerceApi, shop: SimulatedWooCommerce, name: str, health: Health
) -> None:
    stored = (PAYLOADS / "woocommerce" / f"{name}.json").read_text(encoding="utf-8").strip()
    hooks: list[Any] = json.loads(stored if stored.startswith("[") else f"[{stored}]")
    shop.hooks = {hook["id"]: hook for hook in hooks}
    found = {each.topic: each.health for each in await api.subscriptions("http://requestb.in/1g0sxmo1")}
    assert found.pop("order.updated") is health
    assert set(found.values()) == {Health.MISSING}


async def test_a_stored_order_is_the_same_by_webhook_and_by_api(
    api: WooCommerceApi, shop: SimulatedWooCommerce
) -> None:
    body = (PAYLOADS / "woocommerce" / "orders_4.json").read_bytes()
    shop.orders = {727: json.loads(body)}
    asked = await api.read_hints([HintFact(order_id="727", observed_at=NOW)])
    heard = facts_in(body, "order.updated")
    assert not isinstance(heard, NotOurs)
    order, currency = asked
    assert (order.model_copy(update={"observed_at": NOW}), currency) == heard


async def test_of_two_webhooks_of_one_topic_an_active_one_counts(
    api: WooCommerceApi, shop: SimulatedWooCommerce
) -> None:
    hook = {"topic": TOPICS[0], "delivery_url": ADDRESS}
    shop.hooks = {1: {"id": 1, "status": "active", **hook}, 2: {"id": 2, "status": "disabled", **hook}}
    assert (await api.subscriptions(ADDRESS))[0].health is Health.ALIVE


@pytest.mark.parametrize("secret", ["", "a&amp;b", "with space", "geheimnüß"])
async def test_a_secret_that_wordpress_would_change_is_not_given_to_it(
    api: WooCommerceApi, shop: SimulatedWooCommerce, secret: str
) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        await api.subscribe(ADDRESS, secret)
    assert shop.hooks == {}


async def test_wrong_keys_a_missing_api_and_a_redirect_are_told_apart(
    api: WooCommerceApi, shop: SimulatedWooCommerce, server: MailApiServer[SimulatedWooCommerce]
) -> None:
    http = ShopHttp(private_hosts=True, first_pause=0.001)
    with pytest.raises(AccessRefused) as refused:
        await WooCommerceApi.over(http, access(server.url, "cs_wrong")).introduce()
    assert "cs_wrong" not in str(refused.value)
    with pytest.raises(ShopAnswerOdd, match="permalinks"):
        await WooCommerceApi.over(http, access(f"{server.url}/elsewhere")).introduce()
    await http.aclose()
    shop.odd = Reply(301, b"", {"Location": "https://www.shop.example/"})
    with pytest.raises(ShopAnswerOdd, match="another address"):
        await api.introduce()
    shop.odd = Reply(503)
    with pytest.raises(ShopAway):
        await api.introduce()


@pytest.mark.parametrize(
    "odd", [Reply(200, b"<html>"), Reply(200, {}), Reply(418), Reply(200, [{"id": 1}]), Reply(200, [7])]
)
async def test_an_answer_of_another_shape_is_odd_and_applies_nothing(
    api: WooCommerceApi, shop: SimulatedWooCommerce, odd: Reply
) -> None:
    shop.odd = odd
    with pytest.raises(ShopAnswerOdd):
        await api.read_back([Watched("7")])


@pytest.mark.parametrize(
    ("settings", "secrets", "name"),
    [
        ({}, {"consumer_key": KEY, "consumer_secret": SECRET}, "shop"),
        ({"shop": "shop.example"}, {"consumer_key": KEY, "consumer_secret": SECRET}, "shop"),
        ({"shop": "https://shop.example"}, {"consumer_secret": SECRET}, "consumer_key"),
        ({"shop": "https://shop.example"}, {"consumer_key": KEY}, "consumer_secret"),
    ],
)
def test_an_access_of_no_use_says_which_part(settings: dict[str, str], secrets: dict[str, str], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        WooCommerceApi.over(ShopHttp(), Access(settings, secrets))


def test_what_woocommerce_does_not_take_does_not_come_again() -> None:
    assert WooCommerceApi.limits.retries == ()
    assert "5 deliveries in a row" in (WooCommerceApi.limits.switched_off or "")
