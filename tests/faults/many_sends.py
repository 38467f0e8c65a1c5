"""Ten thousand messages over each kind of sender, and everything that goes wrong: `make faults`.

What test_counted.py shows of some dozens. A thousand each: `make faults SENDS=1000`; over one kind of sender:
`make faults ARGS="-k twilio"`.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from itertools import cycle, islice

import pytest

from starter.devstack.postgres import EmbeddedPostgres
from tests.faults.counted import TABLE_HEAD, Called, count, kills_of
from tests.faults.fates import KINDS

SENDS = int(os.environ.get("SENDS") or 10_000)
SENDS_A_KILL = 100


@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("kind", KINDS)
async def test_many_sends_over_each_kind_of_sender(
    postgres: EmbeddedPostgres,
    forking: asyncio.StreamWriter,
    called: Callable[[str, int], Awaitable[Called]],
    kind: str,
) -> None:
    possible = kills_of(kind)
    kills = list(islice(cycle(possible), max(len(possible), SENDS // SENDS_A_KILL)))
    result = await count(postgres, forking, await called(kind, SENDS), kind, kills)
    print(f"\n{TABLE_HEAD}\n{result.row()}")
    print("killed " + ", ".join(f"{times} times {where}" for where, times in result.killed.items()))
    print("dealt  " + ", ".join(f"{times} {fate}" for fate, times in result.dealt.most_common()))
    assert len(result.states) == SENDS
    assert set(result.killed) == {str(kill) for kill in possible}
    result.holds()
