"""The pages of waiting lists in a real browser: found, asked, called forward, paused and moved, by keyboard alone."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import FilePayload, Page, expect
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from schemas.ids import StoreId
from schemas.responses.users import Grant, Role
from tests.console.support import complaints, console_over, looking, of_all
from tests.product import STORE, Shop, address, starter_document
from tests.revenue.told import sent
from tests.waitlist.test_calling_forward import tell

LINE = f"/lines/{STORE}/variant/v"


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    shop = await Shop.opened(pool, starter_document(contacts_per_unit=1))
    await shop.sells("v", "w", "x")
    await shop.signs_up(*(f"shopper{number}" for number in range(12)))
    await shop.signs_up("dora", for_="w")
    await Entrances(pool).sign_up(address("eve"), STORE, "x", "test", quantity=9)
    await shop.has("v", 3)
    await tell(pool, 3)
    await shop.buys("shopper0")
    return shop


@asynccontextmanager
async def seen_by(shop: Shop, nowhere: Client, tab: Page, *grants: Grant) -> AsyncGenerator[str]:
    """The console in a browser in which somebody with these roles is signed in; where it is."""
    async with console_over(shop.pool, nowhere, grants) as console, looking(tab, console):
        yield console.url


@pytest.fixture
async def url(shop: Shop, nowhere: Client, tab: Page) -> AsyncGenerator[str]:
    async with seen_by(shop, nowhere, tab, of_all(Role.ADMIN)) as url:
        yield url


async def press(tab: Page, name: str, role: str = "button") -> None:
    """Go to it with the Tab key, and press Enter."""
    found = tab.get_by_role(role, name=name, exact=True)  # pyright: ignore[reportArgumentType]
    await expect(found).to_be_visible()
    for _ in range(200):
        await tab.keyboard.press("Tab")
        if await found.evaluate("element => element === document.activeElement"):
            await tab.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} cannot be reached with the Tab key")


async def test_a_line_is_found_asked_called_forward_paused_and_moved_by_keyboard_alone(
    url: str, tab: Page, pool: Pool
) -> None:
    await tab.goto(f"{url}/lines")
    await press(tab, "Blue kettle – v", "link")
    await expect(tab.get_by_role("heading", level=1)).to_have_text("Blue kettle – v")
    await press(tab, "Ask")
    await expect(tab.get_by_text("50 units more would tell 9 people.")).to_be_visible()
    await tab.get_by_label("How many people").focus()
    await tab.keyboard.press("Control+A")
    await tab.keyboard.type("2")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_text("For that, 2 offers end that were not taken up.")).to_be_visible()
    assert await pool.fetchval("select count(*) from claims where state = 'lapsed'") == 0
    await press(tab, "Call 2 forward")
    await expect(tab.get_by_text("2 are called forward.", exact=True)).to_be_visible()
    assert await pool.fetchval("select count(*) from claims where state = 'lapsed'") == 2
    await press(tab, "Pause")
    await expect(tab.get_by_text("Everyone keeps their place.").first).to_be_visible()
    assert await pool.fetchval("select paused_at is not null from alerts where id = 'back-in-stock'")
    await press(tab, "Resume", "link")
    await expect(tab.get_by_text("Resuming sends 5 messages at most.")).to_be_visible()
    await press(tab, "Resume")
    await press(tab, "Move the line", "link")
    await tab.get_by_label("Where to").focus()
    await tab.keyboard.type("w")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_text("9 people from variant/v to variant/w.")).to_be_visible()
    await press(tab, "Move 9 people")
    await expect(tab.get_by_text("The line is being moved.")).to_be_visible()
    assert await pool.fetchval("select to_subject from line_moves") == "variant/w"


@pytest.mark.parametrize("path", ["/lines", f"{LINE}?units=50&people=2", f"{LINE}/move?to=w", f"/lines/{STORE}/import"])
async def test_a_page_is_fit_for_who_does_not_see_well_on_every_screen(url: str, tab: Page, path: str) -> None:
    await tab.goto(url + path)
    assert await complaints(tab) == []


async def test_lines_are_filtered_as_one_types_and_the_address_can_be_sent(url: str, tab: Page) -> None:
    await tab.goto(f"{url}/lines")
    await tab.get_by_label("Product, variant or SKU").fill("x")
    await expect(tab.get_by_role("link", name="Blue kettle – v")).to_be_hidden()
    await expect(tab.get_by_role("link", name="Blue kettle – x")).to_be_visible()
    assert "text=x" in tab.url
    await tab.reload()
    await expect(tab.get_by_role("link", name="Blue kettle – x")).to_be_visible()
    await tab.get_by_label("Product, variant or SKU").fill("nothing like it")
    await expect(tab.get_by_text("No line is like that")).to_be_visible()


async def test_who_may_only_look_sees_numbers_and_nobody_behind_them(shop: Shop, nowhere: Client, pool: Pool) -> None:
    async with console_over(shop.pool, nowhere, [Grant(role=Role.VIEWER, store_id=STORE)]) as console:
        shown = (await console.client.get(LINE)).text
        assert "How the line stands" in shown
        contacts = [row["id"] for row in await pool.fetch("select id from contacts")]
        assert not [each for each in ("shopper4", "/pause", "/call", "/move", *contacts) if each in shown]
        refused = await console.post(f"{LINE}/call", alert="back-in-stock", people="1", takes_back="1")
        assert refused.status_code == 403
    assert await pool.fetchval("select count(*) from audit where action = 'show addresses of waiting list'") == 0


async def test_lines_of_another_store_are_nowhere(shop: Shop, nowhere: Client) -> None:
    grants = [Grant(role=Role.ADMIN, store_id=StoreId("another.example"))]
    async with console_over(shop.pool, nowhere, grants) as console:
        assert "Nobody waits for anything" in (await console.client.get("/lines")).text
        assert "No line is like that" in (await console.client.get("/lines", params={"store": STORE})).text
        assert len((await console.client.get("/lines/export.csv")).text.splitlines()) == 1
        for path in (LINE, f"{LINE}/move", f"/lines/{STORE}/import", f"/stores/{STORE}"):
            assert (await console.client.get(path)).status_code == 404, path


async def test_a_file_is_looked_at_before_anybody_enters(url: str, tab: Page, pool: Pool) -> None:
    await tab.goto(f"{url}/lines/{STORE}/import")
    at = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    text = f"email,variant_id,created_at\nnew@example.com,w,{at}\nbroken,w,{at}\n".encode()
    file: FilePayload = {"name": "list.csv", "mimeType": "text/csv", "buffer": text}
    await tab.get_by_role("button", name="File").set_input_files(file)
    await tab.get_by_role("button", name="Look at it").click()
    await expect(tab.get_by_text("1 of 2 rows would enter.")).to_be_visible()
    assert await pool.fetchval("select count(*) from contacts where email = 'new@example.com'") == 0
    await tab.get_by_role("button", name="Let one enter").click()
    await expect(tab.get_by_text("1 of 2 rows have entered.")).to_be_visible()
    assert await pool.fetchval("select count(*) from contacts where email = 'new@example.com'") == 1


async def test_a_successor_is_named_and_taken_back(url: str, tab: Page, pool: Pool) -> None:
    await tab.goto(url + LINE)
    await tab.get_by_label("Successor").fill("w")
    await tab.get_by_role("button", name="Save").click()
    await expect(tab.get_by_text("The successor is named.")).to_be_visible()
    assert await pool.fetchval("select successor from successors") == "variant/w"
    await tab.get_by_label("Successor").fill("")
    await tab.get_by_role("button", name="Save").click()
    await expect(tab.get_by_text("It names no successor any more.")).to_be_visible()


async def test_lines_leave_as_a_file(url: str, tab: Page) -> None:
    await tab.goto(f"{url}/lines")
    async with tab.expect_download() as download:
        await tab.get_by_role("link", name="As CSV").click()
    text = (await (await download.value).path()).read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].startswith('"store_id","subject"')
    assert len(text.splitlines()) == 4


async def test_a_line_leads_to_what_became_of_the_messages_of_its_alert(url: str, tab: Page, shop: Shop) -> None:
    journey = await shop.pool.fetchval("select id from journeys where told_at is not null limit 1")
    await sent(shop.pool, journey, 1)
    await tab.goto(url + LINE)
    await tab.get_by_role("link", name="Message activity").click()
    await expect(tab.get_by_role("cell", name="it-is-back")).to_be_visible()
    await tab.get_by_role("link", name="Conversation", exact=True).click()
    assert f"alert=back-in-stock&store={STORE}" in tab.url
    await expect(tab.get_by_role("combobox", name="Alert")).to_have_value("back-in-stock")
    address = await tab.get_by_role("link", name="Spreadsheet").get_attribute("href")
    file = await tab.context.request.get(f"{url}{address}")
    assert "back-in-stock" in (await file.text()).splitlines()[1]
