"""A desk to write conversations at."""

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Page
from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.http.console.signed_in import COOKIE
from tests.console.designing.desk import Desk, desk_over
from tests.console.support import seen_by
from tests.shop_page.visit import overheard


@pytest.fixture
async def desk(pool: Pool, nowhere: Client) -> AsyncGenerator[Desk]:
    """A server on which a conversation with every kind of step is being written."""
    async with desk_over(pool, nowhere) as desk:
        yield desk


@pytest.fixture
async def seat(desk: Desk, tab: Page) -> AsyncGenerator[Page]:
    """The browser of the editor at the desk; it complains of nothing."""
    await seen_by(tab, desk.url, desk.browser.cookies[COOKIE])
    await tab.set_viewport_size({"width": 1280, "height": 800})
    with overheard(tab) as errors:
        try:
            yield tab
        finally:
            await tab.goto("about:blank")
    # A form that was refused is shown anew, with the status that says so.
    assert [error for error in errors if "status of 422" not in error] == []
