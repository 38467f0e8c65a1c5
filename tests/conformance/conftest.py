"""A provider of e-mail over HTTP, by the name that a test is parametrized with."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance.mail_over_http import BY_NAME
from tests.conformance.providers import HttpProvider


@pytest_asyncio.fixture
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[HttpProvider]:
    async with HttpProvider(BY_NAME[request.param]()) as provider:
        yield provider
