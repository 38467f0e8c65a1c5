"""What the form says of each answer, and to what is agreed: never more than was shown, and ticked."""

import pytest
from playwright.async_api import Page, Route, expect
from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.versioning.publishing import publish
from tests.consent.asked import asking
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web
from tests.product import starter_document
from tests.shop_page.test_signing_up import ENGLISH, sell
from tests.shop_page.visit import Visit, visiting

STORE = "corner.example"
BOX = "Yes, send me a text message too when this is back. I can take that back at any time."
NUMBER = "+12025550123"
OTHER = "+12025550124"
LIMITED = SETTINGS.model_copy(update={"signups_per_minute": 3})


async def opened(visit: Visit) -> Page:
    """The form, for the kettle that is sold out."""
    await visit.page.locator("#size").select_option("kettle-17")
    await visit.page.get_by_role("button", name=ENGLISH.open).press("Enter")
    return visit.page


async def send(page: Page, email: str) -> None:
    await page.get_by_label(ENGLISH.email).fill(email)
    await page.get_by_label(ENGLISH.email).press("Enter")


async def test_text_messages_need_a_number_and_a_tick_of_their_own(web: Web, pool: Pool, tab: Page) -> None:
    await sell(web, STORE, "kettle-17")
    async with visiting(tab, web, "plain") as visit:
        page = await opened(visit)
        box, phone = page.get_by_label(BOX), page.get_by_label("Mobile number")
        await expect(box).not_to_be_checked()
        await phone.fill(NUMBER)
        await send(page, "ada@example.com")
        await visit.says("Tick this box, or leave the number empty.", of=BOX)
        await box.press("Space")
        await phone.fill("")
        await send(page, "ada@example.com")
        await visit.says("Write a mobile number with + and the country’s code.", of="Mobile number")
        await phone.fill("+1 202")
        await send(page, "ada@example.com")
        await visit.says("Write a mobile number with + and the country’s code.", of="Mobile number")
        assert await pool.fetchval("select count(*) from consents") == 0
        await phone.fill(NUMBER)
        await send(page, "ada@example.com")
        await expect(page.get_by_role("status")).to_contain_text(ENGLISH.accepted)
        await page.keyboard.press("Escape")
        await opened(visit)
        await expect(box).not_to_be_checked()
        await send(page, "eve@example.com")
        await expect(page.get_by_role("status")).to_contain_text(ENGLISH.accepted)
        # And who leaves a number alone.
        await page.keyboard.press("Escape")
        await opened(visit)
        await phone.fill(OTHER)
        await box.press("Space")
        await send(page, "")
        await expect(page.get_by_role("status")).to_contain_text(ENGLISH.accepted)
        assert len(visit.errors) == 1, "the server's no to the number"
        visit.errors.clear()
    said = await pool.fetch(
        "select coalesce(c.email, c.phone), n.channel, n.text "
        "from consents n join contacts c on c.id = n.contact_id order by n.id"
    )
    both = f"{ENGLISH.consent}\n{BOX}"
    assert [tuple(row) for row in said] == [
        ("ada@example.com", "email", both),
        ("ada@example.com", "sms", both),
        ("eve@example.com", "email", ENGLISH.consent),
        (OTHER, "sms", both),
    ]
    assert await pool.fetchval("select phone from contacts where email = 'eve@example.com'") is None


async def test_each_answer_is_said_in_words(pool: Pool, nowhere: Client, tab: Page) -> None:
    await publish(pool, asking())
    async with web_over(pool, nowhere, LIMITED) as web, visiting(tab, web, "plain") as visit:
        await sell(web, STORE, "kettle-17")
        page = await opened(visit)
        await page.context.set_offline(True)
        await send(page, "ada@example.com")
        await visit.says("No connection. Please try again later.")
        await page.context.set_offline(False)
        # The list is entered by name only, and the page has not named it: a matter for the shop, not for shoppers.
        await send(page, "ada@example.com")
        await visit.says("That does not work now. Please try again later.")
        assert any("has to say which list it is for" in error for error in visit.errors)
        await visit.form.evaluate("form => form.setAttribute('list', 'asked')")
        # The browser takes it for an address, and the server does not.
        await send(page, "ada@localhost")
        await visit.says(ENGLISH.wrong, of=ENGLISH.email)
        await send(page, "ada@example.com")
        await expect(page.get_by_role("status")).to_have_text(
            "If an e-mail comes, press its button: only then are you in line. Place in line, at most: 1"
        )
        # Those were three; a new minute may have begun in between.
        await page.keyboard.press("Escape")
        await visit.form.evaluate("form => form.removeAttribute('list')")
        await opened(visit)
        for _ in range(7):
            async with page.expect_response("**/v1/signups") as answer:
                await send(page, "ada@example.com")
            if (await answer.value).status == 429:
                break
        await visit.says("Too many sign-ups from your network. Please try again later.")
        visit.errors.clear()


@pytest.mark.parametrize("confirmed", [False, True], ids=["unknown", "known"])
async def test_whether_a_list_asks_first_is_answered_alike_for_known_and_unknown(
    pool: Pool, nowhere: Client, confirmed: bool
) -> None:
    await publish(pool, asking())
    async with web_over(pool, nowhere) as web:
        await sell(web, STORE, "kettle-17")
        asked = {"store": STORE, "variant": "kettle-17", "list": "asked", "email": "ada@example.com"}
        if confirmed:
            await web.open.post("/v1/signups", json=asked)
            await pool.execute(
                "insert into consents (contact_id, channel, granted, source, confirmed) "
                "select id, 'email', true, 'test', true from contacts"
            )
        answer = await web.open.post("/v1/signups", json=asked)
        assert (answer.status_code, answer.json()["confirm"]) == (202, True)
        by_text = {"email": None, "phone": NUMBER, "sms_consent": True}
        assert (await web.open.post("/v1/signups", json=asked | by_text)).json()["confirm"] is False


async def test_where_work_is_asked_for_it_is_done_and_the_shopper_sees_only_the_thanks(
    pool: Pool, nowhere: Client, tab: Page
) -> None:
    await publish(pool, starter_document())
    working = SETTINGS.model_copy(update={"line_before_work": 0})
    async with web_over(pool, nowhere, working) as web:
        await sell(web, STORE, "kettle-17")

        async def from_outside(route: Route) -> None:
            await route.continue_(headers={**route.request.headers, "X-Forwarded-For": "9.9.9.9"})

        await tab.route("**/v1/signups", from_outside)
        async with visiting(tab, web, "plain") as visit:
            page = await opened(visit)
            await send(page, "ada@example.com")
            await expect(page.get_by_role("status")).to_contain_text(ENGLISH.accepted)
            assert len(visit.errors) == 1, "the server's question, as the browser's console has it"
            visit.errors.clear()
    assert await pool.fetchval("select count(*) from used_challenges") == 1
    assert await pool.fetchval("select count(*) from waiting") == 1
