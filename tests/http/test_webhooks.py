"""Webhooks over HTTP: who may send them, what they do once, and in any order (P4)."""

import asyncio
from itertools import permutations
from pathlib import Path

import pytest
from temporalio.client import Client

from activities.postgres.migrate import migrate
from activities.postgres.pool import Pool, open_pool
from starter.devstack.postgres import EmbeddedPostgres
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web, level_message, payload, problem, product_message
from tests.product import next_change
from tests.storefronts.shop import SHOP, headers

LEVEL, PRODUCT = "inventory_levels/update", "products/update"
PRIVACY = ["customers/data_request", "customers/redact", "shop/redact"]


async def test_a_signed_webhook_is_applied(web: Web) -> None:
    answer = await web.webhook(PRODUCT, product_message(units=3))
    assert (answer.status_code, answer.json()) == (200, {"receipt": "applied"})
    assert await web.units() == 3


@pytest.mark.parametrize("topic", [LEVEL, PRODUCT, "orders/create", *PRIVACY])
async def test_a_wrong_signature_is_refused_and_nothing_is_kept(web: Web, pool: Pool, topic: str) -> None:
    body = b'{"id": 1}'
    for signed in (headers(body, topic, secret="another"), headers(body + b" ", topic), {"X-Shopify-Topic": topic}):
        answer = await web.open.post("/v1/webhooks/shopify", content=body, headers=signed)
        problem(answer, 401, "signature-wrong")
        assert answer.headers["www-authenticate"]
    assert await pool.fetchval("select count(*) from inbox") == 0


@pytest.mark.parametrize("topic", ["customers/update", "orders/edited", "refunds/create"])
async def test_a_topic_that_is_not_ours_is_recorded_without_its_body(web: Web, pool: Pool, topic: str) -> None:
    answer = await web.webhook(topic, {"email": "shopper@example.com"})
    assert (answer.status_code, answer.json()) == (200, {"receipt": "ignored"})
    row = await pool.fetchrow("select topic, state, body from inbox")
    assert row is not None
    assert tuple(row) == (topic, "ignored", None)


@pytest.mark.parametrize("topic", ["orders/create", "checkouts/update", *PRIVACY])
async def test_what_cannot_be_read_about_people_is_not_kept(web: Web, pool: Pool, topic: str) -> None:
    answer = await web.webhook(topic, {"email": "shopper@example.com", "customer": {"email": 1}})
    problem(answer, 400, "delivery-malformed")
    row = await pool.fetchrow("select topic, state, body from inbox")
    assert row is not None
    assert tuple(row) == (topic, "malformed", None)


async def test_a_repeated_delivery_has_no_effect(web: Web) -> None:
    await web.webhook(PRODUCT, product_message(units=3))
    first = await web.webhook(LEVEL, level_message(5, 1), webhook_id="once")
    await web.webhook(LEVEL, level_message(2, 1), webhook_id="sent-later")
    again = await web.webhook(LEVEL, level_message(5, 1), webhook_id="once")
    assert (first.json(), again.status_code, again.json()) == ({"receipt": "applied"}, 200, {"receipt": "repeated"})
    assert await web.units() == 2


async def test_the_same_delivery_a_hundred_times_at_once_is_applied_once(web: Web, pool: Pool) -> None:
    answers = await asyncio.gather(
        *(web.webhook(PRODUCT, product_message(units=3), webhook_id="crowd") for _ in range(100))
    )
    receipts = [answer.json()["receipt"] for answer in answers]
    assert (receipts.count("applied"), receipts.count("repeated")) == (1, 99)
    assert await pool.fetchval("select count(*) from inbox") == 1


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
async def test_in_any_order_the_newest_level_stands(web: Web, order: tuple[int, ...]) -> None:
    await web.webhook(PRODUCT, product_message())
    for minutes in order:
        await web.webhook(LEVEL, level_message(minutes * 10, minutes))
    assert await web.units() == 30


async def test_an_older_product_message_overwrites_nothing(web: Web) -> None:
    await web.webhook(PRODUCT, product_message(5, units=7, title="New name"))
    await web.webhook(PRODUCT, product_message(4, units=1, title="Old name", status="draft"))
    shown = (await web.keyed.get(f"/v1/stores/{SHOP}/variants/31")).json()
    assert (shown["product_title"], shown["on_sale"], shown["units"]) == ("New name", True, 7)


@pytest.mark.parametrize("level_first", [True, False])
async def test_a_change_told_as_level_and_as_total_is_counted_once(web: Web, pool: Pool, level_first: bool) -> None:
    await web.webhook(PRODUCT, product_message(0))
    await web.webhook(LEVEL, level_message(0, 0))
    told = [(LEVEL, level_message(4, 1)), (PRODUCT, product_message(1, units=4))]
    for topic, message in told if level_first else reversed(told):
        await web.webhook(topic, message)
    assert await web.units() == 4
    assert await pool.fetchval("select arrived from episodes where closed_at is null") == 4


async def test_what_cannot_be_read_is_answered_by_path_and_kept(web: Web, pool: Pool) -> None:
    body = b'{"inventory_item_id": 41, "location_id": "x", "available": 3}'
    said = problem(await web.webhook(LEVEL, body), 400, "delivery-malformed")
    assert said.path == "$.location_id"
    row = await pool.fetchrow("select state, error, body from inbox")
    assert row is not None
    assert (row["state"], row["body"]) == ("malformed", body)
    assert "location_id" in row["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id": 1, "id": 2}', b"[" * 50_000])
async def test_a_body_that_is_no_json_object_is_malformed(web: Web, body: bytes) -> None:
    assert problem(await web.webhook(PRODUCT, body), 400, "delivery-malformed").path


async def test_a_signed_delivery_that_does_not_say_what_it_is_is_malformed(web: Web) -> None:
    said = problem(await web.webhook("", level_message(1, 1)), 400, "delivery-malformed")
    assert "X-Shopify-Topic" in said.detail


async def test_a_delivery_of_no_store_cannot_be_verified(web: Web, pool: Pool) -> None:
    said = problem(await web.webhook(LEVEL, level_message(1, 1), shop_domain=None), 401, "signature-wrong")
    assert "names no store" in said.detail
    assert await pool.fetchval("select count(*) from inbox") == 0


async def test_a_body_that_is_too_large_is_not_read(web: Web, pool: Pool) -> None:
    body = b"x" * (SETTINGS.http_max_body + 1)
    problem(await web.webhook(LEVEL, body), 413, "body-too-large")
    assert await pool.fetchval("select count(*) from inbox") == 0
    exactly = await web.webhook("customers/update", b"x" * SETTINGS.http_max_body)
    assert exactly.status_code == 200


async def test_a_body_without_a_length_is_cut_off_before_its_end(web: Web) -> None:
    reader, writer = await asyncio.open_connection(web.open.base_url.host, web.open.base_url.port)
    writer.write(b"POST /v1/webhooks/shopify HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
    size = SETTINGS.http_max_body + 1
    writer.write(f"{size:x}\r\n".encode() + b"x" * size + b"\r\n")
    answer = await reader.read()  # to the end: the server closes, although more was announced
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    assert b'"urn:shelftalk:problem:body-too-large"' in answer


TAKEN = {
    "products_create": "products/create",
    "products_update": "products/update",
    "products_delete": "products/delete",
    "inventory_levels_update": "inventory_levels/update",
    "inventory_levels_connect": "inventory_levels/connect",
    "inventory_levels_disconnect": "inventory_levels/disconnect",
    "orders_create": "orders/create",
    "orders_paid": "orders/paid",
    "orders_cancelled": "orders/cancelled",
    "checkouts_create": "checkouts/create",
    "checkouts_delete": "checkouts/delete",
    "customers_update": "customers/update",
    "shop_redact": "shop/redact",
}


async def test_shopifys_own_messages_are_taken(web: Web) -> None:
    for name, topic in TAKEN.items():
        answer = await web.webhook(topic, payload(name))
        ours = topic.startswith(("products/", "inventory_levels/", "orders/", "checkouts/"))
        assert (answer.status_code, answer.json()["receipt"]) == (200, "applied" if ours else "ignored")


async def test_a_transaction_that_lost_a_deadlock_is_done_again(web: Web, pool: Pool) -> None:
    await web.webhook(PRODUCT, product_message())
    async with pool.acquire() as other, other.transaction():
        # PostgreSQL ends the one that waited for this long: not this one.
        await other.execute("set local deadlock_timeout = '1min'")
        await other.execute("select from products for update")
        sending = asyncio.create_task(web.webhook(PRODUCT, product_message(1, units=2)))
        while not await pool.fetchval("select count(*) from pg_locks where not granted"):
            await next_change(pool)
        await other.execute("select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))", SHOP, "41")
    answer = await sending
    assert (answer.status_code, answer.json()) == (200, {"receipt": "applied"})
    assert await web.units() == 2


async def test_while_the_database_is_down_the_sender_is_asked_to_come_again(folder: Path, nowhere: Client) -> None:
    server = EmbeddedPostgres(folder, durable=False)
    await server.start()
    try:
        pool = await open_pool(await server.create_database("shelftalk_down"), 4)
        await migrate(pool)
        async with web_over(pool, nowhere) as web:
            await web.webhook(PRODUCT, product_message())
            await server.stop()
            refused = await web.webhook(LEVEL, level_message(3, 1), webhook_id="come-again")
            problem(refused, 503, "database-unavailable")
            assert int(refused.headers["retry-after"]) > 0
            not_ready = await web.open.get("/readyz")
            assert (not_ready.status_code, not_ready.json()["postgres"]["ok"]) == (503, False)
            assert "shelftalk_database_up 0.0" in (await web.open.get("/metrics")).text
            assert (await web.open.get("/livez")).status_code == 200
            await server.start()
            assert (await web.webhook(LEVEL, level_message(3, 1), webhook_id="come-again")).status_code == 200
            assert await web.units() == 3
        await pool.close()
    finally:
        await server.stop()
