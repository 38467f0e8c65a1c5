"""The web server on a database in which nothing is published yet; none of this needs Temporal."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from tests.http.conftest import nowhere, web_over
from tests.http.web import Web

__all__ = ["nowhere"]


@pytest.fixture
async def web(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    async with web_over(pool, nowhere) as web:
        yield web
