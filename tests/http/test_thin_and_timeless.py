"""Platforms whose webhooks hold ids only, or say no time: over HTTP into the database, and from their API after it."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.client import Client

from activities.intake.intake import Intake
from activities.postgres.pool import Pool, transaction
from activities.stock.products import load_product
from activities.storefronts.storefront import WebhookRequest
from activities.storefronts.woocommerce.products import Product, Variation, read_product
from schemas.document.alert_types.offer import Offer
from schemas.ids import Level, StoreId
from tests.http.conftest import web_over
from tests.http.web import Web, problem
from tests.storefronts import bigcommerce_store, woocommerce_shop
from tests.storefronts.woocommerce_shop import product

BIGCOMMERCE = "/v1/webhooks/bigcommerce"
WOOCOMMERCE = "/v1/webhooks/woocommerce"


@pytest.fixture
async def server(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    """A server that one store of each is connected to."""
    secrets = [
        ("bigcommerce", bigcommerce_store.STORE, bigcommerce_store.SECRET),
        ("woocommerce", woocommerce_shop.SHOP, woocommerce_shop.SECRET),
    ]
    async with web_over(pool, nowhere, secrets=secrets) as web:
        yield web


async def post(server: Web, path: str, sent: WebhookRequest) -> Any:
    return await server.open.post(path, content=sent.body, headers=dict(sent.headers), params=dict(sent.query))


async def offer(pool: Pool, variant_id: str, product_id: str = "794") -> Offer:
    store = StoreId(woocommerce_shop.SHOP)
    async with transaction(pool) as connection:
        return (await load_product(connection, store, product_id)).offer(Level.VARIANT, variant_id, None)


async def test_a_hint_makes_its_store_and_nothing_else_and_counts_once(server: Web, pool: Pool) -> None:
    body = bigcommerce_store.event(
        "store/channel/*/inventory/product/stock_changed", {"variant_id": 2, "product_id": 1}
    )
    for id_, receipt in (("msg_1", "applied"), ("msg_2", "repeated")):
        sent = bigcommerce_store.request(body, sent_at=datetime.now(UTC), id_=id_)
        assert (await post(server, BIGCOMMERCE, sent)).json() == {"receipt": receipt}
    assert await pool.fetchval("select source from stores where id = $1", bigcommerce_store.STORE) == "bigcommerce"
    for table in ("products", "variants", "orders", "events", "outbox"):
        assert await pool.fetchval(f"select count(*) from {table}") == 0, table


async def test_a_webhook_that_was_kept_for_an_hour_is_refused(server: Web) -> None:
    sent = bigcommerce_store.request(bigcommerce_store.event("store/product/updated", {"id": 1}))
    problem(await post(server, BIGCOMMERCE, sent), 401, "signature-wrong")


async def test_a_ping_is_answered_and_a_delivery_without_its_shop_is_refused(server: Web) -> None:
    answer = await server.open.post(WOOCOMMERCE, data={"webhook_id": "7"})
    assert (answer.status_code, answer.content) == (200, b"")
    sent = woocommerce_shop.request(b"{}", store=None)
    problem(await post(server, WOOCOMMERCE, sent), 401, "signature-wrong")


async def test_every_turn_of_a_products_stock_is_what_can_be_bought(server: Web, pool: Pool) -> None:
    turns: list[tuple[dict[str, object], Offer]] = [
        ({"manage_stock": True, "stock_quantity": 3}, Offer(3, False, None)),
        ({"manage_stock": True, "stock_quantity": 0, "stock_status": "outofstock"}, Offer(0, False, None)),
        ({"manage_stock": True, "stock_quantity": 2, "stock_status": "outofstock"}, Offer(0, False, None)),
        ({"stock_status": "instock"}, Offer(0, True, None)),
        ({"stock_status": "outofstock"}, Offer(0, False, None)),
        ({"manage_stock": True, "stock_quantity": 5, "backorders": "yes"}, Offer(5, True, None)),
        ({"manage_stock": True, "stock_quantity": 4}, Offer(4, False, None)),
    ]
    for changes, expected in turns:
        sent = woocommerce_shop.request(_body(product(price="", **changes)))
        assert (await post(server, WOOCOMMERCE, sent)).json() == {"receipt": "applied"}
        assert await offer(pool, "794") == expected, changes


async def test_one_change_by_webhook_and_by_api_is_one_number(server: Web, pool: Pool) -> None:
    counted = product(price="", manage_stock=True, stock_quantity=3)
    await post(server, WOOCOMMERCE, woocommerce_shop.request(_body(counted)))
    read = read_product(Product.model_validate(counted), (), datetime.now(UTC))
    await Intake(pool).observe(StoreId(woocommerce_shop.SHOP), "woocommerce", read)
    assert (await offer(pool, "794")).units == 3
    await post(server, WOOCOMMERCE, woocommerce_shop.request(_body({**counted, "stock_quantity": 7})))
    assert (await offer(pool, "794")).units == 7


async def test_a_variation_that_is_told_of_by_itself_leaves_its_product_as_it_is(server: Web, pool: Pool) -> None:
    blue = product(id=23, price="", manage_stock=True, stock_quantity=1)
    variable = Product.model_validate(product(id=22, name="Tea set", type="variable", variations=[23]))
    facts = read_product(variable, [Variation.model_validate(blue)], datetime.now(UTC))
    await Intake(pool).observe(StoreId(woocommerce_shop.SHOP), "woocommerce", facts)
    told = {**blue, "type": "variation", "parent_id": 22, "name": "Tea set - Blue", "stock_quantity": 6}
    await post(server, WOOCOMMERCE, woocommerce_shop.request(_body(told)))
    assert (await offer(pool, "23", "22")).units == 6
    assert await pool.fetchval("select title from products where product_id = '22'") == "Tea set"


def _body(message: object) -> bytes:
    return json.dumps(message).encode()
