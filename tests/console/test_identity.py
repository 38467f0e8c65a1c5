"""Signing in at the company's identity provider, from the console and back, and what is said where it goes wrong."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from playwright.async_api import Page, expect
from pydantic import SecretStr
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.responses.users import Role
from tests.accounts.provider import CLIENT, SECRET, Provider, provided
from tests.accounts.staff import let_in, set_up
from tests.console.browsing import Browser, browsing
from tests.http.conftest import web_over
from tests.http.web import PLAIN, SETTINGS, Web


@pytest.fixture
async def provider() -> AsyncGenerator[Provider]:
    async with provided() as provider:
        yield provider


@pytest.fixture
async def web(pool: Pool, nowhere: Client, provider: Provider) -> AsyncGenerator[Web]:
    found = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
        "oidc_name": "Shop ID",
    }
    async with web_over(pool, nowhere, SETTINGS.model_copy(update=found)) as web:
        await set_up(web.services)
        yield web


async def led_back(browser: Browser, path: str = "/sign-in/identity") -> str:
    """They are led to the provider and sign in there; the path that it leads them back by."""
    led = await browser.get(path)
    assert led.status_code == 303, led.text
    async with httpx.AsyncClient(verify=PLAIN) as there:
        back = (await there.get(led.headers["location"])).headers["location"]
    return back.removeprefix(str(browser.client.base_url).rstrip("/"))


async def test_somebody_is_led_there_and_back_to_what_they_asked_for(web: Web) -> None:
    await let_in(web.services, "ed@shop.example", Role.EDITOR)
    async with browsing(web.url) as browser, browsing(web.url) as other:
        assert "Sign in with Shop ID" in (await browser.get("/sign-in")).text
        back = await led_back(browser, "/sign-in/identity?next=/account")
        stolen = await other.get(back)
        assert (stolen.status_code, "took too long" in stolen.text) == (401, True)
        led = await browser.get(back)
        assert (led.status_code, led.headers["location"]) == (303, "/account")
        assert "ed@shop.example" in (await browser.get("/account")).text
        again = await browser.get(back)
        assert (again.status_code, "set-cookie" in again.headers) == (401, True)
        assert 'shelftalk-identity=""' in again.headers["set-cookie"]
        assert "shelftalk-session" not in again.headers["set-cookie"]
        led = await browser.get(await led_back(browser, "/sign-in/identity?next=//evil.example"))
        assert led.headers["location"] == "/"


async def test_what_goes_wrong_is_said_in_plain_words(web: Web, provider: Provider) -> None:
    async with browsing(web.url) as browser:
        unknown = await browser.get(await led_back(browser))
        assert (unknown.status_code, "You have no account here" in unknown.text) == (401, True)
        provider.changed = {"nonce": "another"}
        odd = await browser.get(await led_back(browser))
        assert (odd.status_code, "not to be trusted" in odd.text) == (401, True)
        provider.changed = {"email_verified": False}
        assert "has not verified" in (await browser.get(await led_back(browser))).text
        path, _, query = (await led_back(browser)).partition("?")
        state = next(part for part in query.split("&") if part.startswith("state="))
        denied = await browser.get(f"{path}?{state}&error=access_denied")
        assert (denied.status_code, "signed nobody in" in denied.text) == (401, True)


async def test_without_a_provider_nobody_is_led_anywhere(pool: Pool, nowhere: Client) -> None:
    async with web_over(pool, nowhere) as web, browsing(web.url) as browser:
        assert "/sign-in/identity" not in (await browser.get("/sign-in")).text
        for path in ("/sign-in/identity", "/sign-in/identity/back?state=x&code=y"):
            assert (await browser.get(path)).status_code in (401, 502), path


async def test_in_a_browser_they_sign_in_and_out_again(web: Web, tab: Page, provider: Provider) -> None:
    await let_in(web.services, "ed@shop.example", Role.EDITOR)
    await tab.context.clear_cookies()
    await tab.set_viewport_size({"width": 1280, "height": 860})
    await tab.goto(f"{web.url}/account")
    await tab.get_by_role("link", name="Sign in with Shop ID").press("Enter")
    await expect(tab.get_by_role("heading", name="My account")).to_be_visible()
    await tab.get_by_role("button", name="Sign out", exact=True).first.click()
    await expect(tab.get_by_text("still signed in at Shop ID")).to_be_visible()
    await tab.get_by_role("link", name="Sign out of Shop ID too").click()
    await tab.wait_for_url(f"{web.url}/sign-in")
    assert provider.codes == {}
    await tab.goto("about:blank")
    await tab.context.clear_cookies()
