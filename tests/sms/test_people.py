"""People known by a number: signing up, being looked for, saying no, and being forgotten."""

import json

import pytest

from activities.postgres.pool import Pool
from schemas.responses.people import ContactErased, ContactReport, SuppressionReport
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.events.test_erasure import ELSEWHERE, everywhere
from tests.events.told import event, order, tell
from tests.http.web import Web, problem, product_message
from tests.sms.told import NUMBER, document
from tests.storefronts.shop import SHOP


@pytest.fixture
async def shop(web: Web, pool: Pool) -> Web:
    await publish(pool, document())
    await web.webhook("products/update", product_message())
    return web


async def sign_up(web: Web, **asked: object):
    return await web.open.post("/v1/signups", json={"store": SHOP, "variant": "31", **asked})


async def words(pool: Pool) -> list[tuple[str, bool]]:
    rows = await pool.fetch("select channel, granted from consents order by id")
    return [(row["channel"], row["granted"]) for row in rows]


async def test_a_number_comes_with_its_own_consent(shop: Web, pool: Pool) -> None:
    assert (await sign_up(shop, email="a@example.com", phone="0151 23456789")).status_code == 202
    assert await pool.fetchval("select phone from contacts") == NUMBER
    assert await words(pool) == [("email", True)]
    again = await sign_up(shop, email="a@example.com", phone=NUMBER, sms_consent=True)
    assert "you will get an e-mail" in again.text
    assert await words(pool) == [("email", True), ("sms", True)]
    assert await pool.fetchval("select count(*) from journeys") == 1


async def test_a_number_alone_is_a_sign_up_by_text_message(shop: Web, pool: Pool) -> None:
    answer = await sign_up(shop, phone=NUMBER, sms_consent=True)
    assert (answer.status_code, "you will get a text message" in answer.text) == (202, True)
    assert await words(pool) == [("sms", True)]
    assert await pool.fetchval("select count(*) from waiting") == 1


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({}, "$.email"),
        ({"email": None}, "$.email"),
        ({"phone": NUMBER}, "$.sms_consent"),
        ({"email": "a@example.com", "sms_consent": True}, "$.sms_consent"),
        ({"email": "a@example.com", "phone": "12"}, "$.phone"),
        ({"phone": "", "sms_consent": True}, "$.phone"),
        ({"phone": 49151, "sms_consent": True}, "$.phone"),
        ({"phone": "+1 900 555 0123", "sms_consent": True}, "$.phone"),
    ],
)
async def test_what_is_wrong_with_a_sign_up_is_said_by_field(shop: Web, asked: dict[str, object], path: str) -> None:
    assert problem(await sign_up(shop, **asked), 422, "invalid").path == path


async def test_a_form_gives_nobody_the_number_of_another_and_does_not_tell(shop: Web, pool: Pool) -> None:
    await sign_up(shop, email="a@example.com", phone=NUMBER, sms_consent=True)
    other = await sign_up(shop, email="b@example.com", phone=NUMBER, sms_consent=True)
    new = await sign_up(shop, email="c@example.com", phone="+4915123456780", sms_consent=True)
    of_all = {"device": "at random", "place_at_most": "one more each time"}
    assert other.json() | of_all == new.json() | of_all
    assert await pool.fetchval("select phone from contacts where email = 'b@example.com'") is None
    assert await words(pool) == [("email", True), ("sms", True), ("email", True), ("email", True), ("sms", True)]


async def test_a_form_adds_neither_an_address_to_who_has_the_number_nor_a_number_to_who_has_the_address(
    shop: Web, pool: Pool
) -> None:
    await sign_up(shop, phone=NUMBER, sms_consent=True)
    await sign_up(shop, email="a@example.com")
    for email in ("a@example.com", "mine@example.com"):
        for number in (NUMBER, "+4915123456780"):
            assert (await sign_up(shop, email=email, phone=number, sms_consent=True)).status_code == 202
    people = await pool.fetch("select email, phone from contacts order by email nulls first")
    assert [tuple(each) for each in people] == [(None, NUMBER), ("a@example.com", None), ("mine@example.com", None)]
    assert await pool.fetchval("select count(*) from consents where channel = 'sms'") == 1


async def test_a_no_to_texts_is_no_no_to_mails(shop: Web, pool: Pool) -> None:
    await sign_up(shop, email="a@example.com", phone=NUMBER, sms_consent=True)
    said = {"phone": NUMBER, "granted": False, "source": "reply"}
    assert (await shop.keyed.post("/v1/consents", json=said)).status_code == 200
    await sign_up(shop, email="a@example.com", phone=NUMBER, sms_consent=True)
    assert await words(pool) == [("email", True), ("sms", True), ("sms", False)]


async def test_a_number_that_was_typed_beside_an_address_is_its_owners_once_they_come(shop: Web, pool: Pool) -> None:
    """Whoever typed it sees nothing of what its owner waits for, and is no way to them."""
    await sign_up(shop, email="nosy@example.com", phone=NUMBER, sms_consent=True)
    assert problem(await shop.keyed.post("/v1/contacts/search", json={"phone": NUMBER}), 404, "not-found").status == 404
    await sign_up(shop, phone=NUMBER, sms_consent=True)
    people = await pool.fetch(
        "select email, phone, (select count(*) from journeys where contact_id = c.id) from contacts c order by email"
    )
    assert [tuple(each) for each in people] == [("nosy@example.com", None, 1), (None, NUMBER, 1)]
    assert (await shop.keyed.post("/v1/contacts/search", json={"phone": NUMBER})).json()["has_phone"]


async def test_a_no_of_a_number_goes_with_it_to_its_owner(shop: Web, pool: Pool) -> None:
    await sign_up(shop, email="nosy@example.com", phone=NUMBER, sms_consent=True)
    contact = await pool.fetchval("select id from contacts")
    assert (await shop.keyed.patch(f"/v1/contacts/{contact}", json={"sms_consent": False})).status_code == 200
    await sign_up(shop, phone=NUMBER, sms_consent=True)
    owners = "select granted from consents n join contacts c on c.id = n.contact_id where c.phone = $1 order by n.id"
    assert [row["granted"] for row in await pool.fetch(owners, NUMBER)] == [False], "no form undoes it"


async def test_the_shop_says_whose_a_number_is_that_was_typed_beside_an_address(shop: Web, pool: Pool) -> None:
    await sign_up(shop, email="nosy@example.com", phone=NUMBER, sms_consent=True)
    both = {"email": "b@example.com", "phone": NUMBER, "granted": True, "source": "till"}
    assert (await shop.keyed.post("/v1/consents", json=both)).status_code == 200
    whose = "select email from contacts where phone = $1 and not phone_lent"
    assert await pool.fetchval(whose, NUMBER) == "b@example.com"
    other = {"email": "c@example.com", "phone": NUMBER, "granted": True, "source": "till"}
    assert problem(await shop.keyed.post("/v1/consents", json=other), 409, "conflict").status == 409
    await sign_up(shop, email="mine@example.com", phone="+4915123456780", sms_consent=True)
    mine = {"email": "mine@example.com", "phone": "+4915123456780", "granted": True, "source": "till"}
    assert (await shop.keyed.post("/v1/consents", json=mine)).status_code == 200
    assert await pool.fetchval(whose, "+4915123456780") == "mine@example.com", "it is theirs"


async def test_who_is_erased_by_a_number_is_not_who_typed_it_beside_an_address(shop: Web, pool: Pool) -> None:
    await sign_up(shop, email="nosy@example.com", phone=NUMBER, sms_consent=True)
    await shop.services.people.erase(NUMBER, "test")
    people = await pool.fetch("select email, phone, erased_at is not null from contacts order by email")
    assert [tuple(each) for each in people] == [("nosy@example.com", None, False), (None, None, True)]
    assert await pool.fetchval("select count(*) from waiting where state = 'waiting'") == 1


async def test_a_person_is_looked_for_by_number_wherever_they_are_by_address(shop: Web) -> None:
    await sign_up(shop, phone=NUMBER, sms_consent=True)
    found = (await shop.keyed.post("/v1/contacts/search", json={"phone": NUMBER})).json()
    assert (found["has_phone"], found["sms_consent"], found["consent"]) == (True, True, None)
    journeys = (await shop.keyed.post("/v1/journeys/search", json={"phone": NUMBER})).json()["journeys"]
    why = (await shop.keyed.post("/v1/why", json={"phone": NUMBER})).json()
    assert (
        [each["contact_id"] for each in journeys]
        == [found["contact"]]
        == [each["contact_id"] for each in why["entries"]]
    )
    for path in ("/v1/contacts/search", "/v1/journeys/search", "/v1/why"):
        for wrong in ({}, {"phone": NUMBER, "email": "a@example.com"}):
            assert problem(await shop.keyed.post(path, json=wrong), 422, "invalid").path == "$.email"


async def test_events_name_a_person_by_number(shop: Web, pool: Pool) -> None:
    seen = event() | {"phone": "+49 151 23456789"}
    seen.pop("email")
    await tell(shop, seen)
    assert await pool.fetchval("select phone from contacts") == NUMBER


async def test_who_is_forgotten_leaves_no_number_and_their_no_outlives_them(shop: Web, pool: Pool) -> None:
    await sign_up(shop, email="a@example.com", phone=NUMBER, sms_consent=True)
    contact = await pool.fetchval("select id from contacts")
    await shop.keyed.patch(f"/v1/contacts/{contact}", json={"sms_consent": False, "source": "reply"})
    suppressed = {"phone": NUMBER, "suppressed": True, "reason": "STOP"}
    assert (await shop.keyed.post("/v1/suppressions", json=suppressed)).json()["suppressed"]
    assert (await shop.keyed.delete(f"/v1/contacts/{contact}")).json() == {"contact": contact}
    for word in ("15123456789", "a@example.com"):
        assert await everywhere(pool, word) == []

    await sign_up(shop, email="new@example.com", phone=NUMBER, sms_consent=True)

    assert await pool.fetchrow("select channel, address, reason from suppressions") == ("sms", NUMBER, "STOP")
    theirs = await pool.fetchval("select id from contacts where phone = $1", NUMBER)
    said = await pool.fetch("select granted from consents where channel = 'sms' and contact_id = $1", theirs)
    assert said == [(False,)]


async def test_a_shop_that_erases_a_customer_erases_the_number_too(shop: Web, pool: Pool) -> None:
    """Whether it is of the same contact, or they signed up by it alone."""
    await sign_up(shop, email="a@example.com")
    await sign_up(shop, phone=NUMBER, sms_consent=True)
    person = {"id": 7, "email": "a@example.com", "phone": "+49 151 23456789"}
    await shop.webhook("customers/redact", {"shop_id": 1, "shop_domain": SHOP, "customer": person})
    assert await pool.fetchval("select count(*) from contacts where erased_at is null") == 0
    assert await everywhere(pool, "15123456789") == []
    late = "select contact_then('c-new', $1, now() - interval '1 hour', $2, null)"
    assert await pool.fetchval(late, NUMBER, SHOP) is None


async def test_a_shop_that_erases_a_customer_takes_no_number_that_another_shop_was_given(shop: Web, pool: Pool) -> None:
    await shop.keyed.put(f"/v1/stores/{ELSEWHERE}/products/p", json={"title": "P", "variants": [{"variant": "v"}]})
    there = {"store": ELSEWHERE, "variant": "v", "email": "ada@example.com", "phone": NUMBER, "sms_consent": True}
    assert (await shop.open.post("/v1/signups", json=there)).status_code == 202
    await tell(shop, order("o-1", "ada"))
    person = {"id": 7, "email": "ada@example.com", "phone": NUMBER}
    await shop.webhook("customers/redact", {"shop_id": 1, "shop_domain": SHOP, "customer": person})
    known = await pool.fetchrow("select email, phone, phone_lent from contacts")
    assert known == ("ada@example.com", NUMBER, True)
    forgotten = "select store_id from forgotten_addresses where digest in (select digests($1))"
    assert [tuple(each) for each in await pool.fetch(forgotten, NUMBER)] == [(SHOP,)]
    assert await pool.fetchval("select count(*) from orders") == 0
    assert await pool.fetchval("select count(*) from waiting where state = 'waiting'") == 1


async def test_what_is_told_late_of_a_forgotten_number_brings_nobody_back(pool: Pool) -> None:
    await pool.execute("insert into contacts (id, email, phone) values ('c-1', 'a@example.com', $1)", NUMBER)
    await pool.execute("insert into forgotten_addresses (digest) select new_digest($1)", NUMBER)
    late = "select contact_then('c-new', $1, now() - interval '1 hour', 's', null)"
    assert await pool.fetchval(late, NUMBER) is None


async def test_the_addresses_of_one_mailbox_are_counted_and_a_number_is_its_own(pool: Pool) -> None:
    await pool.execute("insert into contacts (id, phone) values ('c-1', $1)", NUMBER)
    assert await pool.fetchval("select mailbox from contacts") == NUMBER


async def test_a_person_with_a_number_is_served_from_the_command_line(shelftalk: Shelftalk, pool: Pool) -> None:
    await pool.execute("insert into contacts (id, email) values ('c-ann', 'ann@example.com')")
    wishes = ("--phone", "+49 151 23456789", "--sms-consent")
    known = (await shelftalk.run("contact", "set", "ann@example.com", *wishes, "--json")).answer(ContactReport)
    assert (known.has_phone, known.sms_consent, known.consent) == (True, True, None)
    shown = await shelftalk.run("contact", "set", NUMBER, "--no-sms-consent")
    assert "c-ann has said nothing of mails" in shown.out
    assert "phone       has said no to text messages" in shown.out
    suppressed = await shelftalk.run("contact", "suppress", "+49 151 23456789", "--json")
    assert suppressed.answer(SuppressionReport).contact == "c-ann"
    held = json.loads((await shelftalk.run("contact", "export", NUMBER)).out)
    assert (held["contact"]["phone"], [each["channel"] for each in held["suppressions"]]) == (NUMBER, ["sms"])
    await pool.execute("insert into contacts (id, email) values ('c-bo', 'bo@example.com')")
    taken = await shelftalk.run("contact", "set", "bo@example.com", "--phone", NUMBER, "--json")
    assert taken.failure.code == "number_of_another"
    wrong = await shelftalk.run("contact", "suppress", "+49 151", "--json")
    assert (wrong.failure.code, "no such number" in wrong.failure.message) == ("usage", True)
    erased = await shelftalk.run("contact", "erase", NUMBER, "--yes", "--json")
    assert erased.answer(ContactErased).contact == "c-ann"
    assert await pool.fetchval("select phone from contacts where id = 'c-ann'") is None
