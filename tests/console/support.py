"""A console with somebody in support at it, as the tests of contacts and replay open it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import httpx
from playwright.async_api import ConsoleMessage, Error, Page
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import UserId
from schemas.responses.users import Grant, Language, Role
from schemas.settings import Settings
from starter.accounts.tokens import form_token
from starter.http.app import create_app
from starter.http.console.signed_in import COOKIE
from starter.http.server import serving
from starter.services import Services
from tests.accounts.staff import HERE, PASSWORD
from tests.history import PATIENCE
from tests.http.conftest import services_over
from tests.http.web import PLAIN, SETTINGS
from tests.shop_page.visit import found_by_axe

WIDTHS = (360, 1280)
_numbers = count(1)


@dataclass(frozen=True)
class Console:
    """A console that runs, and a client that is signed in.

    Attributes:
        user_id: who it is.
        session: the token of their session.
    """

    url: str
    services: Services
    client: httpx.AsyncClient
    user_id: UserId
    session: str

    @property
    def csrf(self) -> str:
        """What their forms are known by."""
        return form_token(self.session)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """A form of it, sent."""
        return await self.client.post(path, data={"csrf": self.csrf} | fields)


def of_all(role: Role) -> Grant:
    """The role in every store."""
    return Grant(role=role)


@asynccontextmanager
async def console_over(
    pool: Pool, client: Client, grants: Sequence[Grant], settings: Settings = SETTINGS, **said: Language
) -> AsyncGenerator[Console]:
    """The console, open for somebody with these roles."""
    services = services_over(pool, client, settings=settings)
    invited = await services.users.invite(
        f"kim{next(_numbers)}@shop.example", "Kim", grants, "test", time_zone="Europe/Berlin", **said
    )
    session = await services.sign_in_links.use(invited.token, PASSWORD, HERE)
    cookies = {COOKIE: session}
    async with (
        serving(create_app(services, settings), "127.0.0.1", 0) as served,
        httpx.AsyncClient(base_url=served.url, timeout=PATIENCE, verify=PLAIN, cookies=cookies) as signed_in,
    ):
        yield Console(served.url, services, signed_in, invited.user_id, session)


@asynccontextmanager
async def looking(tab: Page, console: Console) -> AsyncGenerator[Page]:
    """A tab at the console, in which nothing is refused by the page's policy, or thrown by a script."""
    errors: list[str] = []
    await tab.context.add_cookies([{"name": COOKIE, "value": console.session, "url": console.url}])

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
        await tab.context.clear_cookies()
        tab.remove_listener("console", heard)
        tab.remove_listener("pageerror", thrown)
    assert errors == [], errors


async def complaints(tab: Page) -> list[str]:
    """What axe finds wrong with the page as it is shown: narrow and wide, light and dark; and whether it overflows."""
    found: list[str] = []
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            await tab.emulate_media(color_scheme=scheme)
            await tab.set_viewport_size({"width": width, "height": 800})
            said = await found_by_axe(tab)
            wide = await tab.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [f"{scheme}, {width}: {each}" for each in (*said, *([f"{wide} px too wide"] if wide > 0 else []))]
    return found
