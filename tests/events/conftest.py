"""The web server for events: on a database of the test's own, with Temporal down; taking events needs none (P4)."""

from collections.abc import AsyncGenerator

import pytest

from activities.postgres.pool import Pool
from schemas.settings import Settings
from starter.runtime.ports import free_port
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web
from worker import connect

ROOMY: Settings = SETTINGS.model_copy(update={"http_max_body": 2 * 1024 * 1024})


@pytest.fixture
async def web(pool: Pool) -> AsyncGenerator[Web]:
    """Nothing is published yet."""
    nowhere = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    async with web_over(pool, nowhere, ROOMY) as web:
        yield web
