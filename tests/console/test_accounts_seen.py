"""The pages of accounts as a browser shows them: without a script they need nothing, and nobody is kept out by them."""

from playwright.async_api import Page
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import ContactId
from schemas.responses.keys import Scope
from schemas.responses.users import Grant, Language, Role
from starter.accounts.links import PATH
from tests.accounts.staff import PASSWORD, let_in
from tests.console.support import Console, complaints, console_over, looking, of_all

LONG = "a-store-with-a-very-long-name-indeed.department-of-kettles.shop.example"


async def see(tab: Page, console: Console, *paths: str) -> None:
    for path in paths:
        await tab.goto(f"{console.url}{path}")
        assert await complaints(tab) == [], path


async def test_the_pages_of_accounts_keep_nobody_out(pool: Pool, nowhere: Client, tab: Page) -> None:
    async with console_over(pool, nowhere, [of_all(Role.ADMIN)], language=Language.GERMAN) as console:
        services = console.services
        ed = await let_in(services, "ed@shop.example", Role.EDITOR, LONG)
        await services.users.invite("new@shop.example", "New", [Grant(role=Role.VIEWER)], "test")
        await services.keys.create("tag manager", "test", [Scope.EVENTS, Scope.READ])
        await services.audit_log.looked_at(ContactId("c-1"), f"user {ed.user_id}")
        async with looking(tab, console) as seen:
            await see(seen, console, "/account", "/users", "/users/new", f"/users/{ed.user_id}", "/users/keys")
            await see(seen, console, "/users/audit", "/users/audit?actor=nobody")


async def test_somebody_chooses_a_password_signs_out_and_in_again(pool: Pool, nowhere: Client, tab: Page) -> None:
    async with console_over(pool, nowhere, [of_all(Role.ADMIN)]) as console:
        invited = await console.services.users.invite("ed@shop.example", "Ed", [Grant(role=Role.EDITOR)], "test")
        await tab.context.clear_cookies()
        await see(tab, console, "/sign-in", f"{PATH}{invited.token}")
        await tab.get_by_label("New password").fill(PASSWORD)
        await tab.keyboard.press("Enter")
        await tab.wait_for_url(f"{console.url}/")
        await tab.goto(f"{console.url}/account")
        assert await tab.get_by_role("heading", level=1).inner_text() == "My account"
        await tab.get_by_role("button", name="Sign out", exact=True).first.click()
        await tab.wait_for_url(f"{console.url}/sign-in")
        await tab.goto(f"{console.url}/account")
        await tab.get_by_label("E-mail address").fill("ed@shop.example")
        await tab.get_by_label("Password").fill(PASSWORD)
        await tab.keyboard.press("Enter")
        await tab.wait_for_url(f"{console.url}/account")
        assert "Ed" in await tab.get_by_role("link", name="Ed").inner_text()
