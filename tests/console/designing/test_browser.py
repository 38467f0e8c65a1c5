"""The designer in a real browser: whoever has pages read to them, and narrow and wide, light and dark."""

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import ConsoleMessage, Page

from starter.http.console.signed_in import COOKIE
from tests.console.designing.desk import Desk
from tests.console.support import complaints

AT = "/conversations/everything"


@pytest.fixture
async def seat(desk: Desk, tab: Page) -> AsyncGenerator[Page]:
    """The browser of the editor at the desk; it complains of nothing."""
    errors: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error":
            errors.append(said.text)

    tab.on("console", heard)
    await tab.context.add_cookies([{"name": COOKIE, "value": desk.browser.cookies[COOKIE], "url": desk.url}])
    await tab.set_viewport_size({"width": 1280, "height": 800})
    try:
        yield tab
    finally:
        await tab.goto("about:blank")
        tab.remove_listener("console", heard)
    assert errors == []


@pytest.mark.parametrize(
    "path",
    [
        "/conversations",
        "/conversations/new",
        AT,
        f"{AT}?at=threads[0].steps[0]",
        f"{AT}?at=messages.hello",
        f"{AT}?add=threads[0].steps&index=1",
        f"{AT}/yaml",
        f"{AT}/versions",
    ],
)
async def test_every_page_of_the_designer_is_for_everyone(desk: Desk, seat: Page, path: str) -> None:
    await seat.goto(f"{desk.url}{path}")
    assert await complaints(seat) == []
