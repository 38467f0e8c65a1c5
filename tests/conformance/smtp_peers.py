"""A mail to send by SMTP, and whom to: a server that does as it is told, and a real one."""

from collections.abc import AsyncIterator

import pytest_asyncio

from activities.senders.sender import Mail
from tests.conformance.providers import RECIPIENT, BarePeer
from tests.conformance.real_server import RealServer


def mail(number: int = 1, recipient: str = RECIPIENT) -> Mail:
    return Mail(f"{number}@shop.example", recipient, "Größe 38 ist wieder da", ".\nSchnell!\n.\n", "<p>Schnell!</p>")


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[BarePeer]:
    async with BarePeer() as peer:
        yield peer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RealServer]:
    async with RealServer() as server:
        yield server
