"""Heartbeats of a regular attempt to deliver, however long its provider takes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio import activity

SIGN_OF_LIFE_SECONDS = 10.0
"""Three in the time after which Temporal gives a regular attempt up (workflows/policies.DELIVER_HEARTBEAT)."""


@asynccontextmanager
async def signs_of_life() -> AsyncGenerator[None]:
    """They come while this is entered, and nothing for a local activity, which has none."""
    if not activity.in_activity() or activity.info().is_local:
        yield
        return

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(SIGN_OF_LIFE_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
