"""The second factor in the console: without scripts, in a browser, and where an installation requires it."""

import re
from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Page, expect
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.responses.users import Language, Role
from starter.accounts.attempts import OF_ACCOUNT_FROM_NETWORK
from starter.http.console.signed_in import COOKIE, PENDING
from tests.accounts.codes import KEYED, code_of, later, with_app
from tests.accounts.staff import ADMIN_EMAIL, PASSWORD, Staff, let_in, set_up
from tests.console.browsing import Browser, browsing, sign_in
from tests.console.support import complaints, console_over, looking, of_all
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web

GIVEN = {"email": ADMIN_EMAIL, "password": PASSWORD}


@pytest.fixture
async def web(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    async with web_over(pool, nowhere, KEYED) as web:
        yield web


@pytest.fixture
async def admin(web: Web) -> Staff:
    return await set_up(web.services)


def secret_in(page: str) -> str:
    found = re.search(r'class="mono break">([A-Z2-7 ]+)<', page)
    assert found, page
    return found[1].replace(" ", "")


def codes_in(page: str) -> list[str]:
    return re.findall(r"<li>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</li>", page)


async def set_up_in(browser: Browser) -> tuple[str, list[str]]:
    """Set an app up by the forms; its secret and the recovery codes."""
    led = await browser.post("/account/second-factor/app", {"present": PASSWORD})
    assert led.status_code == 303
    secret = secret_in((await browser.get(led.headers["location"])).text)
    done = await browser.post("/account/second-factor/app/confirm", {"code": code_of(secret)})
    assert done.status_code == 200
    return secret, codes_in(done.text)


async def test_it_is_set_up_asked_for_and_switched_off(web: Web, admin: Staff, pool: Pool) -> None:
    async with browsing(web.url) as one, browsing(web.url) as other:
        await sign_in(one, ADMIN_EMAIL)
        assert "Not set up" in (await one.get("/account")).text
        wrong = await one.post("/account/second-factor/app", {"present": "another"})
        assert (wrong.status_code, "not your present password" in wrong.text) == (422, True)
        led = await one.post("/account/second-factor/app", {"present": PASSWORD})
        assert (await one.post("/account/second-factor/app/confirm", {"code": "000000"})).status_code == 422
        secret = secret_in((await one.get(led.headers["location"])).text)
        shown = await one.post("/account/second-factor/app/confirm", {"code": code_of(secret)})
        codes = codes_in(shown.text)
        assert len(codes) == 10
        assert codes[0] not in (await one.get("/account/second-factor")).text
        assert (await one.get("/account/second-factor/app")).status_code == 303, "the secret is shown no more"

        led = await other.post("/sign-in", GIVEN | {"next": "/account"})
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in/code?next=%2Faccount")
        assert COOKIE not in led.cookies
        assert (await other.get("/account")).status_code == 303
        assert "You are signing in as" in (await other.get(led.headers["location"])).text
        used = await other.post("/sign-in/code", {"code": code_of(secret), "next": "/account"})
        assert (used.status_code, "used already" in used.text) == (401, True)
        led = await other.post("/sign-in/code", {"recovery": codes[0], "next": "/account"})
        assert (led.status_code, led.headers["location"]) == (303, "/account")
        assert "9 left" in (await other.get("/account/second-factor")).text

        for path in ("recovery-codes", "off"):
            refused = await other.post(f"/account/second-factor/{path}", {"present": PASSWORD, "code": "1"})
            assert (refused.status_code, "This code is wrong" in refused.text) == (422, True)
        await later(pool)
        fresh = await other.post(
            "/account/second-factor/recovery-codes", {"present": PASSWORD, "code": code_of(secret)}
        )
        assert len(codes_in(fresh.text)) == 10
        given = {"present": PASSWORD, "code": codes_in(fresh.text)[3]}
        led = await other.post("/account/second-factor/off", given)
        assert "is off" in (await other.get(led.headers["location"])).text
        await sign_in(one, ADMIN_EMAIL)


async def test_the_second_step_is_of_the_browser_that_gave_the_password(web: Web, admin: Staff) -> None:
    _, codes = await with_app(web.services, admin)
    async with browsing(web.url) as one, browsing(web.url) as other:
        led = await one.post("/sign-in", GIVEN)
        cookie = led.headers["set-cookie"]
        assert cookie.startswith(f"{PENDING}=")
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        led = await other.post("/sign-in/code", {"recovery": codes[0]})
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in?over=1")
        assert "took too long" in (await other.get(led.headers["location"])).text
        assert (await other.get("/sign-in/code")).status_code == 303
        refused = await one.post("/sign-in/code", {"recovery": codes[0]}, Sec_Fetch_Site="cross-site")
        assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
        for _ in range(OF_ACCOUNT_FROM_NETWORK):
            assert (await one.post("/sign-in/code", {"code": "000000"})).status_code == 401
        late = await one.post("/sign-in/code", {"recovery": codes[0]})
        assert (late.status_code, int(late.headers["retry-after"]) > 0) == (429, True)


async def test_an_admin_resets_it(web: Web, admin: Staff) -> None:
    ed = await let_in(web.services, "ed@shop.example", Role.EDITOR)
    await with_app(web.services, ed)
    async with browsing(web.url) as browser:
        await sign_in(browser, ADMIN_EMAIL)
        assert "Reset the second factor" in (await browser.get(f"/users/{ed.user_id}")).text
        led = await browser.post(f"/users/{ed.user_id}/second-factor")
        page = (await browser.get(led.headers["location"])).text
        assert "The second factor is reset" in page
        assert "Reset the second factor" not in page
        (entry, *_) = (await web.services.audit_log.page(action="reset second factor")).entries
        assert (entry.name, entry.details["user"]) == ("Boss", ed.user_id)


async def test_without_a_key_for_secrets_it_is_said_what_to_do(pool: Pool, nowhere: Client) -> None:
    async with (
        web_over(pool, nowhere, SETTINGS.model_copy(update={"secrets_keys": ()})) as web,
        browsing(web.url) as browser,
    ):
        await set_up(web.services)
        await sign_in(browser, ADMIN_EMAIL)
        refused = await browser.post("/account/second-factor/app", {"present": PASSWORD})
        assert (refused.status_code, "SHELFTALK_SECRETS_KEYS" in refused.text) == (422, True)


async def test_where_it_is_required_nothing_opens_before_it_is_set_up(pool: Pool, nowhere: Client) -> None:
    required = KEYED.model_copy(update={"second_factor_required": True})
    async with web_over(pool, nowhere, required) as web, browsing(web.url) as browser:
        await set_up(web.services)
        await sign_in(browser, ADMIN_EMAIL)
        for path in ("/", "/account", "/users"):
            led = await browser.get(path)
            assert (led.status_code, led.headers["location"]) == (303, "/account/second-factor"), path
        made = await browser.post("/users/keys", {"name": "k", "scope": ["admin"]})
        assert made.status_code == 303
        assert [each.name for each in await web.services.keys.all()] == ["tests"]
        assert "You need a second factor here" in (await browser.get("/account/second-factor")).text
        await set_up_in(browser)
        assert (await browser.get("/users")).status_code == 200
        assert (await browser.post("/sign-out")).status_code == 303


async def test_somebody_sets_it_up_and_signs_in_with_it_by_the_keyboard(pool: Pool, nowhere: Client, tab: Page) -> None:
    async with console_over(pool, nowhere, [of_all(Role.SUPPORT)], KEYED, language=Language.GERMAN) as console:
        user = await console.services.users.one(console.user_id)
        async with looking(tab, console):
            await tab.goto(f"{console.url}/account/second-factor")
            assert await complaints(tab) == []
            await tab.get_by_label("Bisheriges Passwort").fill(PASSWORD)
            await tab.keyboard.press("Enter")
            await tab.wait_for_url("**/second-factor/app")
            await expect(tab.get_by_role("img", name="QR-Code")).to_be_visible()
            assert await complaints(tab) == []
            secret = secret_in(await tab.content())
            await tab.get_by_label("Code aus Ihrer App").fill(code_of(secret))
            await tab.keyboard.press("Enter")
            await expect(tab.get_by_text("Ihr zweiter Faktor ist an")).to_be_visible()
            assert await complaints(tab) == []
            await tab.get_by_role("link", name="Ich habe sie aufbewahrt").click()
            await expect(tab.get_by_text("10 übrig")).to_be_visible()
            assert await complaints(tab) == []
            await tab.context.clear_cookies()
            await later(pool)
            await tab.goto(f"{console.url}/account")
            await tab.get_by_label("E-mail address").fill(user.email)
            await tab.get_by_label("Password").fill(PASSWORD)
            await tab.keyboard.press("Enter")
            await expect(tab.get_by_role("heading", name="A second factor")).to_be_visible()
            assert await complaints(tab) == []
            await expect(tab.get_by_label("Code from your app")).to_be_focused()
            await tab.keyboard.type(code_of(secret))
            await tab.keyboard.press("Enter")
            await expect(tab.get_by_role("heading", name="Mein Konto")).to_be_visible()
