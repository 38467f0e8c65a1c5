"""The pages of stores in a real browser: how each is, what is wrong, and what is done about it."""

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Page, expect
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.responses.users import Role
from tests.console.support import complaints, console_over, looking, of_all
from tests.product import STORE, Shop


@pytest.fixture
async def url(pool: Pool, nowhere: Client, tab: Page) -> AsyncGenerator[str]:
    """A console over a shop of which one subscription is off."""
    await Shop.opened(pool)
    await pool.execute("insert into connections (store_id, source) values ($1, 'shopify')", STORE)
    await pool.execute(
        "insert into subscriptions (store_id, topic, health, why, looked_at) "
        "values ($1, 'products/update', 'alive', null, now()), ($1, 'orders/create', 'off', 'too often failed', now())",
        STORE,
    )
    async with console_over(pool, nowhere, [of_all(Role.ADMIN)]) as console, looking(tab, console):
        yield console.url


async def test_a_store_says_what_is_wrong_and_what_to_do(url: str, tab: Page) -> None:
    await tab.goto(f"{url}/stores")
    await expect(tab.get_by_text("shelftalk store connect PLATFORM")).to_be_visible()
    await tab.get_by_role("link", name=STORE).click()
    wrong = tab.get_by_role("region", name="What is wrong, and what to do")
    await expect(wrong).to_contain_text(
        "Its webhooks 'orders/create' are off, by the platform's word: too often failed"
    )
    await expect(wrong).to_contain_text("Its catalogue was never read")
    await expect(tab.get_by_role("button", name="Read the catalogue now")).to_be_visible()
    assert await complaints(tab) == []


async def test_nothing_is_expected_of_a_store_that_is_meant_to_end(url: str, tab: Page, pool: Pool) -> None:
    await pool.execute("update stores set heard_at = now() - interval '1 day', silent_at = now() where id = $1", STORE)
    await tab.goto(f"{url}/stores/{STORE}")
    await expect(tab.get_by_role("region", name="What is heard of it")).to_contain_text("Silent")
    await tab.get_by_role("button", name="Expect nothing").click()
    await expect(tab.get_by_text("Nothing is expected of it until it is heard anew.")).to_be_visible()
    assert await pool.fetchval("select silent_at from stores where id = $1", STORE) is None


async def test_the_list_of_stores_is_fit_for_who_does_not_see_well(url: str, tab: Page) -> None:
    await tab.goto(f"{url}/stores")
    assert await complaints(tab) == []


async def test_a_store_that_is_none_is_nowhere(pool: Pool, nowhere: Client) -> None:
    async with console_over(pool, nowhere, [of_all(Role.ADMIN)]) as console:
        assert "There is no store yet" in (await console.client.get("/stores")).text
        assert (await console.client.get("/stores/nothing.example")).status_code == 404
