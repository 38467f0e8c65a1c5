"""Passkeys as a browser makes and shows them, with a device that Chromium has for tests; and without scripts."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from playwright.async_api import Page, expect
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.responses.users import Language, Role
from tests.accounts.codes import KEYED
from tests.accounts.staff import PASSWORD
from tests.console.support import Console, complaints, console_over, looking, of_all


@asynccontextmanager
async def device(tab: Page) -> AsyncGenerator[tuple[Any, str]]:
    """A device that keeps passkeys and makes sure of its user, and says yes by itself."""
    chromium: Any = await tab.context.new_cdp_session(tab)
    await chromium.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = await chromium.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    try:
        yield chromium, made["authenticatorId"]
    finally:
        await chromium.send("WebAuthn.disable")
        await chromium.detach()


def by_name(console: Console) -> Console:
    """The same, at an address with a name: passkeys are not kept for numbers."""
    return replace(console, url=console.url.replace("127.0.0.1", "localhost"))


async def test_a_passkey_is_added_signs_in_without_a_password_and_after_one(
    pool: Pool, nowhere: Client, tab: Page
) -> None:
    async with console_over(pool, nowhere, [of_all(Role.SUPPORT)], KEYED) as console:
        console, email = by_name(console), (await console.services.users.one(console.user_id)).email
        async with looking(tab, console), device(tab) as (chromium, authenticator):
            await tab.goto(f"{console.url}/account/second-factor")
            new = tab.locator("form[data-passkey=create]")
            await new.get_by_label("Name").fill("my phone")
            await new.get_by_label("Present password").fill(PASSWORD)
            await new.get_by_role("button", name="Add a passkey").click()
            await expect(tab.get_by_role("heading", name="Recovery codes")).to_be_visible()
            await tab.get_by_role("link", name="I have kept them").click()
            await expect(tab.get_by_text("my phone", exact=True)).to_be_visible()
            assert await complaints(tab) == []
            (kept,) = (await chromium.send("WebAuthn.getCredentials", {"authenticatorId": authenticator}))[
                "credentials"
            ]
            assert (kept["rpId"], kept["isResidentCredential"]) == ("localhost", True)

            await tab.context.clear_cookies()
            await tab.goto(f"{console.url}/account")
            await tab.get_by_role("button", name="Sign in with a passkey").press("Enter")
            await expect(tab.get_by_role("heading", name="My account")).to_be_visible()

            await tab.context.clear_cookies()
            await tab.goto(f"{console.url}/sign-in")
            await tab.get_by_label("E-mail address").fill(email)
            await tab.get_by_label("Password").fill(PASSWORD)
            await tab.keyboard.press("Enter")
            await expect(tab.get_by_role("heading", name="A second factor")).to_be_visible()
            assert await complaints(tab) == []
            await tab.get_by_role("button", name="Sign in with a passkey").click()
            await tab.wait_for_url(f"{console.url}/")
            entries = (await console.services.audit_log.page(action="sign in")).entries
            assert [each.details["way"] for each in entries][:2] == ["second_factor", "passkey"]
            (passkey,) = await console.services.passkeys.of(console.user_id)
            assert passkey.last_used_at is not None


async def test_a_device_that_is_not_sure_of_its_user_signs_nobody_in(pool: Pool, nowhere: Client, tab: Page) -> None:
    async with console_over(pool, nowhere, [of_all(Role.SUPPORT)], KEYED, language=Language.GERMAN) as console:
        console = by_name(console)
        async with looking(tab, console), device(tab) as (chromium, authenticator):
            await tab.goto(f"{console.url}/account/second-factor")
            new = tab.locator("form[data-passkey=create]")
            await new.get_by_label("Name").fill("mein Telefon")
            await new.get_by_label("Bisheriges Passwort").fill(PASSWORD)
            await new.get_by_role("button", name="Passkey hinzufügen").click()
            await expect(tab.get_by_role("heading", name="Notfallcodes")).to_be_visible()
            unsure = {"authenticatorId": authenticator, "isUserVerified": False}
            await chromium.send("WebAuthn.setUserVerified", unsure)
            await tab.context.clear_cookies()
            await tab.goto(f"{console.url}/sign-in")
            await tab.get_by_role("button", name="Sign in with a passkey").click()
            await expect(tab.get_by_text("That did not work")).to_be_visible()
            assert await console.services.sessions.of(console.user_id) != ()
            assert await complaints(tab) == []


async def test_at_an_address_that_is_not_set_there_are_none(pool: Pool, nowhere: Client) -> None:
    async with console_over(pool, nowhere, [of_all(Role.SUPPORT)], KEYED) as console:
        assert "SHELFTALK_PUBLIC_URL" in (await console.client.get("/account/second-factor")).text
        assert "passkey" not in (await console.client.get("/sign-in")).text
        refused = await console.post("/account/second-factor/passkeys/options")
        assert refused.status_code == 503
        refused = await console.post("/account/second-factor/passkeys", name="x", present=PASSWORD, credential="{}")
        assert (refused.status_code, "not good at this address" in refused.text) == (422, True)
        public = {"Host": "localhost", "Origin": "http://localhost"}
        for path in ("/sign-in/passkey", "/sign-in/code/passkey"):
            refused = await console.client.post(path, data={"credential": "{}"}, headers=public)
            assert refused.status_code == 401, path
        asked = await console.client.post("/sign-in/passkey/options", headers=public)
        assert asked.json()["rpId"] == "localhost"
        assert (await console.client.post("/sign-in/code/passkey/options", headers=public)).status_code == 401
