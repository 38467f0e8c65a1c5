"""What counted messages stand on: those who were called forward, and where the processes that tell them come from."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from schemas.channels import Channel
from starter.devstack.postgres import EmbeddedPostgres
from tests.faults.counted import Called, forking
from tests.faults.fates import MAIL


@pytest.fixture(scope="module", name="forking")
async def forking_of_the_module() -> AsyncGenerator[asyncio.StreamWriter]:
    async with forking() as told:
        yield told


@pytest.fixture(scope="session")
def called(postgres: EmbeddedPostgres) -> Callable[[str, int], Awaitable[Called]]:
    """So many who are told over a kind of sender; made once for each channel."""
    made: dict[Channel, Called] = {}

    async def called(kind: str, number: int) -> Called:
        channel = Channel.EMAIL if kind in MAIL else Channel.SMS
        if channel not in made:
            made[channel] = await Called.forward(postgres, channel, number)
        return made[channel]

    return called
