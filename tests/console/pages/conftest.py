"""The console served over a small world, and a browser in which its first admin is signed in."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
from playwright.async_api import Page

from schemas.responses.users import Language, Role
from starter.devstack.mailbox import Mailbox
from starter.devstack.temporal import EmbeddedTemporal
from starter.http.app import create_app
from starter.http.server import serving
from tests.accounts.staff import Staff, let_in
from tests.console.pages.world import World, made
from tests.console.support import seen_by
from tests.databases import Databases
from tests.namespaces import new_namespace
from tests.shop_page.conftest import tab

__all__ = ["tab"]


@dataclass(frozen=True)
class Console:
    """The console, served over a world."""

    url: str
    world: World

    async def seen_by(self, tab: Page, staff: Staff) -> None:
        """From here on somebody else is signed in in the browser."""
        await seen_by(tab, self.url, staff.session)

    async def let_in(self, role: Role, language: Language = Language.ENGLISH) -> Staff:
        """Somebody new, with this role in all stores."""
        return await let_in(self.world.services, f"{role}-{language}@shop.example", role, language=language)


@pytest.fixture(scope="module")
async def world(
    databases: Databases, temporal: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[World]:
    database = await databases.take()
    client = await new_namespace(temporal.address)
    async with (
        Mailbox(tmp_path_factory.mktemp("mail"), port=0) as mailbox,
        made(database, client, mailbox) as world,
    ):
        yield world
    await databases.give_back(database)


@pytest.fixture(scope="module")
async def console(world: World) -> AsyncGenerator[Console]:
    async with serving(create_app(world.services, world.settings), "127.0.0.1", 0) as served:
        yield Console(served.url, world)
    await world.services.checkup.aclose()


@pytest.fixture
async def signed_in(console: Console, tab: Page) -> AsyncGenerator[Page]:
    """A browser in which somebody who may everything is signed in."""
    await console.seen_by(tab, console.world.admin)
    yield tab
    await tab.goto("about:blank")
    await tab.context.clear_cookies()
