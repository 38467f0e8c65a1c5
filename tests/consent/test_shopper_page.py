"""The shopper's own page: what they wait for, where they stand, and what they can do about it."""

from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import pytest

from activities.delivery.shopper_links import LinkedMessage, ShopperLinks
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.waitlist.claims import Waitlist
from activities.waitlist.up_to_them import end_pauses, lapse_unconfirmed
from schemas.ids import ContactId, StoreId, Subject
from starter.shops.shoppers import Shoppers
from tests.consent.asked import link_in, link_of, word_of
from tests.http.conftest import web_over
from tests.http.web import Web, level_message, product_message
from tests.product import Product, address
from tests.storefronts.shop import SHOP
from tests.strict_mail import PUBLIC_URL


@pytest.fixture
async def page(web: Web, pool: Pool) -> str:
    """Ben and Cem stand before Ada, and she has the link of a mail: the path of her page."""
    await web.webhook("products/update", product_message())
    for name in ("ben", "cem", "ada"):
        await web.sign_up(f"{name}@example.com")
    return f"/s/{await link_of(pool, 'ada@example.com')}"


async def does(web: Web, page: str, **form: str) -> str:
    """Press a button; what the page shows then."""
    answer = await web.open.post(page, data=form)
    assert answer.status_code == 303, answer.text
    shown = await web.open.get(urljoin(page, answer.headers["location"]))
    assert shown.status_code == 200
    return shown.text


async def in_line(pool: Pool, name: str) -> list[tuple[str, str | None, str | None]]:
    rows = await pool.fetch(
        "select w.state, w.reason, w.passed_over_for from waiting w join contacts c on c.id = w.contact_id "
        "where c.email = $1 order by w.place",
        f"{name}@example.com",
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def test_it_shows_what_they_wait_for_and_where_they_stand(web: Web, page: str) -> None:
    shown = await web.open.get(page)
    assert shown.status_code == 200
    assert "Mug (Small)" in shown.text
    assert "You are number 3 in line." in shown.text
    assert "ada@example.com" in shown.text
    assert "ben@" not in shown.text
    assert f"https://{SHOP}/products/mug" in shown.text


async def test_it_is_closed_to_everything_else(web: Web, page: str) -> None:
    shown = await web.open.get(page)
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["x-robots-tag"] == "noindex, nofollow"
    assert shown.headers["cache-control"] == "no-store"
    assert "set-cookie" not in shown.headers
    assert "<script" not in shown.text
    assert "src=" not in shown.text


async def test_it_reads_well_aloud(web: Web, page: str) -> None:
    html = (await web.open.get(page)).text
    assert html.count("<h1>") == 1
    assert html.count("<main>") == 1
    assert '<html lang="en">' in html
    for field in ("days", "email", "tongue"):
        assert f'<label for="{field}">' in html
        assert f'id="{field}"' in html
    assert 'aria-label="Stop waiting for Mug (Small)"' in html


async def test_leaving_gives_the_place_to_the_next_and_says_so(web: Web, page: str, pool: Pool) -> None:
    journey = await pool.fetchval(
        "select j.id from journeys j join contacts c on c.id = j.contact_id where c.email = 'ada@example.com'"
    )
    html = await does(web, page, do="leave", journey=journey)
    assert 'role="status"' in html
    assert "You wait for nothing" in html
    assert await in_line(pool, "ada") == [("left", "left_by_themselves", None)]
    assert await pool.fetchval("select reason from outbox where kind = 'leave'") == "left_by_themselves"


async def test_nobody_leaves_for_another(web: Web, page: str, pool: Pool) -> None:
    other = await pool.fetchval(
        "select j.id from journeys j join contacts c on c.id = j.contact_id where c.email = 'ben@example.com'"
    )
    await does(web, page, do="leave", journey=other)
    assert await in_line(pool, "ben") == [("waiting", None, None)]
    assert await in_line(pool, "ada") == [("waiting", None, None)]


async def test_leaving_all_leaves_all_of_this_shop(web: Web, page: str, pool: Pool) -> None:
    assert "You wait for nothing" in await does(web, page, do="leave_all")
    assert await in_line(pool, "ada") == [("left", "left_by_themselves", None)]


async def test_in_a_pause_others_are_told_first_and_afterwards_the_old_place_counts(
    web: Web, page: str, pool: Pool
) -> None:
    html = await does(web, page, do="pause", days="14")
    assert "No mails until" in html
    assert await in_line(pool, "ada") == [("waiting", None, "contact_paused")]
    await web.webhook("inventory_levels/update", level_message(9, 1))
    told = await _called(pool)
    assert told == ["ben@example.com", "cem@example.com"]
    await pool.execute("update contacts set paused_until = now() where paused_until is not null")
    await end_pauses(pool)
    assert await in_line(pool, "ada") == [("waiting", None, None)]
    assert await pool.fetchval("select count(*) from outbox where kind = 'look_again'") > 0
    assert await _called(pool) == [*told, "ada@example.com"]
    assert "No mails until" not in await does(web, page, do="resume")


async def test_ending_the_pause_early_counts_at_once(web: Web, page: str, pool: Pool) -> None:
    await does(web, page, do="pause", days="90")
    await web.sign_up("ada@example.com")
    await does(web, page, do="resume")
    assert await in_line(pool, "ada") == [("waiting", None, None)]


async def test_a_place_that_is_given_back_while_they_end_their_pause_counts_too(
    web: Web, page: str, pool: Pool
) -> None:
    await does(web, page, do="pause", days="90")
    await does(web, page, do="resume")
    await pool.execute("update waiting set passed_over_for = 'contact_paused'")  # by a check that began before
    await end_pauses(pool)
    assert await in_line(pool, "ada") == [("waiting", None, None)]
    assert await pool.fetchval("select count(*) from contacts where paused_until is not null") == 1
    await pool.execute("update contacts set paused_until = paused_until - interval '2 minutes'")
    await end_pauses(pool)
    assert await pool.fetchval("select count(*) from contacts where paused_until is not null") == 0


async def test_paused_places_are_found_from_the_contacts_whose_pause_is_over(pool: Pool) -> None:
    query = load_queries("activities.waitlist", "up_to_them.sql").end_pauses
    values = query.arguments({"most": 500, "checks_end_within": timedelta(minutes=1)})
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain {query.sql}", *values))
    assert "contacts_paused" in plan
    assert "waiting_of_paused" in plan
    assert "Index Cond: (contact_id = c.id)" in plan, plan


async def test_who_signs_up_in_a_pause_waits_in_it(web: Web, page: str, pool: Pool) -> None:
    await does(web, page, do="pause", days="30")
    more = product_message(1)
    more["variants"] = [
        *_list(more["variants"]),
        {"id": 32, "inventory_item_id": 42, "title": "Large", "price": "5.00"},
    ]
    await web.webhook("products/update", more)
    await web.sign_up("ada@example.com", "32")
    assert await in_line(pool, "ada") == [("waiting", None, "contact_paused")] * 2


async def test_the_language_is_kept_and_spoken(web: Web, page: str, pool: Pool) -> None:
    for tag, title in (
        ("de", "Worauf Sie warten"),
        ("fr", "Ce que vous attendez"),
        ("es", "Lo que espera"),
        ("it", "Che cosa aspetta"),
        ("en", "What you wait for"),
    ):
        assert title in await does(web, page, do="language", language=tag)
        assert await pool.fetchval("select attributes ->> 'language' from contacts where attributes <> '{}'") == tag


async def test_unsubscribing_and_coming_back(web: Web, page: str, pool: Pool) -> None:
    assert "You get no mails" in await does(web, page, do="unsubscribe")
    assert await word_of(pool, "ada@example.com") is False
    assert "You get no mails" not in await does(web, page, do="subscribe")
    assert await word_of(pool, "ada@example.com") is True


@pytest.mark.parametrize(
    "form", [{}, {"do": "dance"}, {"do": "pause", "days": "-1"}, {"do": "pause", "days": "٣"}, {"do": "language"}]
)
async def test_what_is_not_on_the_page_is_not_done(web: Web, page: str, form: dict[str, str]) -> None:
    assert (await web.open.post(page, data=form)).status_code == 400


async def test_what_is_no_address_is_said_beside_the_field(web: Web, page: str) -> None:
    answer = await web.open.post(page, data={"do": "address", "email": "not one"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'aria-describedby="problem"' in answer.text


async def test_a_title_is_text_and_a_page_that_is_no_web_address_is_no_link(web: Web, page: str, pool: Pool) -> None:
    await pool.execute("update products set title = '<script>alert(1)</script>', page_url = 'javascript:alert(1)'")
    html = (await web.open.get(page)).text
    assert "<script" not in html
    assert "javascript:" not in html


async def test_a_new_address_is_asked_first_and_then_written_to(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("ada")
    await product.path(journey)
    token = await link_of(product.pool, address("ada"))
    await Shoppers(product.pool).speak(token, "de")
    await Shoppers(product.pool).ask_address(token, address("new"))
    assert await product.mail_to("new") == "example.myshopify.com: Ist das Ihre neue Adresse?"
    link = link_in(product.mailbox.mails[0].read())
    async with web_over(product.pool, product.client) as web:
        assert (await web.open.get(link)).status_code == 200
        assert await product.pool.fetchval("select count(*) from contacts where email = $1", address("new")) == 0
        for _ in range(2):
            assert "Wir schreiben ab jetzt an diese Adresse." in (await web.open.post(link, data={"do": "yes"})).text
    await product.shop.has("v", 1)
    await product.mail_to("new", after=1)
    assert await word_of(product.pool, address("new")) is True
    assert await product.pool.fetchval("select bool_or(confirmed) from consents")


async def test_a_new_address_is_asked_though_the_old_one_cannot_be_reached_any_more(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("ada")
    await product.path(journey)
    token = await link_of(product.pool, address("ada"))
    await product.pool.execute(
        "insert into suppressions (channel, address, reason) values ('email', $1, 'bounced')", address("ada")
    )
    await Shoppers(product.pool).ask_address(token, address("new"))
    assert await product.mail_to("new") == "example.myshopify.com: is this your new address?"


async def test_once_they_have_moved_what_lies_in_the_old_mailbox_only_unsubscribes(
    web: Web, page: str, pool: Pool
) -> None:
    token = page.rpartition("/")[2]
    await Shoppers(pool).ask_address(token, "new@example.com")
    await Shoppers(pool).move(await pool.fetchval("select token from address_changes"), agreed=True)
    shown = await web.open.get(page)
    assert "Mug" not in shown.text
    assert "new@example.com" not in shown.text
    contact = await pool.fetchval("select contact_id from shopper_links")
    newer = await ShopperLinks(pool, PUBLIC_URL).of(
        LinkedMessage(ContactId(contact), StoreId(SHOP), None, None), question=False
    )
    assert newer.page is not None
    assert (await web.open.get(urlsplit(newer.page).path)).status_code == 200
    await Shoppers(pool).unsubscribe(token)
    assert await word_of(pool, "new@example.com") is False


async def test_an_address_that_has_alerts_of_its_own_is_not_taken_over(web: Web, page: str, pool: Pool) -> None:
    token = page.rpartition("/")[2]
    await Shoppers(pool).ask_address(token, "ben@example.com")
    assert await pool.fetchval("select count(*) from address_changes") == 0
    await Shoppers(pool).ask_address(token, "new@example.com")
    await web.sign_up("new@example.com")
    asked = await pool.fetchval("select token from address_changes")
    assert (await web.open.post(f"/a/{asked}", data={"do": "yes"})).status_code == 409
    assert await pool.fetchval("select count(*) from contacts") == 4


async def test_a_new_address_is_not_asked_without_end_nor_where_nothing_may_be_sent(page: str, pool: Pool) -> None:
    token = page.rpartition("/")[2]
    await pool.execute(
        "insert into suppressions (channel, address, reason) values ('email', 'bad@example.com', 'test')"
    )
    for address_ in ("bad@example.com", "1@example.com", "2@example.com", "3@example.com", "4@example.com"):
        await Shoppers(pool).ask_address(token, address_)
    rows = await pool.fetch("select email from address_changes order by id")
    assert [row["email"] for row in rows] == ["1@example.com", "2@example.com", "3@example.com"]


async def _asked(pool: Pool, page: str) -> str:
    """Ask for another address; the token of that."""
    await Shoppers(pool).ask_address(page.rpartition("/")[2], "new@example.com")
    return await pool.fetchval("select token from address_changes where email = 'new@example.com'")


async def test_a_request_keeps_no_address_once_it_is_decided(page: str, pool: Pool) -> None:
    token = await _asked(pool, page)
    assert (await Shoppers(pool).move(token, agreed=True)).moved
    assert await pool.fetchval("select count(email) from address_changes") == 0
    assert (await Shoppers(pool).move(token, agreed=True)).moved
    assert await pool.fetchval("select count(*) from contacts where email = 'new@example.com'") == 1


async def test_a_request_keeps_no_address_once_its_time_is_up(page: str, pool: Pool) -> None:
    await _asked(pool, page)
    await lapse_unconfirmed(pool)
    assert await pool.fetchval("select count(email) from address_changes") == 1
    await pool.execute("update address_changes set ends_at = now()")
    await lapse_unconfirmed(pool)
    assert await pool.fetchval("select count(email) from address_changes") == 0


async def test_an_address_that_somebody_else_asked_for_is_forgotten_with_its_owner(
    web: Web, page: str, pool: Pool
) -> None:
    await _asked(pool, page)
    await web.sign_up("new@example.com")
    owner = await pool.fetchval("select id from contacts where email = 'new@example.com'")
    assert (await web.keyed.delete(f"/v1/contacts/{owner}")).status_code == 200
    assert await pool.fetchval("select count(email) from address_changes") == 0


async def _called(pool: Pool) -> list[str]:
    await Waitlist(pool).give_places(Subject(store_id=StoreId(SHOP), id="31"))
    rows = await pool.fetch(
        "select c.email from claims k join journeys j on j.id = k.journey_id join contacts c on c.id = j.contact_id "
        "order by k.id"
    )
    return [row["email"] for row in rows]


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return [*value]
