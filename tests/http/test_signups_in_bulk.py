"""Nobody takes all the places of a line: not by many addresses of one mailbox, nor by many mailboxes of one network."""

import asyncio

import httpx
import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.conversation import ConversationDocument
from schemas.ids import StoreId, Subject
from starter.http.limits import public_network
from starter.versioning.publishing import publish
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web, level_message, problem, product_message
from tests.product import starter_document
from tests.storefronts.shop import SHOP

MALLORYS, HONEST = "9.9.9.9", "1.1.1.1"
OPEN = SETTINGS.model_copy(update={"signups_per_minute": 1000})


async def _sign_up(web: Web, email: str, network: str | None = None, variant: str = "31") -> httpx.Response:
    """From this network, as the proxy before the server tells it."""
    forwarded = {"X-Forwarded-For": network} if network else {}
    asked = {"store": SHOP, "variant": variant, "email": email}
    return await web.open.post("/v1/signups", json=asked, headers=forwarded)


async def _called(web: Web, pool: Pool, units: int) -> list[str]:
    """So many units arrive: who is called forward, in order."""
    await web.webhook("inventory_levels/update", level_message(units, 1))
    await Waitlist(pool).give_places(Subject(store_id=StoreId(SHOP), id="31"))
    rows = await pool.fetch(
        "select c.email from claims l join journeys j on j.id = l.journey_id join contacts c on c.id = j.contact_id "
        "order by l.id"
    )
    return [row["email"] for row in rows]


async def test_thirty_addresses_of_one_mailbox_do_not_keep_the_honest_one_out(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    answers = [await web.sign_up(f"mallory+{number}@evil.example.org") for number in range(30)]
    assert {answer.status_code for answer in answers} == {202}
    honest = await _sign_up(web, "honest@example.com", HONEST)
    said = [answer.json() for answer in (*answers, honest)]
    # Who is not entered adds one to how many have asked, as who is: so that tells neither.
    assert [each.pop("place_at_most") for each in said] == list(range(1, 32))
    assert len({each.pop("device") for each in said}) == 31
    assert all(each == said[0] for each in said)
    assert honest.status_code == 202
    called = await _called(web, pool, units=5)
    assert called == ["mallory+0@evil.example.org", "mallory+1@evil.example.org", "honest@example.com"]
    # Each of the others has the reason on record (P7).
    kept = await pool.fetch("select outcome -> 'alerts' -> 0 ->> 'reason' as reason from events")
    assert [row["reason"] for row in kept] == ["same_mailbox"] * 28


async def test_thirty_mailboxes_of_one_network_do_not_keep_the_honest_one_out(pool: Pool, nowhere: Client) -> None:
    await publish(pool, starter_document())
    ten = OPEN.model_copy(update={"signups_per_network": 10})
    async with web_over(pool, nowhere, ten) as web:
        await web.webhook("products/update", product_message())
        answers = [await _sign_up(web, f"m{number}@evil.example.org", MALLORYS) for number in range(30)]
        assert [answer.status_code for answer in answers].count(202) in (10, 20)  # midnight may have come in between
        refused = next(answer for answer in answers if answer.status_code != 202)
        problem(refused, 429, "too-many-requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 24 * 3600
        assert (await _sign_up(web, "honest@example.com", HONEST)).status_code == 202
        assert "honest@example.com" in await _called(web, pool, units=21)


async def test_what_a_network_asked_for_one_thing_says_nothing_about_another(pool: Pool, nowhere: Client) -> None:
    await publish(pool, starter_document())
    once = OPEN.model_copy(update={"signups_per_network": 1})
    async with web_over(pool, nowhere, once) as web:
        two = [{"id": number, "inventory_item_id": number, "title": str(number), "price": "1"} for number in (31, 32)]
        await web.webhook("products/update", product_message(variants=two))
        assert (await _sign_up(web, "a@example.com", MALLORYS, "31")).status_code == 202
        assert (await _sign_up(web, "a@example.com", MALLORYS, "32")).status_code == 202
        problem(await _sign_up(web, "unknown@example.com", MALLORYS, "nothing"), 404, "not-found")
        assert await pool.fetchval("select count(*) from sign_up_counts") == 2


async def test_a_sign_up_that_fails_does_not_count_and_one_that_counts_is_there(pool: Pool, nowhere: Client) -> None:
    await publish(pool, starter_document())
    counts, places = "select coalesce(sum(count), 0) from sign_up_counts", "select count(*) from waiting"
    five = OPEN.model_copy(update={"signups_per_network": 5})
    async with web_over(pool, nowhere, five) as web:
        await web.webhook("products/update", product_message())
        await pool.execute("alter table waiting add constraint full_up check (contact_id is null) not valid")
        assert (await _sign_up(web, "a@example.com", MALLORYS)).status_code == 500
        await pool.execute("alter table waiting drop constraint full_up")
        asked = {"store": SHOP, "variant": "31", "phone": "+1", "sms_consent": True}
        refused = await web.open.post("/v1/signups", json=asked, headers={"X-Forwarded-For": MALLORYS})
        problem(refused, 422, "invalid")
        assert (await pool.fetchval(counts), await pool.fetchval(places)) == (0, 0)
        at_once = await asyncio.gather(*(_sign_up(web, f"m{number}@example.com", MALLORYS) for number in range(12)))
        taken = [answer.status_code for answer in at_once].count(202)
        assert await pool.fetchval(counts) == await pool.fetchval(places) == taken
        assert taken in range(5, 11)  # midnight may have come in between


async def test_addresses_of_one_mailbox_that_come_together_get_no_more_places(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await asyncio.gather(*(web.sign_up(f"mallory+{number}@evil.example.org") for number in range(12)))
    assert await pool.fetchval("select count(*) from waiting") == 2


async def test_who_is_kept_out_by_the_alerts_own_filter_is_promised_nothing(pool: Pool, nowhere: Client) -> None:
    """And a stranger who types the address in learns nothing of it: the answer is that of everyone."""
    document = starter_document().model_dump(mode="json", by_alias=True)
    document["alerts"]["back-in-stock"]["profile_filter"] = {"orders.count": {"at_least": 1}}
    await publish(pool, ConversationDocument.model_validate(document))
    async with web_over(pool, nowhere) as web:
        await web.webhook("products/update", product_message())
        answer = await web.sign_up("ada@example.com")
        assert answer.status_code == 202
        assert answer.json()["detail"] == (
            "We have noted it: unless something speaks against it, you will get an e-mail when it is back."
        )
        assert await pool.fetchval("select count(*) from waiting") == 0


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("ada@example.com", "ada@example.com"),
        ("ada+shop@example.com", "ada@example.com"),
        ("ada+a+b@example.com", "ada@example.com"),
        ("a.d.a@example.com", "a.d.a@example.com"),
        ("a.d.a+x@gmail.com", "ada@gmail.com"),
        ("ada@googlemail.com", "ada@gmail.com"),
        ("+ada@example.com", "+ada@example.com"),
        ('"a@b+c"@example.com', '"a@b@example.com'),
    ],
)
async def test_an_address_counts_as_its_mailbox(pool: Pool, address: str, mailbox: str) -> None:
    assert await pool.fetchval("select mailbox_of($1)", address) == mailbox


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("::ffff:9.9.9.9", "9.9.9.9"),
        ("2620:fe:0:0:1:2:3:4", "2620:fe::/64"),
    ],
)
def test_a_household_is_one_network(address: str, network: str) -> None:
    assert public_network(address) == network


@pytest.mark.parametrize("own", ["127.0.0.1", "10.1.2.3", "172.17.0.1", "::1", "fd00::1", "::ffff:10.0.0.1", "", None])
def test_a_proxy_or_program_of_ones_own_is_no_shopper(own: str | None) -> None:
    assert public_network(own) is None
