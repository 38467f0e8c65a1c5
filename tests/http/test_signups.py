"""Sign-ups over HTTP: open to every shop's pages, limited, and saying the same to everyone."""

from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from starter.http.limits import ADDRESSES_REMEMBERED, SignUpLimit
from starter.versioning.publishing import publish
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web, problem, product_message
from tests.product import starter_document
from tests.storefronts.shop import SHOP

LIMITED = SETTINGS.model_copy(update={"signups_per_minute": 3})


async def test_new_and_known_contacts_are_answered_alike(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    new, known, shouted = [await web.sign_up(email) for email in ("a@example.com", "a@example.com", "A@Example.com")]
    assert new.status_code == known.status_code == shouted.status_code == 202
    # How many have asked: one more each time, whoever it was.
    answers = [each.json() for each in (new, known, shouted)]
    assert [each.pop("place_at_most") for each in answers] == [1, 2, 3]
    assert len({each.pop("device") for each in answers}) == 3
    assert answers[0] == answers[1] == answers[2]
    told_apart = {"x-request-id", "date"}
    assert {k: v for k, v in new.headers.items() if k not in told_apart} == {
        k: v for k, v in known.headers.items() if k not in told_apart
    }
    assert await pool.fetchval("select count(*) from journeys") == 1
    assert "j-" not in new.text


async def test_consent_is_on_record_with_its_source(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("a@example.com")
    row = await pool.fetchrow("select granted, source from consents")
    assert row is not None
    assert tuple(row) == (True, "sign-up form")


async def test_an_invalid_address_is_named(web: Web) -> None:
    wrong: list[object] = ["", "a", "a@", "@example.com", "a b@example.com", "a@example.com\0", None, 7, []]
    for email in wrong:
        answer = await web.open.post("/v1/signups", json={"store": SHOP, "variant": "31", "email": email})
        said = problem(answer, 422, "invalid")
        assert said.path == "$.email"


async def test_a_sign_up_may_say_how_many_units_it_is_for(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    body = {"store": SHOP, "variant": "31", "email": "a@example.com"}
    odd_ones: tuple[object, ...] = (0, -1, 1000, 2.5, "5", True, [])
    for odd in odd_ones:
        answer = await web.open.post("/v1/signups", json={**body, "quantity": odd})
        assert problem(answer, 422, "invalid").path == "$.quantity"
    for quantity, wanted in ((5, 5), (None, 5), (999, 999)):
        assert (await web.open.post("/v1/signups", json={**body, "quantity": quantity})).status_code == 202
        assert await pool.fetchval("select quantity from waiting") == wanted


async def test_every_wrong_field_is_named(web: Web) -> None:
    said = problem(await web.open.post("/v1/signups", json={"variant": 3, "emial": "a@example.com"}), 422, "invalid")
    assert sorted(error.path for error in said.errors) == ["$.email", "$.emial", "$.store", "$.variant"]
    assert "a@example.com" not in str(said)


async def _post(web: Web, body: bytes, kind: str | None = "application/json") -> httpx.Response:
    return await web.open.post("/v1/signups", content=body, headers={"Content-Type": kind} if kind else {})


@pytest.mark.parametrize("body", [b"", b"{", b"email=a%40example.com", b"\xff", b"[" * 50_000])
async def test_a_body_that_is_no_json_is_malformed(web: Web, body: bytes) -> None:
    problem(await _post(web, body), 400, "request-malformed")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", None])
async def test_a_body_that_is_not_said_to_be_json_is_malformed_and_says_what_to_send(
    web: Web, kind: str | None
) -> None:
    for body in (b"email=a%40example.com&variant=31", b'{"store": "s", "variant": "31", "email": "a@example.com"}'):
        said = problem(await _post(web, body, kind), 400, "request-malformed")
        assert "Content-Type: application/json" in said.detail
    assert (await _post(web, b"{}", "application/json; charset=utf-8")).status_code == 422


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'"\\ud800"', b'{"\\ud800": 1}'])
async def test_json_that_is_no_sign_up_is_not_valid(web: Web, body: bytes) -> None:
    problem(await _post(web, body), 422, "invalid")


async def test_what_is_no_sign_up_counts_as_one(pool: Pool, nowhere: Client) -> None:
    await publish(pool, starter_document())
    async with web_over(pool, nowhere, LIMITED) as web:
        answers = [(await _post(web, body)).status_code for body in (b"{", b"[]") * 4]
        assert set(answers) == {400, 422, 429}
        # The minute may have turned in between: then as many more were answered.
        assert answers.count(429) in (2, 3, 4, 5)


@pytest.mark.parametrize("variant", ["unknown", "\0"])
async def test_an_unknown_variant_is_not_found_or_not_valid(web: Web, variant: str) -> None:
    answer = await web.sign_up("a@example.com", variant)
    problem(answer, *((404, "not-found") if variant == "unknown" else (422, "invalid")))


async def test_before_anything_is_published_the_shopper_reads_a_plain_sentence(pool: Pool, nowhere: Client) -> None:
    async with web_over(pool, nowhere) as web:
        await web.webhook("products/update", product_message())
        said = problem(await web.sign_up("a@example.com"), 503, "not-open")
        assert said.detail == "Sign-ups are not open yet. Please try again later."


async def test_a_sign_up_may_name_its_list_and_is_told_when_it_has_to(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    vip: dict[str, Any] = starter_document().model_dump(mode="json", by_alias=True) | {"conversation": "vip"}
    vip["list"] |= {"code": "vip", "only_by_name": True}
    vip["alerts"] = {"vip": vip["alerts"]["back-in-stock"]}
    vip["threads"][0]["on"] = "vip.alert"
    await publish(pool, ConversationDocument.model_validate(vip))
    asked = {"store": SHOP, "variant": "31", "email": "a@example.com"}
    for named in ({}, {"list": "vip"}):
        assert (await web.open.post("/v1/signups", json=asked | named)).status_code == 202
    assert await pool.fetch("select alert_id from journeys order by 1") == [("back-in-stock",), ("vip",)]
    for wrong in ("nobodys", "No List"):
        said = problem(await web.open.post("/v1/signups", json=asked | {"list": wrong}), 422, "invalid")
        assert said.path == "$.list"
        assert wrong not in str(said)
    await pool.execute("update lists set only_by_name = true")
    said = problem(await web.open.post("/v1/signups", json=asked), 422, "invalid")
    assert said.detail == "A sign-up in this store has to say which list it is for: 'list' is missing."


async def test_one_address_may_not_sign_up_without_end(pool: Pool, nowhere: Client) -> None:
    await publish(pool, starter_document())
    async with web_over(pool, nowhere, LIMITED) as web:
        await web.webhook("products/update", product_message())
        answers = [await web.sign_up(f"{number}@example.com") for number in range(7)]
        # The minute may have turned in between: then as many more were let in.
        accepted = [answer for answer in answers if answer.status_code == 202]
        assert len(accepted) in (3, 4, 5, 6)
        refused = next(answer for answer in answers if answer.status_code != 202)
        problem(refused, 429, "too-many-requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        # Others are not held up, and neither is the shop.
        assert (await web.webhook("products/update", product_message(1))).status_code == 200


async def test_behind_a_trusted_proxy_each_shopper_counts_alone(pool: Pool, nowhere: Client) -> None:
    await publish(pool, starter_document())
    async with web_over(pool, nowhere, LIMITED) as web:
        await web.webhook("products/update", product_message())
        for number in range(10):
            answer = await web.open.post(
                "/v1/signups",
                json={"store": SHOP, "variant": "31", "email": f"{number}@example.com"},
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
            )
            assert answer.status_code == 202


async def test_a_proxy_that_is_not_trusted_cannot_lend_addresses(pool: Pool, nowhere: Client) -> None:
    settings = LIMITED.model_copy(update={"http_trusted_proxies": (ip_network("192.0.2.1"),)})
    async with web_over(pool, nowhere, settings) as web:
        answers = [
            await web.open.post("/v1/signups", json={}, headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(7)
        ]
        assert {answer.status_code for answer in answers} == {422, 429}


async def test_a_household_counts_as_one_address() -> None:
    limit = SignUpLimit(1)
    waits = [await limit.seconds_to_wait(f"2001:db8::{number:x}") for number in range(1, 5)]
    assert waits[0] == 0
    assert any(waits)
    assert await limit.seconds_to_wait("2001:db8:0:1::1") == 0


async def test_a_site_of_ten_thousand_households_is_bounded_too() -> None:
    limit = SignUpLimit(1)
    waits = [await limit.seconds_to_wait(f"2001:db8:7:{number:x}::1") for number in range(40)]
    assert waits[0] == 0
    assert any(waits)
    assert await limit.seconds_to_wait("2001:db8:8::1") == 0


async def test_whoever_is_blocked_and_goes_on_stays_blocked_however_many_others_come() -> None:
    limit = SignUpLimit(1)
    others = (f"10.{number >> 8}.{number & 255}.1" for number in range(2 * ADDRESSES_REMEMBERED))
    let_in = 0
    for number, other in enumerate(others):
        assert await limit.seconds_to_wait(other) == 0
        if number % 100 == 0:
            let_in += await limit.seconds_to_wait("192.0.2.1") == 0
    # Once a minute; this took two of them at most.
    assert let_in <= 3


async def test_however_many_addresses_come_the_memory_stays_small() -> None:
    limit = SignUpLimit(1)
    for number in range(ADDRESSES_REMEMBERED + 10):
        assert await limit.seconds_to_wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}") == 0
    assert limit.remembered <= ADDRESSES_REMEMBERED


async def test_a_shops_page_may_post_a_sign_up_and_nothing_else(web: Web) -> None:
    page = {"Origin": "https://shop.example"}
    asked = page | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = await web.open.options("/v1/signups", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in preflight.headers
    refused: httpx.Response = await web.open.post("/v1/signups", json={}, headers=page)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (422, "*")
    for path in ("/v1/journeys", "/v1/webhooks/shopify", "/v1/stores/s"):
        elsewhere = await web.open.options(path, headers=asked)
        assert "access-control-allow-origin" not in elsewhere.headers
        assert elsewhere.status_code == 405
