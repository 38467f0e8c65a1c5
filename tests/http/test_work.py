"""Sign-ups that come in numbers have to prove that they did some work; a person's first ones never do."""

import hashlib
import itertools
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta, tzinfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.waitlist import work
from activities.waitlist.work import FEWEST_BITS, MOST_BITS, bits_for, is_solved
from starter.versioning.publishing import publish
from tests.http import test_klaviyo as klaviyo
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web, problem, product_message
from tests.product import starter_document
from tests.storefronts.shop import SHOP

NETWORK, OTHER = "9.9.9.9", "1.1.1.1"
TWO_VARIANTS = [{"id": number, "inventory_item_id": number, "title": str(number), "price": "1"} for number in (31, 32)]


@pytest.fixture
async def asking(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    """A server that asks for work from the third sign-up of a network on."""
    await publish(pool, starter_document())
    settings = SETTINGS.model_copy(update={"signups_before_work": 2, "signups_per_minute": 1000})
    async with web_over(pool, nowhere, settings) as web:
        await web.webhook("products/update", product_message(variants=TWO_VARIANTS))
        yield web


async def sign_up(web: Web, name: str, network: str | None = NETWORK, **more: object) -> httpx.Response:
    forwarded = {"X-Forwarded-For": network} if network else {}
    asked = {"store": SHOP, "variant": "31", "email": f"{name}@example.com"} | more
    return await web.open.post("/v1/signups", json=asked, headers=forwarded)


def solved(answer: httpx.Response) -> dict[str, str]:
    """The proof that it asks for, found as the documentation says."""
    challenge, bits = answer.json()["challenge"], answer.json()["bits"]
    for number in map(str, itertools.count()):
        digest = hashlib.sha256(f"{challenge}.{number}".encode()).hexdigest()
        if bin(int(digest, 16))[2:].zfill(256).startswith("0" * bits):
            return {"challenge": challenge, "number": number}
    raise AssertionError("numbers do not end")


async def in_line(pool: Pool) -> int:
    return await pool.fetchval("select count(*) from waiting")


async def test_the_first_of_a_network_need_no_work_and_the_next_do(asking: Web, pool: Pool) -> None:
    for name in ("a", "b"):
        assert (await sign_up(asking, name)).status_code == 202
    asked = await sign_up(asking, "c")
    problem(asked, 428, "work-needed")
    assert asked.json()["bits"] == FEWEST_BITS
    assert await in_line(pool) == 2, "nobody entered by what was not proved"
    done = await sign_up(asking, "c", proof=solved(asked))
    assert (done.status_code, await in_line(pool)) == (202, 3)


async def test_a_proof_is_good_once_and_for_its_variant_alone(asking: Web, pool: Pool) -> None:
    for name in ("a", "b"):
        await sign_up(asking, name)
        await sign_up(asking, name, variant="32")
    proof = solved(await sign_up(asking, "c"))
    problem(await sign_up(asking, "d", variant="32", proof=proof), 428, "work-needed")
    assert (await sign_up(asking, "c", proof=proof)).status_code == 202
    problem(await sign_up(asking, "d", proof=proof), 428, "work-needed")
    assert await in_line(pool) == 5


async def test_what_is_wrong_with_a_proof_is_answered_with_another_challenge(asking: Web) -> None:
    for name in ("a", "b"):
        await sign_up(asking, name)
    asked = await sign_up(asking, "c")
    proof = solved(asked)
    ends, bits, random, sign = proof["challenge"].split(".")
    forged = [
        {**proof, "number": str(int(proof["number"]) + 1)},
        {**proof, "challenge": ".".join((ends, "1", random, sign))},
        {**proof, "challenge": ".".join((str(int(ends) + 9999), bits, random, sign))},
        {**proof, "challenge": ".".join((ends, bits, random, "0" * 64))},
        {**proof, "challenge": "x"},
    ]
    for each in forged:
        again = await sign_up(asking, "c", proof=each)
        problem(again, 428, "work-needed")
        assert again.json()["challenge"] != asked.json()["challenge"]


async def test_a_challenge_that_was_solved_too_late_is_good_no_more(asking: Web, pool: Pool) -> None:
    for name in ("a", "b"):
        await sign_up(asking, name)
    _, bits, random, _ = (await sign_up(asking, "c")).json()["challenge"].split(".")
    text = f"1000.{bits}.{random}"
    sign = await pool.fetchval(
        "select encode(new_digest($1), 'hex')", f"work\n{SHOP}\n31\n{text}"
    )  # as ours, and of long ago
    number = next(str(n) for n in itertools.count() if is_solved(f"{text}.{sign}", str(n), int(bits)))
    problem(await sign_up(asking, "c", proof={"challenge": f"{text}.{sign}", "number": number}), 428, "work-needed")


async def test_others_and_the_shops_own_server_are_asked_for_none(asking: Web) -> None:
    for name in ("a", "b"):
        await sign_up(asking, name)
    assert (await sign_up(asking, "c", OTHER)).status_code == 202
    for name in ("d", "e", "f"):
        assert (await sign_up(asking, name, None)).status_code == 202


async def test_a_line_that_everybody_runs_at_asks_whoever_comes(pool: Pool, nowhere: Client) -> None:
    await publish(pool, starter_document())
    settings = SETTINGS.model_copy(update={"line_before_work": 3})
    async with web_over(pool, nowhere, settings) as web:
        await web.webhook("products/update", product_message())
        for number in range(3):
            assert (await sign_up(web, f"a{number}", f"8.8.8.{number}")).status_code == 202
        problem(await sign_up(web, "late", OTHER), 428, "work-needed")


async def test_what_fills_in_the_field_that_nobody_sees_is_thanked_and_enters_nobody(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    person = await sign_up(web, "a")
    program = await sign_up(web, "b", homepage="https://spam.example")
    said = [answer.json() for answer in (person, program)]
    # As the next who asks is told, with a token that is nobody's.
    assert [each.pop("place_at_most") for each in said] == [1, 2]
    assert len({each.pop("device") for each in said}) == 2
    assert (program.status_code, said[1]) == (202, said[0])
    assert await pool.fetchval("select count(*) from devices") == 1
    assert await in_line(pool) == 1
    assert "shelftalk_trapped_sign_ups_total 1.0" in (await web.open.get("/metrics")).text


@given(of_network=st.integers(0, 10**6), bound=st.integers(0, 10**6), of_line=st.integers(0, 10**6))
def test_work_grows_with_what_came_and_is_bounded(of_network: int, bound: int, of_line: int) -> None:
    bits = bits_for(of_network, bound, of_line, 1000)
    assert (bits == 0) == (of_network < bound and of_line < 1000)
    assert bits == 0 or FEWEST_BITS <= bits <= MOST_BITS
    assert bits <= bits_for(of_network * 2, bound, of_line, 1000)


async def test_a_proof_is_not_good_again_once_the_database_has_forgotten_that_it_was_used(
    asking: Web, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        await sign_up(asking, name)

    class Behind(datetime):
        """The clock of a web server that is half an hour behind the database's."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) - timedelta(minutes=30)

    monkeypatch.setattr(work, "datetime", Behind)
    proof = solved(await sign_up(asking, "c"))
    await sign_up(asking, "c", proof=proof)
    await pool.execute("delete from used_challenges where ends_at < now()")
    problem(await sign_up(asking, "d", proof=proof), 428, "work-needed")


async def test_an_easy_challenge_is_not_good_once_much_more_work_is_asked_for(asking: Web) -> None:
    for name in ("a", "b"):
        await sign_up(asking, name)
    easy = [solved(await sign_up(asking, "c")) for _ in range(2)]
    for number in range(2):
        assert (await sign_up(asking, f"d{number}", proof=solved(await sign_up(asking, "d")))).status_code == 202
    assert (await sign_up(asking, "e", proof=easy[0])).status_code == 202, "one bit less will do"
    for number in range(3):
        assert (await sign_up(asking, f"f{number}", proof=solved(await sign_up(asking, "f")))).status_code == 202
    problem(await sign_up(asking, "g", proof=easy[1]), 428, "work-needed")


async def test_klaviyos_form_is_no_way_round_the_work(asking: Web, pool: Pool) -> None:
    async def in_klaviyos_form(name: str, **more: object) -> httpx.Response:
        asked = klaviyo.body(email=f"{name}@example.com") | more
        path = f"{klaviyo.PATH}?company_id={SHOP}"
        return await asking.open.post(path, json=asked, headers={"X-Forwarded-For": NETWORK})

    for name in ("a", "b"):
        assert (await in_klaviyos_form(name)).status_code == 202
    refused = await in_klaviyos_form("c")
    assert (refused.status_code, await in_line(pool)) == (428, 2)
    (error,) = refused.json()["errors"]
    assert error["code"] == "work_needed"
    proof = solved(httpx.Response(428, json=error["meta"]))
    assert (await in_klaviyos_form("c", meta={"proof": proof})).status_code == 202
    assert (await in_klaviyos_form("d", meta={"proof": proof})).status_code == 428
    assert await in_line(pool) == 3
