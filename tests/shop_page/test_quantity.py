"""Who wants several says how many, and waits for so many."""

from playwright.async_api import Page, expect

from activities.postgres.pool import Pool
from tests.http.web import Web
from tests.shop_page.test_answers import STORE, opened, send
from tests.shop_page.test_signing_up import ENGLISH, sell
from tests.shop_page.visit import visiting


async def test_who_wants_several_says_how_many(web: Web, pool: Pool, tab: Page) -> None:
    await sell(web, STORE, "kettle-17")
    async with visiting(tab, web, "plain") as visit:
        page = await opened(visit)
        await page.get_by_label("How many").fill("1000")
        await send(page, "ada@example.com")
        await visit.says("1–999", of="How many")
        await page.get_by_label("How many").fill("3")
        await send(page, "ada@example.com")
        await expect(page.get_by_role("status")).to_contain_text(ENGLISH.accepted)
    assert await pool.fetchval("select quantity from waiting") == 3
