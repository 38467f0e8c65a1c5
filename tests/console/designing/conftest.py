"""A desk to write conversations at."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from tests.console.designing.desk import Desk, desk_over


@pytest.fixture
async def desk(pool: Pool, nowhere: Client) -> AsyncGenerator[Desk]:
    """A server on which a conversation with every kind of step is being written."""
    async with desk_over(pool, nowhere) as desk:
        yield desk
