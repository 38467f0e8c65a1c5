"""A console with somebody in support at it, as the tests of contacts and replay open it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from playwright.async_api import ConsoleMessage, Error, Page
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import UserId
from schemas.responses.users import Grant, Language, Role
from schemas.settings import Settings
from starter.accounts.viewer import Viewer
from starter.http.app import create_app
from starter.http.server import serving
from starter.services import Services
from tests.history import PATIENCE
from tests.http.conftest import services_over
from tests.http.web import PLAIN, SETTINGS
from tests.shop_page.visit import AXE

WIDTHS = (360, 1280)


@dataclass(frozen=True)
class Console:
    """A console that runs, and a client that is signed in."""

    url: str
    services: Services
    client: httpx.AsyncClient

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """A form of it, sent."""
        return await self.client.post(path, data={"csrf": "csrf"} | fields)


def viewer(*grants: Grant, language: Language = Language.ENGLISH) -> Viewer:
    """Somebody with these roles."""
    return Viewer(UserId("u-1"), "Kim", "kim@shop.example", language, "Europe/Berlin", grants, 1)


def of_all(role: Role) -> Grant:
    """The role in every store."""
    return Grant(role=role)


@asynccontextmanager
async def console_over(
    pool: Pool, client: Client, grants: Sequence[Grant], settings: Settings = SETTINGS, **said: Language
) -> AsyncGenerator[Console]:
    """The console, open for somebody with these roles."""
    services = services_over(pool, client, settings=settings)
    app = create_app(services, settings)
    app.state.viewer = viewer(*grants, **said)
    async with (
        serving(app, "127.0.0.1", 0) as served,
        httpx.AsyncClient(base_url=served.url, timeout=PATIENCE, verify=PLAIN) as signed_in,
    ):
        yield Console(served.url, services, signed_in)


@asynccontextmanager
async def looking(tab: Page, console: Console) -> AsyncGenerator[Page]:
    """A tab at the console, in which nothing is refused by the page's policy, or thrown by a script."""
    errors: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error":
            errors.append(said.text)

    def thrown(error: Error) -> None:
        errors.append(error.message)

    tab.on("console", heard)
    tab.on("pageerror", thrown)
    try:
        await tab.goto(f"{console.url}/contacts")
        yield tab
    finally:
        await tab.goto("about:blank")
        tab.remove_listener("console", heard)
        tab.remove_listener("pageerror", thrown)
    assert errors == []


async def complaints(tab: Page) -> list[str]:
    """What axe finds wrong with the page as it is shown: narrow and wide, light and dark; and whether it overflows."""
    found: list[str] = []
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            await tab.emulate_media(color_scheme=scheme)
            await tab.set_viewport_size({"width": width, "height": 800})
            await tab.evaluate(AXE)
            said: list[str] = await tab.evaluate(
                "axe.run().then(found => found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html}`)))"
            )
            wide = await tab.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [f"{scheme}, {width}: {each}" for each in (*said, *([f"{wide} px too wide"] if wide > 0 else []))]
    return found
