"""Everything that goes wrong at a provider or kills a worker, over each kind of sender, counted at the other end.

The same with ten thousand messages each is many_sends.py (`make faults`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import cycle, islice

import pytest

from starter.devstack.postgres import EmbeddedPostgres
from tests.faults.counted import Called, count, kills_of
from tests.faults.fates import KINDS

pytestmark = pytest.mark.slow

SENDS = 60
KILLS = 3
"""Of each kind, one after the other in the list of them, so that all kinds together are killed everywhere twice."""


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_is_told_twice_and_only_what_cannot_be_known_is_unknown(
    postgres: EmbeddedPostgres,
    forking: asyncio.StreamWriter,
    called: Callable[[str, int], Awaitable[Called]],
    kind: str,
) -> None:
    first = KINDS.index(kind) * KILLS
    kills = list(islice(cycle(kills_of(kind)), first, first + KILLS))
    result = await count(postgres, forking, await called(kind, SENDS), kind, kills)
    assert len(result.states) == SENDS
    assert result.killed
    result.holds()
