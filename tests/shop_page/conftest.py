"""A real browser for the pages of shops."""

import os
import shutil
import sys
from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.history import PATIENCE
from tests.http.conftest import nowhere, web
from tests.shop_page.visit import NARROW

__all__ = ["nowhere", "web"]

QUIET = ("gpu", "quic", "background-networking", "component-update", "sync")
"""What the browser leaves alone: it talks to the servers of the test, and to nobody else."""


@pytest.fixture(scope="session")
async def tab() -> AsyncGenerator[Page]:
    """One browser for the run, with an empty profile of its own, and one tab: each further one costs a second."""
    places = f"{os.environ['PATH']}:{sys.prefix}/bin"
    named = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for each in named if (found := shutil.which(each, path=places))), None)
    if program is None:
        pytest.skip("shops' pages are tried in a real browser, and there is none; `sh .ci/browser .venv` says why")
    expect.set_options(timeout=PATIENCE * 1000)
    switches = ["--no-first-run", *(f"--disable-{each}" for each in QUIET)]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=switches)
        tab = await browser.new_page(viewport=NARROW)
        tab.set_default_timeout(PATIENCE * 1000)
        yield tab
        await browser.close()
