"""Looking at pages of the console: on which screens, and what is wrong with one for who does not see well."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import ConsoleMessage, Error, Page

from tests.shop_page.visit import AXE


@dataclass(frozen=True, slots=True)
class Screen:
    """How wide it is, and whether by its system it is dark."""

    width: int
    scheme: Literal["light", "dark"]

    async def of(self, tab: Page) -> None:
        """The tab is on it."""
        await tab.set_viewport_size({"width": self.width, "height": 900})
        await tab.emulate_media(color_scheme=self.scheme)


SCREENS = tuple(Screen(width, scheme) for width in (360, 1280) for scheme in ("light", "dark"))


@asynccontextmanager
async def heard(tab: Page) -> AsyncGenerator[None]:
    """The browser finds nothing wrong meanwhile: nothing is refused by a page's policy, and no script fails."""
    errors: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 404" not in message.text:
            errors.append(message.text)

    def thrown(error: Error) -> None:
        errors.append(error.message)

    tab.on("console", said)
    tab.on("pageerror", thrown)
    try:
        yield
    finally:
        await tab.goto("about:blank")
        tab.remove_listener("console", said)
        tab.remove_listener("pageerror", thrown)
    assert not errors, errors


async def complaints(tab: Page) -> list[str]:
    """What axe finds wrong with the page, and whether it is wider than the screen."""
    # By the debugger, as an extension would: the page's own policy lets no such script in.
    await tab.evaluate(AXE)
    found: list[str] = await tab.evaluate(
        "axe.run().then(found => found.violations.map(each => `${each.id}: ${each.nodes[0].html}`))"
    )
    wide: bool = await tab.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*found, *(["the page is wider than the screen"] if wide else [])]
