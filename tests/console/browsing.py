"""A browser without scripts, for tests of what the server answers: it keeps cookies, and posts the forms of pages."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

import httpx

from schemas.responses.users import Role
from starter.accounts.tokens import form_token
from starter.services import Services
from tests.accounts.staff import PASSWORD, let_in, set_up
from tests.history import PATIENCE
from tests.http.web import PLAIN, Web

TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
HEADERS = {"Accept": "text/html", "Accept-Language": "en", "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}


@dataclass
class Browser:
    """Whoever is signed in, or nobody."""

    client: httpx.AsyncClient
    csrf: str = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """A page; the token of its forms is kept."""
        answer = await self.client.get(path, headers={key.replace("_", "-"): each for key, each in headers.items()})
        if found := TOKEN.search(answer.text):
            self.csrf = unescape(found[1])
        return answer

    async def post(self, path: str, data: Mapping[str, object] | None = None, **headers: str) -> httpx.Response:
        """A form of a page of this server; `csrf` is that of the session unless `data` has one."""
        own = {"Origin": str(self.client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        changed = own | {key.replace("_", "-"): each for key, each in headers.items()}
        return await self.client.post(path, data={"csrf": self.csrf, **(data or {})}, headers=changed)


@asynccontextmanager
async def browsing(url: str) -> AsyncGenerator[Browser]:
    """A browser in which nobody is signed in."""
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, verify=PLAIN, headers=HEADERS) as client:
        yield Browser(client)


async def sign_in(browser: Browser, email: str, password: str = PASSWORD, next_: str = "/") -> Browser:
    """Sign in by the form."""
    led = await browser.post("/sign-in", {"email": email, "password": password, "next": next_})
    assert led.status_code == 303, led.text
    browser.csrf = form_token(led.cookies["shelftalk-session"])
    return browser


async def sign_in_as(browser: Browser, services: Services, role: Role, store: str | None = None) -> Browser:
    """Sign in as a new user of this role, in one store or in all."""
    if not await services.users.any():
        await set_up(services)
    email = f"{role}-{store or 'all'}@staff.example"
    await let_in(services, email, role, store)
    return await sign_in(browser, email)


@asynccontextmanager
async def signed_in(web: Web, role: Role, store: str | None = None) -> AsyncGenerator[Browser]:
    """A browser of a new user of this role."""
    async with browsing(web.url) as browser:
        yield await sign_in_as(browser, web.services, role, store)
