"""Analytics, Publish, Run Tester and Reports in a browser: nobody is kept out, and each story goes by keyboard."""

from importlib.resources import files

from playwright.async_api import Page, expect
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.responses.users import Grant, Language, Role
from starter.documents import load_document
from starter.services import Services
from starter.versioning.publishing import publish
from tests.console.support import complaints, console_over, looking, of_all
from tests.http.web import Web
from tests.product import Product, Shop
from tests.reports.test_analytics import NAMES, insight
from tests.revenue.told import enters, ordered, sent
from tests.storefronts.shop import SHOP

BACK = "/conversations/back-in-stock"


async def _works_on(services: Services, text: str) -> None:
    await services.versions.save(text, load_document(text, "back-in-stock.yaml"), "user u-2", None)


def _changed() -> str:
    text = files("starter").joinpath("conversations/back-in-stock.yaml").read_text(encoding="utf-8")
    return text.replace("Good news:", "Very good news:")


async def see(tab: Page, *addresses: str) -> None:
    for address in addresses:
        await tab.goto(address)
        assert await complaints(tab) == [], address


async def test_the_figures_of_a_conversation_stand_on_its_tree_and_lead_to_those_behind_them(
    product: Product, nowhere: Client, tab: Page
) -> None:
    await product.shop.sells("v")
    await publish(product.pool, insight())
    await product.shop.signs_up(*NAMES, list_code="seen")
    await product.at_rest()
    await product.shop.opts_out("ben")
    await product.shop.has("v", 4)
    await product.at_rest()
    async with console_over(product.pool, nowhere, [of_all(Role.SUPPORT)]) as console, looking(tab, console) as seen:
        analytics = f"{console.url}/conversations/insight/analytics"
        await see(seen, analytics, f"{analytics}?show=why_not&heat=yes&against=before", f"{analytics}?show=now&last=7")
        await seen.goto(f"{analytics}?show=people")
        await seen.get_by_role("list", name="conversation").get_by_role("link", name="10", exact=True).first.focus()
        await seen.keyboard.press("Enter")
        await expect(seen.get_by_role("heading", level=1)).to_have_text("Who is behind the number")
        await expect(seen.locator("tbody tr")).to_have_count(len(NAMES))
        assert await complaints(seen) == []


async def test_what_was_looked_at_is_published_by_keyboard_and_those_under_way_move(
    pool: Pool, nowhere: Client, tab: Page
) -> None:
    shop = await Shop.opened(pool)
    await shop.signs_up("ann", "ben")
    async with console_over(pool, nowhere, [of_all(Role.PUBLISHER)]) as console, looking(tab, console) as seen:
        await _works_on(console.services, _changed())
        await see(seen, f"{console.url}{BACK}/publish")
        # As the shopper reads it, and not as it is written.
        await expect(seen.locator("ins", has_text="Very good news: Blue")).to_have_count(1)
        await seen.get_by_label("They stay").focus()
        await seen.keyboard.press("ArrowDown")
        await seen.get_by_role("button", name="Publish now").focus()
        await seen.keyboard.press("Enter")
        await expect(seen.get_by_role("heading", level=1)).to_have_text("Operation 1")
        assert await complaints(seen) == []
        report = await console.services.bulk_operations.show(1)
        assert (report.kind, report.total, report.to_version) == ("move", 2, "back-in-stock@2")
        await seen.get_by_role("button", name="Cancel what is left").focus()
        await seen.keyboard.press("Enter")
        await expect(seen.get_by_role("heading", name="Cancelled")).to_be_visible()
        await see(seen, f"{console.url}{BACK}/publish")


async def test_a_made_up_contact_is_run_and_their_way_lights_up(pool: Pool, nowhere: Client, tab: Page) -> None:
    await Shop.opened(pool)
    async with (
        console_over(pool, nowhere, [of_all(Role.EDITOR)], language=Language.ENGLISH) as console,
        looking(tab, console) as seen,
    ):
        run = f"{console.url}{BACK}/test"
        await see(seen, run, f"{run}?scenario=own&after1=x&what1=stock&value1=many", f"{run}?at=3")
        await seen.goto(run)
        await seen.get_by_text("Make up a contact").click()
        await seen.get_by_label("Tags").first.fill("vip")
        await seen.get_by_role("button", name="Run what is made up").focus()
        await seen.keyboard.press("Enter")
        await expect(seen.locator(".box.walked")).not_to_have_count(0)
        await expect(seen.get_by_text("It comes to its end.")).to_be_visible()
        await seen.get_by_role("link", name="First").focus()
        await seen.keyboard.press("Enter")
        await expect(seen.locator(".timeline > li")).to_have_count(1)
        await expect(seen.locator(".box.now")).to_have_count(1)


async def test_reports_keep_nobody_out(web: Web, pool: Pool, nowhere: Client, tab: Page) -> None:
    (ann,) = await enters(web, pool, "ann")
    await sent(pool, ann, 3)
    await ordered(web, "o-1", "129.50", 1)
    async with (
        console_over(
            pool, nowhere, [Grant(role=Role.SUPPORT, store_id=StoreId(SHOP))], language=Language.GERMAN
        ) as console,
        looking(tab, console) as seen,
    ):
        paths = ("", "/messages?by=conversation", "/delays", "/experiments", "/coupons")
        await see(seen, *(f"{console.url}/reports{path}" for path in paths))


async def test_of_other_stores_nothing_is_counted_and_files_say_what_tables_do(
    web: Web, pool: Pool, nowhere: Client
) -> None:
    (ann,) = await enters(web, pool, "ann")
    await sent(pool, ann, 3)
    elsewhere = Grant(role=Role.ADMIN, store_id=StoreId("elsewhere.example"))
    async with console_over(pool, nowhere, [elsewhere]) as console:
        told = await console.client.get("/reports?format=csv")
        assert len(told.text.splitlines()) == 1
        analytics = await console.client.get(f"{BACK}/analytics?format=csv")
        assert len(analytics.text.splitlines()) == 1
    async with console_over(pool, nowhere, [of_all(Role.SUPPORT)]) as console:
        told = await console.client.get("/reports?format=csv")
        assert len(told.text.splitlines()) == 2
        people = await console.client.get(f"{BACK}/analytics/people?show=entries&format=csv")
        assert len(people.text.splitlines()) == 2
        assert people.headers["content-type"].startswith("text/csv")


async def test_what_changed_since_it_was_looked_at_is_not_published(pool: Pool, nowhere: Client) -> None:
    shop = await Shop.opened(pool)
    await shop.signs_up("ann")
    async with console_over(pool, nowhere, [of_all(Role.PUBLISHER)]) as console:
        await _works_on(console.services, _changed())
        seen = await console.services.reviewing.look("back-in-stock")
        await _works_on(console.services, _changed().replace("Very good", "The best"))
        fields = {"working": seen.working.content_hash, "published": seen.published or "", "in_flight": "end"}
        answer = await console.post(f"{BACK}/publish", **fields, note="Because")
        assert answer.status_code == 409
        assert "since you looked" in answer.text
        # What was decided stands there still.
        assert 'value="end" checked' in answer.text
        assert 'value="Because"' in answer.text
        assert (await console.services.versions.conversation("back-in-stock")).published == "back-in-stock@1"
