"""A console with somebody in support at it, as the tests of contacts and replay open it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import httpx
from playwright.async_api import Page
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
from tests.accounts.staff import join
from tests.history import PATIENCE
from tests.http.conftest import services_over
from tests.http.web import PLAIN, SETTINGS
from tests.shop_page.visit import found_by_axe, overheard

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
    kim = await join(services, f"kim{next(_numbers)}@shop.example", grants, zone="Europe/Berlin", **said)
    cookies = {COOKIE: kim.session}
    async with (
        serving(create_app(services, settings), "127.0.0.1", 0) as served,
        httpx.AsyncClient(base_url=served.url, timeout=PATIENCE, verify=PLAIN, cookies=cookies) as signed_in,
    ):
        yield Console(served.url, services, signed_in, kim.user_id, kim.session)


@asynccontextmanager
async def looking(tab: Page, console: Console) -> AsyncGenerator[Page]:
    """A tab at the console, in which nothing is refused by the page's policy, or thrown by a script."""
    await seen_by(tab, console.url, console.session)
    with overheard(tab) as errors:
        try:
            await tab.goto(f"{console.url}/contacts")
            yield tab
        finally:
            await tab.goto("about:blank")
            await tab.context.clear_cookies()
    assert errors == [], errors


async def seen_by(tab: Page, url: str, session: str) -> None:
    """From here on whoever has this session is signed in in the browser."""
    await tab.context.clear_cookies()
    await tab.context.add_cookies([{"name": COOKIE, "value": session, "url": url}])


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
