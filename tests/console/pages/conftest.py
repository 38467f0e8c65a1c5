"""The console served over a small world, and a browser to open it with."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI

from schemas.ids import UserId
from schemas.responses.users import Grant, Language, Role
from starter.accounts.viewer import Viewer
from starter.devstack.mailbox import Mailbox
from starter.devstack.temporal import EmbeddedTemporal
from starter.http.app import create_app
from starter.http.server import serving
from tests.console.pages.world import World, made
from tests.databases import Databases
from tests.namespaces import new_namespace
from tests.shop_page.conftest import tab

__all__ = ["tab"]


@dataclass(frozen=True)
class Console:
    """The console, served; whoever opens it is `app.state.viewer`."""

    url: str
    app: FastAPI
    world: World

    def seen_by(self, *grants: Grant, language: Language = Language.ENGLISH) -> None:
        """From here on whoever opens it has these roles."""
        self.app.state.viewer = Viewer(
            user_id=UserId("u-" + "0" * 28),
            name="Ada Lovelace",
            email="ada@example.com",
            language=language,
            time_zone="Europe/Berlin",
            grants=grants,
            session_id=1,
        )


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
    """Opened by somebody who may everything."""
    app = create_app(world.services, world.settings)
    async with serving(app, "127.0.0.1", 0) as served:
        console = Console(served.url, app, world)
        console.seen_by(Grant(role=Role.ADMIN))
        yield console
    await world.services.checkup.aclose()
