"""Requests that two programs would read in two ways, that say too much, or that nobody reads to their end."""

import asyncio
import json
from urllib.parse import quote, urlsplit

import pytest
import structlog

from activities.postgres.pool import Pool
from starter.http.limits import HEAD_LIMIT_BYTES
from tests.http.web import SETTINGS, Web, problem, product_message
from tests.storefronts.shop import SHOP

FILLED = {"store": SHOP, "variant": "31", "email": "a@example.com"}


async def _raw(web: Web, said: bytes) -> bytes:
    """All that the server says until it closes the connection."""
    address = urlsplit(web.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(said)
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_body_whose_length_is_said_in_two_ways_is_refused_and_what_follows_it_is_not_read(web: Web) -> None:
    answer = await _raw(
        web,
        b"POST /v1/signups HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"urn:shelftalk:problem:request-malformed" in answer


async def test_a_head_that_is_too_large_is_refused_in_whatever_pieces_it_comes(web: Web) -> None:
    long = "x" * HEAD_LIMIT_BYTES
    problem(await web.open.get("/livez", headers={"X-Long": long}), 431, "head-too-large")
    problem(await web.open.get("/livez", params={"long": long}), 431, "head-too-large")
    answer = await _raw(web, b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * (HEAD_LIMIT_BYTES + 1))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert (await web.open.get("/livez", headers={"X-Long": "x" * 8000})).status_code == 200


@pytest.mark.parametrize("times", [2, 20])
async def test_who_sends_a_large_body_in_chunks_comes_to_read_the_answer(web: Web, times: int) -> None:
    async def body() -> object:
        for _ in range(times):
            yield b"x" * SETTINGS.http_max_body

    for client, path in ((web.open, "/v1/signups"), (web.open, "/v1/webhooks/shopify"), (web.keyed, "/v1/events")):
        problem(await client.post(path, content=body()), 413, "body-too-large")  # pyright: ignore[reportArgumentType] httpx takes it
        problem(await client.post(path, content=b"x" * SETTINGS.http_max_body * times), 413, "body-too-large")


async def test_a_body_that_is_too_large_is_logged_with_its_route(web: Web) -> None:
    with structlog.testing.capture_logs() as logged:
        await web.open.post("/v1/signups", content=b"x" * (SETTINGS.http_max_body + 1))
        await web.open.post("/v1/webhooks/nobodys", content=b"{}")
        await web.keyed.get("/v1/journeys/j-unknown")
        await web.open.get("/nowhere")
    told = [(each["route"], each["status"]) for each in logged if each["event"] == "request"]
    assert told == [
        ("/v1/signups", 413),
        ("/v1/webhooks/{source}", 404),
        ("/v1/journeys/{journey}", 404),
        ("unmatched", 404),
    ]


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(FILLED)[:-1] + ', "email": "b@example.com"}',
        json.dumps(FILLED).encode("utf-16"),
        json.dumps(FILLED).encode("utf-8-sig"),
    ],
    ids=["twice", "UTF-16", "BOM"],
)
async def test_json_that_can_be_read_in_two_ways_is_refused_at_every_door(
    web: Web, pool: Pool, body: str | bytes
) -> None:
    await web.webhook("products/update", product_message())
    for client, path in ((web.open, "/v1/signups"), (web.keyed, "/v1/events"), (web.keyed, "/v1/consents")):
        answer = await client.post(path, content=body, headers={"Content-Type": "application/json"})
        problem(answer, 400, "request-malformed")
    assert await pool.fetchval("select count(*) from contacts") == 0


@pytest.mark.parametrize(
    "email", ["Ada <a@example.com>", '"Ada, Bob" <a@example.com>', "<a@example.com>", "a" * 65 + "@example.com"]
)
async def test_more_than_an_address_and_one_that_no_server_takes_are_refused(web: Web, email: str) -> None:
    said = problem(await web.sign_up(email), 422, "invalid")
    assert said.path == "$.email"
    consent = await web.keyed.post("/v1/consents", json={"email": email, "granted": True, "source": "a form"})
    assert problem(consent, 422, "invalid").path == "$.email"


async def test_full_width_letters_are_the_same_mailbox(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    for email in ("ada@example.com", "ａｄａ@example.com", "ADA＠example.com"):
        assert (await web.sign_up(email)).status_code == 202
    assert [row["email"] for row in await pool.fetch("select email from contacts")] == ["ada@example.com"]


@pytest.mark.parametrize("wrong", ["a\nb", "a\x1b[31m", "a\x7f", "a\u2028b"])
async def test_an_id_with_a_line_break_or_another_control_character_is_refused(web: Web, wrong: str) -> None:
    named = {"name": "A", "url": "https://a.example"}
    assert problem(await web.keyed.put(f"/v1/stores/{quote(wrong, safe='')}", json=named), 422, "invalid").path
    for field in ("store", "variant"):
        said = problem(await web.open.post("/v1/signups", json=FILLED | {field: wrong}), 422, "invalid")
        assert said.path == f"$.{field}"
    event = {"id": "e", "store": wrong, "kind": "viewed_product", "email": "a@example.com", "product": "21"}
    assert problem(await web.keyed.post("/v1/events", json=event), 422, "invalid").path == "$.store"
