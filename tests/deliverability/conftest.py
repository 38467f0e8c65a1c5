"""A DNS server of the test's own, with all that the shop publishes."""

from collections.abc import AsyncGenerator

import pytest

from tests.deliverability.name_server import NameServer, name_server
from tests.deliverability.signed import published


@pytest.fixture
async def names() -> AsyncGenerator[NameServer]:
    async with name_server() as server:
        server.records = published()
        yield server
