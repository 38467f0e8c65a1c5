"""Messages over HTTP before they reach anybody: shown, and sent to oneself."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from activities.archive.postgres import PostgresArchive
from activities.postgres.pool import Pool
from schemas.responses.keys import Scope
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox
from starter.http.api.previews import TESTS_A_MINUTE, TESTS_AT_ONCE, TESTS_WAITING
from starter.http.app import create_app
from starter.http.server import serving
from starter.runtime.ports import free_port
from starter.services import build_services
from tests.conformance.providers import At, BarePeer, Does, Plan
from tests.consent.asked import link_of
from tests.consent.test_unsubscribing import ONE_CLICK
from tests.documents.starters import BACK
from tests.http.web import Web, open_web, problem
from tests.product import STORE, Shop

MESSAGES = "/v1/conversations/back-in-stock"


@pytest.fixture
async def sending(pool: Pool, nowhere: Client, mailbox: Mailbox) -> AsyncGenerator[Web]:
    """A server whose mails go to the mailbox, with a kettle at €12.50."""
    shop = await Shop.opened(pool)
    await shop.charges_in("EUR")
    await shop.asks("12.50")
    settings = Settings(smtp_host=mailbox.host, smtp_port=mailbox.port)
    services = build_services(pool, nowhere, PostgresArchive(pool), settings)
    async with (
        serving(create_app(services, settings), "127.0.0.1", 0) as served,
        open_web(served.url, services) as web,
    ):
        yield web


async def test_messages_are_shown_for_a_contact_and_a_product_or_made_up(sending: Web, pool: Pool) -> None:
    about = {"store": STORE, "variant": "v", "message": "it-is-back"}
    (shown,) = (await sending.keyed.get(f"{MESSAGES}/preview", params=about)).json()["messages"]
    assert "(v)" in shown["text"]
    assert "€12.50" in shown["html"]
    made_up = (await sending.keyed.get(f"{MESSAGES}/preview")).json()
    assert [each["message"] for each in made_up["messages"]] == ["it-is-back", "still-here"]
    posted = await sending.keyed.post("/v1/conversations/preview", params={"message": "still-here"}, content=BACK)
    assert [each["message"] for each in posted.json()["messages"]] == ["still-here"]
    said = problem(await sending.keyed.post("/v1/conversations/preview", content=b"conversation: x"), 422, "invalid")
    assert said.errors


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"message": "x"}, 404, "It has: it-is-back, still-here"),
        ({"language": "fr"}, 404, "written in 'fr'"),
        ({"contact": "c-none"}, 404, "no contact"),
        ({"variant": "v"}, 422, "'store' is missing"),
        ({"store": STORE, "variant": "x"}, 404, "no such product"),
        ({"version": "7"}, 404, "no such version"),
    ],
)
async def test_what_is_not_there_is_said(sending: Web, asked: dict[str, str], status: int, said: str) -> None:
    answer = await sending.keyed.get(f"{MESSAGES}/preview", params=asked)
    assert said in problem(answer, status, "not-found" if status == 404 else "invalid").detail


async def test_a_test_reaches_oneself_and_the_audit(sending: Web, pool: Pool, mailbox: Mailbox) -> None:
    body = {"message": "it-is-back", "to": "me@shop.example", "store": STORE, "variant": "v"}
    sent = await sending.keyed.post(f"{MESSAGES}/test", json=body)
    assert sent.status_code == 200, sent.text
    (mail,) = mailbox.mails
    assert mail.read()["Subject"] == sent.json()["subject"] == "[Test] Blue kettle is back"
    (audit,) = await pool.fetch("select actor, details::text as details from audit where action = 'send test message'")
    assert "tests" in audit["actor"]
    assert "me@" not in audit["details"]
    assert await pool.fetchval("select count(*) from sends") == 0


async def test_a_key_sends_ten_tests_in_a_minute_and_takes_none_of_anothers(sending: Web) -> None:
    body = {"message": "none-of-this-name", "to": "me@shop.example"}
    answers = [await sending.keyed.post(f"{MESSAGES}/test", json=body) for _ in range(2 * TESTS_A_MINUTE + 1)]
    assert {answer.status_code for answer in answers[:TESTS_A_MINUTE]} == {404}
    refused = next(answer for answer in answers if answer.status_code != 404)
    problem(refused, 429, "too-many-requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    other = await key_of(sending, Scope.SEND)
    assert (await sending.open.post(f"{MESSAGES}/test", json=body, headers=other)).status_code == 404


async def test_tests_wait_for_each_other_and_not_all_of_them(pool: Pool, nowhere: Client) -> None:
    await Shop.opened(pool)
    async with BarePeer() as peer:
        peer.plan = Plan(At.TAKEN, Does.STALL)
        settings = Settings(smtp_host=peer.host, smtp_port=peer.port)
        services = build_services(pool, nowhere, PostgresArchive(pool), settings)
        async with (
            serving(create_app(services, settings), "127.0.0.1", 0) as served,
            open_web(served.url, services) as web,
        ):
            body = {"message": "it-is-back", "to": "me@shop.example"}
            asked = [
                asyncio.create_task(web.keyed.post(f"{MESSAGES}/test", json=body))
                for _ in range(TESTS_AT_ONCE + TESTS_WAITING + 1)
            ]
            (first, *_), _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            problem(first.result(), 503, "busy")
            peer.go_on.set()
            codes = [(await each).status_code for each in asked]
        assert codes.count(200) >= TESTS_AT_ONCE
        assert peer.most_at_once <= TESTS_AT_ONCE


async def test_what_a_contact_is_shown_takes_a_key_that_reads_people(
    sending: Web, pool: Pool, mailbox: Mailbox
) -> None:
    await sending.open.post("/v1/signups", json={"store": STORE, "variant": "v", "email": "ada@shop.example"})
    body = {"message": "it-is-back", "to": "me@shop.example", "contact": await pool.fetchval("select id from contacts")}
    sends, reads = await key_of(sending, Scope.SEND), await key_of(sending, Scope.SEND, Scope.READ)
    said = problem(await sending.open.post(f"{MESSAGES}/test", json=body, headers=sends), 403, "forbidden")
    assert "'read'" in said.detail
    assert mailbox.mails == ()
    assert (await sending.open.post(f"{MESSAGES}/test", json=body, headers=reads)).status_code == 200
    assert (await sending.open.post(f"{MESSAGES}/test", json=body | {"contact": None}, headers=sends)).is_success


async def key_of(web: Web, *scopes: Scope) -> dict[str, str]:
    """The header of a new key."""
    return {"Authorization": f"Bearer {await web.services.keys.create('+'.join(scopes), 'test', [*scopes])}"}


async def test_a_test_that_cannot_be_sent_says_why(sending: Web, pool: Pool, nowhere: Client) -> None:
    said = problem(
        await sending.keyed.post(f"{MESSAGES}/test", json={"message": "it-is-back", "to": "me"}), 422, "invalid"
    )
    assert said.path == "$.to"
    await sending.open.post("/v1/signups", json={"store": STORE, "variant": "v", "email": "no@shop.example"})
    refused = {"message": "it-is-back", "to": "no@shop.example"}
    assert (await sending.keyed.post(f"{MESSAGES}/test", json=refused)).status_code == 200
    await sending.open.post(f"/u/{await link_of(pool, 'no@shop.example')}", data=ONE_CLICK)
    problem(await sending.keyed.post(f"{MESSAGES}/test", json=refused), 409, "conflict")
    settings = Settings(smtp_host="127.0.0.1", smtp_port=free_port())
    services = build_services(pool, nowhere, PostgresArchive(pool), settings)
    body = {"message": "it-is-back", "to": "me@shop.example"}
    async with serving(create_app(services, settings), "127.0.0.1", 0) as served:
        key = sending.keyed.headers["Authorization"]
        away = await sending.open.post(f"{served.url}{MESSAGES}/test", json=body, headers={"Authorization": key})
    assert "me@shop.example" not in problem(away, 502, "test-not-sent").detail
