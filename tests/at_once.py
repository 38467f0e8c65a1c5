"""Much at once, but no more of it than a pool has connections: who waits long for one is turned away."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

AT_ONCE = 10
"""Connections of the fixture `pool`."""

Result = TypeVar("Result")


async def at_once(*work: Coroutine[Any, Any, Result]) -> list[Result]:
    """What `asyncio.gather` gives, ten under way at any time."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(one: Coroutine[Any, Any, Result]) -> Result:
        async with turns:
            return await one

    return await asyncio.gather(*(in_turn(one) for one in work))
