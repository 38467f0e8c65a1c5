"""A visit to a shop's page: one of the samples of the documentation, in a browser, under a strict policy.

The page is served from another origin than the alerts, and lets in no script and no style but those it names.
"""

import base64
import hashlib
import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from playwright.async_api import ConsoleMessage, Error, Locator, Page, ViewportSize, expect

from starter.http.server import serving
from tests.http.web import Web
from tests.markdown import ROOT

JQUERY = Path(str(distribution("XStatic-jQuery").locate_file("xstatic/pkg/jquery/data/jquery.min.js")))
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SERVER = "https://alerts.example"
"""In the samples, where this visit's server is."""
NARROW: ViewportSize = {"width": 360, "height": 640}


@dataclass(frozen=True)
class Visit:
    """A shopper before a page.

    Attributes:
        errors: what the browser said was wrong with the page: refused by its policy, or thrown by a script.
    """

    page: Page
    errors: list[str]

    @property
    def form(self) -> Locator:
        return self.page.locator("notify-me")

    async def tab_to(self, *then: Locator) -> None:
        """Go on with the Tab key, past these, to the last of them."""
        for each in then:
            await self.page.keyboard.press("Tab")
            await expect(each).to_be_focused()

    async def complaints(self) -> list[str]:
        """What axe finds wrong with it."""
        return await found_by_axe(self.page)

    async def says(self, text: str, *, of: str | None = None) -> None:
        """The form says this as what is wrong: in all, or of one field, which is marked and read out with it."""
        alert = self.page.get_by_role("alert").filter(has_text=text)
        await expect(alert).to_be_visible()
        if of is not None:
            field = self.page.get_by_label(of)
            await expect(field).to_have_attribute("aria-invalid", "true")
            await expect(field).to_have_accessible_description(text)


OF_COLOURS = ("color-contrast", "link-in-text-block")
"""Rules of axe whose answer may be another in the dark."""


async def found_by_axe(page: Page, *rules: str) -> list[str]:
    """What is wrong with the page for who does not see, or not well, as it is shown now.

    Args:
        rules: asked for alone; none: all of them.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    # Of what is right axe would tell as much, and take half as long again.
    return await page.evaluate(
        "given => axe.run({resultTypes: ['violations'], ...given}).then(found => found.violations.flatMap("
        "each => each.nodes.map(node => `${each.id}: ${node.html} ${node.failureSummary}`)))",
        {"runOnly": list(rules)} if rules else {},
    )


@contextmanager
def overheard(page: Page, *kinds: str) -> Generator[list[str]]:
    """What the browser says is wrong with the page: refused by its policy, or thrown by a script.

    Args:
        kinds: of what it tells, others than errors.
    """
    errors: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type in ("error", *kinds):
            errors.append(said.text)

    def thrown(error: Error) -> None:
        errors.append(error.message)

    page.on("console", heard)
    page.on("pageerror", thrown)
    try:
        yield errors
    finally:
        page.remove_listener("console", heard)
        page.remove_listener("pageerror", thrown)


@asynccontextmanager
async def visiting(page: Page, web: Web, sample: str, *, dark: bool = False) -> AsyncGenerator[Visit]:
    """The page is as strict at the end as it was: nothing was refused, thrown or kept."""
    await page.context.set_offline(False)
    await page.emulate_media(color_scheme="dark" if dark else "light")
    async with serving(_shop(web.url), "127.0.0.1", 0) as served:
        with overheard(page) as errors:
            try:
                await page.goto(f"{served.url}/{sample}")
                yield Visit(page, errors)
                assert await page.context.cookies() == []
                assert await page.evaluate("sessionStorage.length") == 0
                assert await page.evaluate("Object.keys(localStorage)") in ([], ["shelftalk"])
            finally:
                await page.goto("about:blank")
    assert errors == []


def _shop(alerts: str) -> FastAPI:
    app = FastAPI()

    @app.get("/jquery.js")
    async def jquery() -> FileResponse:  # pyright: ignore[reportUnusedFunction]
        return FileResponse(JQUERY)

    @app.get("/{name}")
    async def sample(name: str) -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        page = (ROOT / "docs" / "samples" / f"{name}.html").read_text(encoding="utf-8").replace(SERVER, alerts)
        return HTMLResponse(page, headers={"Content-Security-Policy": _policy(page, alerts)})

    return app


def _policy(page: str, alerts: str) -> str:
    """Nothing inline but what the page itself has, by its digest."""
    policy = (
        f"default-src 'none'; connect-src {alerts}; script-src 'self' {alerts} {_digests(page, 'script')}; "
        f"style-src {_digests(page, 'style')}; base-uri 'none'; form-action 'none'"
    )
    # jQuery, which WooCommerce's pages have, does itself what trusted types forbid.
    return policy if "jquery.js" in page else f"{policy}; require-trusted-types-for 'script'"


def _digests(page: str, tag: str) -> str:
    inline = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in inline)
