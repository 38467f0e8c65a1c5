"""Many sign-ups in one moment: they wait for their turn before the database, and webhooks do not wait behind them."""

import asyncio
import json
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from activities.postgres.pool import Pool
from schemas.settings import Settings
from starter.http.app import create_app
from starter.http.problems import Refusal
from starter.http.server import serving
from starter.http.turns import Turns
from starter.runtime.ports import free_port
from starter.services import open_services
from starter.versioning.publishing import publish
from tests.history import PATIENCE
from tests.http.connecting import KEY, connect_stores
from tests.http.web import Web, open_web, product_message
from tests.product import starter_document
from tests.storefronts.shop import SHOP

AT_ONCE = 300
"""`make bench` has a thousand, and the time that webhooks take beside them."""
WEBHOOKS = 20


@pytest.fixture
async def web(pool: Pool, database_url: str) -> AsyncGenerator[Web]:
    """A web server with connections of its own, as `shelftalk serve` opens them."""
    await publish(pool, starter_document())
    await connect_stores(pool)
    settings = Settings(
        secrets_keys=(KEY,),
        database_url=SecretStr(database_url),
        temporal_address=f"127.0.0.1:{free_port()}",
        signups_per_minute=1_000_000,
    )
    async with (
        open_services(settings, takes_webhooks=True) as services,
        serving(create_app(services, settings), "127.0.0.1", 0) as served,
        open_web(served.url, services) as web,
    ):
        yield web


async def test_sign_ups_that_come_all_at_once_are_taken_or_told_to_come_again_and_no_webhook_waits_behind_them(
    web: Web, pool: Pool
) -> None:
    await web.webhook("products/update", product_message())
    burst = asyncio.gather(*(_sign_up(web.url, number) for number in range(AT_ONCE)))
    for minute in range(1, WEBHOOKS + 1):
        assert (await web.webhook("products/update", product_message(minute))).status_code == 200
    answers = await burst
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 202 ") or (b" 503 " in answer and b"\r\nretry-after: " in answer)
    taken = sum(answer.startswith(b"HTTP/1.1 202 ") for answer in answers)
    assert taken > 0
    assert await pool.fetchval("select count(*) from journeys") == taken


async def test_webhooks_are_taken_while_sign_ups_wait_for_a_row_that_is_held(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    async with pool.acquire() as connection, asyncio.TaskGroup() as shoppers, connection.transaction():
        await connection.execute("lock table contacts in access exclusive mode")
        signing_up = [shoppers.create_task(web.sign_up(f"{number}@example.com")) for number in range(30)]
        for minute in range(1, 20):
            assert (await web.webhook("products/update", product_message(minute))).status_code == 200
        answered = [each.result().status_code for each in signing_up if each.done()]
        assert set(answered) <= {503}, "none can be taken while the row is held"
    # Whoever asked while the machine was too slow for all that was to come again.
    assert {each.result().status_code for each in signing_up} - {503} == {202}


async def test_a_sign_up_is_taken_while_what_browsers_tell_waits_for_a_row_that_is_held(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    device = (await web.sign_up("ada@example.com")).json()["device"]
    async with pool.acquire() as connection, asyncio.TaskGroup() as browsers, connection.transaction():
        await connection.execute("select from devices for update")
        seen = [{"id": "1", "kind": "viewed_product", "ago": 60, "variant": "31"}]
        told = {"device": device, "seen": seen}
        telling = [browsers.create_task(web.open.post("/v1/views", json=told)) for _ in range(20)]
        held_up = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        while not await pool.fetchval(f"select exists ({held_up})"):
            await asyncio.sleep(0)
        assert (await web.sign_up("bob@example.com")).status_code == 202
        assert not any(each.done() for each in telling)
    assert {each.result().status_code for each in telling} - {503} == {202}


async def test_whoever_finds_the_queue_full_is_refused_at_once_and_whoever_waits_too_long_then() -> None:
    turns = Turns(1, waiting=1, seconds=PATIENCE)
    async with turns.turn(), asyncio.TaskGroup() as others:
        waiting = others.create_task(_take(turns))
        await asyncio.sleep(0)
        with pytest.raises(Refusal, match="Send it again"):
            await _take(turns)
        assert not waiting.done()
        waiting.cancel()
    await _take(turns)
    impatient = Turns(1, waiting=1, seconds=0.01)
    async with impatient.turn():
        with pytest.raises(Refusal, match="Send it again"):
            await _take(impatient)
    await _take(impatient)


async def _sign_up(url: str, number: int) -> bytes:
    """The answer, all of it, on a connection of its own."""
    body = json.dumps({"store": SHOP, "variant": "31", "email": f"s{number}@example.com"}).encode()
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = "POST /v1/signups HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    return answer


async def _take(turns: Turns) -> None:
    async with turns.turn():
        pass
