"""The pages of waiting lists in a real browser: found, asked, called forward, paused and moved, by keyboard alone."""

import os

import pytest
from playwright.async_api import Page
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from schemas.ids import UserId
from schemas.responses.users import Grant, Language, Role
from starter.accounts.viewer import Viewer
from starter.http.app import create_app
from starter.http.server import serving
from tests.http.conftest import nowhere, services_over
from tests.http.web import SETTINGS
from tests.product import STORE, Shop, address, starter_document
from tests.shop_page.conftest import tab
from tests.waitlist.test_calling_forward import tell

__all__ = ["nowhere", "tab"]


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    shop = await Shop.opened(pool, starter_document(contacts_per_unit=1))
    await shop.sells("v", "w", "x")
    await shop.signs_up(*(f"shopper{number}" for number in range(12)))
    await shop.signs_up("dora", for_="w")
    await Entrances(pool).sign_up(address("eve"), STORE, "x", "test", quantity=9)
    await shop.has("v", 3)
    await tell(pool, 3)
    await shop.buys("shopper0")
    return shop


async def test_look(shop: Shop, pool: Pool, nowhere: Client, tab: Page) -> None:
    viewer = Viewer(
        UserId("u-1"),
        "Ada",
        "ada@example.com",
        Language(os.environ.get("LOOK", "en")),
        "Europe/Berlin",
        (Grant(role=Role.ADMIN),),
        1,
    )
    app = create_app(services_over(pool, nowhere), SETTINGS)
    app.state.viewer = viewer
    async with serving(app, "127.0.0.1", 0) as served:
        for width in (360, 1280):
            for scheme in ("light", "dark"):
                await tab.set_viewport_size({"width": width, "height": 900})
                await tab.emulate_media(color_scheme=scheme)
                for name, path in (
                    ("list", "/lines"),
                    ("line", f"/lines/{STORE}/variant/v?units=50&people=2"),
                    ("move", f"/lines/{STORE}/variant/v/move?to=w"),
                    ("import", f"/lines/{STORE}/import"),
                    ("messages", "/lines/messages"),
                    ("stores", "/stores"),
                    ("store", f"/stores/{STORE}"),
                ):
                    await tab.goto(served.url + path)
                    if (await tab.title()).startswith("There is no") and name not in ("list", "line"):
                        continue
                    await tab.screenshot(path=f"/tmp/x/{name}-{width}-{scheme}.png", full_page=True)
