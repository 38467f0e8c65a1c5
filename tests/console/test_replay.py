"""History Replay in a browser: from a person to their journey, stepped through by keyboard, and cancelled."""

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Page, expect
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import JourneyId
from schemas.responses.users import Role
from tests.console.support import Console, complaints, console_over, looking, of_all
from tests.http.web import SETTINGS
from tests.namespaces import new_namespace
from tests.product import Product

TEMPORAL = SETTINGS.model_copy(update={"temporal_ui": "https://temporal.example"})


@pytest.fixture
async def told(product: Product) -> JourneyId:
    """The journey of Ann, who was told and rests before the reminder."""
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("ann")
    await product.shop.has("v", 1)
    await product.mail_to("ann")
    await product.until(journey, lambda report: report.told_at is not None)
    rests = "select exists (select from journeys where id = $1 and at_step is not null)"
    while not await product.pool.fetchval(rests, journey):
        await product.pool.execute("select pg_sleep(0.02)")
    return journey


@pytest.fixture
async def console(pool: Pool, client: Client, told: JourneyId) -> AsyncGenerator[Console]:
    async with console_over(pool, client, [of_all(Role.SUPPORT)], TEMPORAL) as console:
        yield console


async def test_support_finds_a_person_reads_why_steps_through_and_cancels_by_keyboard(
    console: Console, told: JourneyId, tab: Page, product: Product
) -> None:
    async with looking(tab, console) as page:
        keys = page.keyboard
        await expect(page.get_by_role("searchbox")).to_be_focused()
        await keys.type("ann")
        found = page.get_by_role("link", name="ann@example.com")
        await expect(found).to_be_visible()
        await found.focus()
        await keys.press("Enter")
        await expect(page.get_by_text("Blue kettle: They were told.")).to_be_visible()
        assert await complaints(page) == []
        replay = page.get_by_role("link", name="Replay Blue kettle").first
        await replay.focus()
        await keys.press("Enter")
        await expect(page.get_by_role("heading", name="wait 2 days")).to_be_visible()
        assert await complaints(page) == []

        await keys.press("Home")
        await expect(page.get_by_role("heading", name="wait in line")).to_be_visible()
        await expect(page.get_by_text("1 of 3")).to_be_visible()
        await keys.press("ArrowRight")
        await expect(page.get_by_role("heading", name="send 'it-is-back'")).to_be_visible()
        await expect(page.get_by_text("They may be written to on this channel")).to_be_visible()
        mail = page.frame_locator("iframe:visible")
        await expect(mail.get_by_text("Blue kettle").first).to_be_visible()
        assert await complaints(page) == []
        await keys.press("End")
        await expect(page).to_have_url(f"{console.url}/journeys/{told}?at=3")

        cancel = page.get_by_text("Cancel…")
        await cancel.focus()
        await keys.press("Enter")
        await keys.press("Tab")
        await keys.press("Enter")
        await expect(page.get_by_role("status").filter(has_text="It is asked to leave")).to_be_visible()
    ended = await product.until(told, lambda report: report.ended_at is not None)
    assert ended.reason == "cancelled"


async def test_it_steps_without_scripts_and_plays_with_them(console: Console, told: JourneyId, tab: Page) -> None:
    first = (await console.client.get(f"/journeys/{told}?at=1")).text
    assert f'href="/journeys/{told}?at=2" data-on' in first
    assert f"https://temporal.example/namespaces/default/workflows/journey%2F{told}" in first
    async with looking(tab, console) as page:
        await page.goto(f"{console.url}/journeys/{told}?at=3")
        await page.get_by_role("button", name="Play").click()
        await expect(page.get_by_text("1 of 3")).to_be_visible()
        await expect(page.get_by_text("3 of 3")).to_be_visible()
        await page.get_by_role("slider").fill("2")
        await expect(page.get_by_role("heading", name="send 'it-is-back'")).to_be_visible()
        await page.emulate_media(reduced_motion="reduce")
        await expect(page.get_by_role("button", name="Play")).to_be_hidden()
        await page.emulate_media(reduced_motion="no-preference")


async def test_a_message_is_shown_alone_without_what_it_would_fetch(console: Console, told: JourneyId) -> None:
    path = f"/journeys/{told}/messages/it-is-back"
    shown = await console.client.get(path)
    assert "Blue kettle" in shown.text
    assert "<link" not in shown.text
    policy = shown.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "img-src data:;" in policy
    assert "https:" in (await console.client.get(f"{path}?pictures=1")).headers["content-security-policy"]
    assert (await console.client.get(f"{path}?version=other@1")).status_code == 404
    assert (await console.client.get(f"/journeys/{told}/messages/nothing")).status_code == 404


async def test_a_repair_says_first_what_it_would_do(
    console: Console, told: JourneyId, product: Product, tab: Page
) -> None:
    async with looking(tab, console) as page:
        await page.goto(f"{console.url}/journeys/{told}/repair?do=retry")
        await expect(page.get_by_text("there is nothing to try again")).to_be_visible()
        await page.goto(f"{console.url}/journeys/{told}/repair?do=skip")
        await expect(page.get_by_text("It goes on with the step after it")).to_be_visible()
        assert await complaints(page) == []
        await page.get_by_label("Why").fill("they asked for it now")
        await page.get_by_role("button", name="Do it").click()
        await expect(page.get_by_text("It goes on with the next step.")).to_be_visible()
    why = "select details ->> 'why' from audit where action = 'skip step' and actor = $1"
    assert await product.pool.fetchval(why, f"user {console.user_id}") == "they asked for it now"


async def test_a_history_that_is_gone_is_said_plainly(
    console: Console, told: JourneyId, pool: Pool, client: Client, product: Product
) -> None:
    await pool.execute("update journeys set ended_at = now(), ending = 'completed' where id = $1", told)
    async with console_over(pool, await empty_namespace(client), [of_all(Role.SUPPORT)]) as elsewhere:
        page = (await elsewhere.client.get(f"/journeys/{told}")).text
    assert "Its path cannot be told" in page
    assert "neither Temporal nor the archive has its history" in page


async def empty_namespace(client: Client) -> Client:
    """The same Temporal, in a namespace that keeps none of these histories."""
    return await new_namespace(client.service_client.config.target_host)
