"""A desk to write conversations at."""

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import ConsoleMessage, Page
from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.http.console.signed_in import COOKIE
from tests.console.designing.desk import Desk, desk_over


@pytest.fixture
async def desk(pool: Pool, nowhere: Client) -> AsyncGenerator[Desk]:
    """A server on which a conversation with every kind of step is being written."""
    async with desk_over(pool, nowhere) as desk:
        yield desk


@pytest.fixture
async def seat(desk: Desk, tab: Page) -> AsyncGenerator[Page]:
    """The browser of the editor at the desk; it complains of nothing."""
    errors: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        # A form that was refused is shown anew, with the status that says so.
        if said.type == "error" and "status of 422" not in said.text:
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
