"""Shopify's API over a simulated shop: who it is, its tokens, its pace, and its subscriptions."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, validate

from activities.storefronts.registry import SHOP_APIS
from activities.storefronts.shop_api import Access, Health, Watched
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopAway, ShopHttp
from activities.storefronts.shopify import api, bulk, stock_queries, subscriptions
from activities.storefronts.shopify.api import ShopifyApi
from activities.storefronts.shopify.subscriptions import TOPICS
from schemas.errors import DomainError
from starter.simulated.shopify.admin import ShopifyShop
from starter.simulated.shopify.answers import SCHEMA, Bucket, why_no_bulk_query
from starter.simulated.shopify.things import Place, Product, Variant
from tests.storefronts.shopify_connected import ADDRESS, TOKEN, connected

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DOCUMENTS = {
    name: value
    for module in (api, bulk, stock_queries, subscriptions)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str) and "{" in value and not name.startswith("_") and "_FIELDS" not in name
}


@pytest.mark.parametrize("name", [*DOCUMENTS, "EVENT"])
def test_every_query_fits_shopifys_schema(name: str) -> None:
    """That of the page on Events too, which people copy."""
    page = Path("docs/storefronts/shopify.md").read_text(encoding="utf-8")
    found = re.search(r'query = """\n(.*?)"""', page, re.DOTALL)
    assert found is not None
    assert validate(SCHEMA, parse(DOCUMENTS.get(name, found[1]))) == []


def test_the_catalogues_query_is_one_that_may_be_run_in_bulk() -> None:
    assert why_no_bulk_query(bulk.CATALOGUE) is None
    assert why_no_bulk_query("{ shop { name } }") is not None


def test_the_api_is_in_the_registry() -> None:
    assert ShopifyApi in SHOP_APIS


# Tokens.


async def test_an_app_of_the_shops_own_organisation_gets_a_token_for_a_day_by_its_id_and_secret() -> None:
    shop = ShopifyShop()
    async with connected(shop) as at:
        secrets = {"client_secret": shop.client_secret}
        granted = await at.again(secrets).renewed(NOW)
        assert granted is not None
        assert granted.ends_at == NOW + timedelta(seconds=86399)
        again = at.again(secrets | dict(granted.secrets), granted.ends_at)
        assert (await again.introduce()).name == "Shop of Ann"
        assert await again.renewed(NOW + timedelta(hours=23)) is None
        other = await again.renewed(NOW + timedelta(hours=23, minutes=56))
        assert other is not None
        assert other.secrets != granted.secrets


async def test_a_token_that_ends_is_renewed_with_its_refresh_token_and_both_are_replaced() -> None:
    shop = ShopifyShop()
    shop.refresh_tokens.add("shprt_first")
    async with connected(shop) as at:
        secrets = {"client_secret": shop.client_secret, "access_token": "shpat_old", "refresh_token": "shprt_first"}
        renewed = await at.again(secrets).renewed(NOW)
        assert renewed is not None
        assert renewed.ends_at == NOW + timedelta(hours=1)
        assert renewed.secrets.keys() == {"access_token", "refresh_token"}
        # Whoever lost that answer asks with the old one again: it works until the new one is used.
        assert await at.again(secrets).renewed(NOW) is not None
        next_ones = secrets | dict(renewed.secrets)
        assert await at.again(next_ones, renewed.ends_at).renewed(NOW) is None
        assert await at.again(next_ones, renewed.ends_at).renewed(NOW + timedelta(minutes=58)) is not None


async def test_a_token_that_came_without_an_end_stays() -> None:
    async with connected(ShopifyShop()) as at:
        assert await at.api.renewed(NOW) is None


@pytest.mark.parametrize("secrets", [{}, {"refresh_token": "shprt_of_nobody"}])
async def test_credentials_that_shopify_does_not_take_are_refused_without_being_told(secrets: dict[str, str]) -> None:
    async with connected(ShopifyShop()) as at:
        with pytest.raises(AccessRefused) as refused:
            await at.again({"client_secret": "a wrong secret"} | secrets).renewed(NOW)
        assert "a wrong secret" not in str(refused.value)
        assert "application_cannot_be_found" in str(refused.value)
        with pytest.raises(AccessRefused, match="no token yet"):
            await at.again({"client_secret": "x"}).introduce()


@pytest.mark.parametrize(
    ("settings", "secrets", "named"),
    [
        ({}, {"access_token": "t"}, "shop is missing"),
        ({"shop": "a.myshopify.com"}, {"client_secret": "s"}, "client_id is missing"),
        ({"shop": "a.myshopify.com"}, {"access_token": "t", "refresh_token": "r"}, "client_id is missing"),
    ],
)
async def test_settings_that_are_of_no_use_are_named(
    settings: dict[str, str], secrets: dict[str, str], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        ShopifyApi.over(ShopHttp(), Access(settings, secrets))


def test_every_question_says_what_its_default_fits() -> None:
    for question in ShopifyApi.questions:
        assert question.default is None or re.fullmatch(question.pattern, question.default)
    patterns = {question.name: question.pattern for question in ShopifyApi.questions}
    assert re.fullmatch(patterns["shop"], "Example-1.myshopify.com")
    assert not re.fullmatch(patterns["shop"], "https://example.myshopify.com/admin")


# Who it is.


async def test_a_shop_introduces_itself_and_says_what_its_people_should_know() -> None:
    async with connected(ShopifyShop()) as at:
        told = await at.api.introduce()
    assert (told.store_id, told.name, told.front_page) == (
        "example.myshopify.com",
        "Shop of Ann",
        "https://shop.example",
    )
    assert (told.currency, told.webhook_secret) == ("EUR", at.shop.client_secret)
    assert "Shop in town (2)" in told.notes[0]
    assert "Warehouse" not in told.notes[0]
    assert at.shop.client_secret not in repr(told)


async def test_an_app_that_may_not_be_told_of_orders_is_connected_all_the_same() -> None:
    shop = ShopifyShop()
    shop.scopes = {"write_products", "read_inventory", "read_locations"}
    async with connected(shop) as at:
        assert any("read_orders" in note for note in (await at.api.introduce()).notes)


async def test_the_scopes_that_are_missing_are_named_together() -> None:
    shop = ShopifyShop()
    shop.scopes = {"read_products"}
    async with connected(shop) as at:
        with pytest.raises(AccessRefused, match="read_inventory and read_locations"):
            await at.api.introduce()
        with pytest.raises(AccessRefused, match="lacks the access scope read_locations"):
            await at.api.read_back([Watched("1", "11")])


async def test_an_ended_version_is_noticed_for_shopify_answers_by_another() -> None:
    async with connected(ShopifyShop(), api_version="2025-10") as at:
        assert any("2025-10 has ended" in note for note in (await at.api.introduce()).notes)
    for version in ("2026-01", "2026-10"):
        async with connected(ShopifyShop(), api_version=version) as at:
            assert not any("has ended" in note for note in (await at.api.introduce()).notes)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (401, AccessRefused),
        (402, ShopAway),
        (403, AccessRefused),
        (404, AccessRefused),
        (423, ShopAway),
        (418, ShopAnswerOdd),
        (b"<html>", ShopAnswerOdd),
        (b"[]", ShopAnswerOdd),
        (b'{"data": {"shop": {}}}', ShopAnswerOdd),
        (b'{"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}', ShopAway),
        (b'{"errors": [{"message": "x", "extensions": {"code": "undefinedField"}}]}', ShopAnswerOdd),
    ],
)
async def test_an_answer_that_helps_not_is_told_as_what_it_means(answer: int | bytes, kind: type[DomainError]) -> None:
    async with connected(ShopifyShop()) as at:
        at.server.answer_next = [answer]
        with pytest.raises(kind) as refused:
            await at.api.introduce()
        assert TOKEN not in str(refused.value)


async def test_a_server_that_stumbles_is_asked_again() -> None:
    async with connected(ShopifyShop()) as at:
        at.server.answer_next = [502, 429, 503]
        assert (await at.api.introduce()).name == "Shop of Ann"


# Its pace.


def many(number: int, variants: int = 1) -> list[Product]:
    return [
        Product(each, [Variant(each * 10_000 + one, {1: each % 3}) for one in range(variants)])
        for each in range(1, number + 1)
    ]


async def test_calls_wait_for_their_points_so_that_none_is_refused() -> None:
    shop = ShopifyShop()
    shop.products = many(400)
    bucket = Bucket(size=1000, restored=3000)
    async with connected(shop, bucket) as at:
        facts = await at.api.read_back([Watched(str(each.id), str(each.variants[0].id)) for each in shop.products])
    assert len({fact.product_id for fact in facts if fact.kind == "product"}) == 400
    assert bucket.throttled == 0


async def test_points_that_another_process_took_are_waited_for() -> None:
    shop = ShopifyShop()
    bucket = Bucket(size=1000, restored=4000)
    async with connected(shop, bucket) as at:
        bucket.take(1400)
        assert (await at.api.introduce()).name == "Shop of Ann"
    assert bucket.throttled >= 1


async def test_a_query_that_is_dearer_than_thought_is_asked_in_smaller_parts() -> None:
    shop = ShopifyShop()
    shop.products = many(120, variants=2)
    async with connected(shop, Bucket(size=1000, restored=20000, dearer=3)) as at:
        watched = [Watched(str(each.id), str(one.id)) for each in shop.products for one in each.variants]
        some = await at.api.read_back([*watched, *(Watched(str(each.id)) for each in shop.products[:20])])
    assert len({fact.inventory_item_id for fact in some if fact.kind == "stock"}) == 240


# Its subscriptions.


async def test_subscriptions_are_missing_until_they_are_made_and_then_alive() -> None:
    async with connected(ShopifyShop()) as at:
        before = await at.api.subscriptions(ADDRESS)
        assert [(each.topic, each.health) for each in before] == [(topic, Health.MISSING) for topic in TOPICS]
        made = await at.api.subscribe(ADDRESS, "a secret that nobody can choose")
        assert {each.health for each in made} == {Health.ALIVE}
        assert await at.api.subscriptions(ADDRESS) == made
        assert await at.api.subscribe(ADDRESS, "") == made
        assert at.asked("subscribe") == len(TOPICS)


async def test_one_that_shopify_deleted_is_found_missing_and_made_again() -> None:
    async with connected(ShopifyShop()) as at:
        await at.api.subscribe(ADDRESS, "")
        lost = next(name for name, each in at.shop.webhooks.items() if each["topic"] == "INVENTORY_LEVELS_UPDATE")
        del at.shop.webhooks[lost]
        (missing,) = (each for each in await at.api.subscriptions(ADDRESS) if each.health is not Health.ALIVE)
        assert (missing.topic, missing.health) == ("inventory_levels/update", Health.MISSING)
        assert {each.health for each in await at.api.subscribe(ADDRESS, "")} == {Health.ALIVE}


@pytest.mark.parametrize("narrowed", [{"includeFields": ["id"]}, {"filter": "id:1"}, {"format": "XML"}])
async def test_one_that_does_not_send_all_is_off_says_why_and_is_mended(narrowed: dict[str, Any]) -> None:
    async with connected(ShopifyShop()) as at:
        at.shop.subscribe("PRODUCTS_UPDATE", ADDRESS, **narrowed)
        (off,) = (each for each in await at.api.subscriptions(ADDRESS) if each.topic == "products/update")
        assert off.health is Health.OFF
        assert off.why
        assert {each.health for each in await at.api.subscribe(ADDRESS, "")} == {Health.ALIVE}
        assert len(at.shop.webhooks) == len(TOPICS)


async def test_a_topic_that_shopify_refuses_stays_missing_and_says_why_in_its_words() -> None:
    shop = ShopifyShop()
    shop.scopes.discard("read_orders")
    async with connected(shop) as at:
        told = {each.topic: each for each in await at.api.subscribe(ADDRESS, "")}
    assert told["orders/create"].health is Health.MISSING
    assert told["orders/create"].why == "You cannot create a webhook subscription with the specified topic"
    assert told["products/update"].health is Health.ALIVE


async def test_subscriptions_to_other_addresses_are_left_alone_however_many() -> None:
    async with connected(ShopifyShop()) as at:
        for number in range(130):
            at.shop.subscribe("ORDERS_PAID", f"https://other.example/{number}")
        await at.api.subscribe(ADDRESS, "")
        assert {each.health for each in await at.api.subscriptions(ADDRESS)} == {Health.ALIVE}
        await at.api.unsubscribe(ADDRESS)
        assert len(at.shop.webhooks) == 130
        assert all(each["uri"] != ADDRESS for each in at.shop.webhooks.values())
        assert {each.health for each in await at.api.subscriptions(ADDRESS)} == {Health.MISSING}


def test_what_is_subscribed_is_what_is_read() -> None:
    page = Path("docs/storefronts/shopify.md").read_text(encoding="utf-8")
    for topic in TOPICS:
        assert f'"{topic}"' in page


def test_places_of_the_simulated_shop_are_of_each_kind() -> None:
    places: list[Place] = ShopifyShop().places
    assert [(place.online, place.active) for place in places] == [(True, True), (False, True), (True, False)]
