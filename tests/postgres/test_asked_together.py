"""What is asked at the same time is asked in one statement, and everybody gets their own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from activities.postgres.asked_together import LONG_SECONDS, MOST_TOGETHER, STATEMENTS_UNDER_WAY, AskedTogether


class Slow:
    """Answers each number by its double, once it is let; and keeps what was asked together."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.let = asyncio.Event()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        await self.let.wait()
        if 13 in numbers:
            raise ValueError("thirteen is wrong")
        return [2 * number for number in numbers]


async def _until_asked(slow: Slow, statements: int) -> None:
    while len(slow.asked) < statements:
        await asyncio.sleep(0.001)


async def test_who_comes_while_others_are_answered_goes_with_the_next() -> None:
    slow = Slow()
    together = AskedTogether(slow)
    asking = [asyncio.ensure_future(together.ask(1))]
    await _until_asked(slow, 1)
    later = range(100, 100 + MOST_TOGETHER + 1)
    asking += [asyncio.ensure_future(together.ask(number)) for number in later]
    await asyncio.sleep(0)
    slow.let.set()
    answers = await asyncio.gather(*asking)
    assert answers == [2, *(2 * number for number in later)]
    assert slow.asked == [[1], list(later[:MOST_TOGETHER]), list(later[MOST_TOGETHER:])]


async def test_nobody_waits_for_a_statement_that_waits_itself_and_so_many_are_under_way_at_most() -> None:
    slow = Slow()
    together = AskedTogether(slow)
    asking: list[asyncio.Future[int]] = []
    for number in range(STATEMENTS_UNDER_WAY):
        asking.append(asyncio.ensure_future(together.ask(number)))
        await _until_asked(slow, number + 1)
    later = asyncio.ensure_future(together.ask(100))
    await asyncio.sleep(2 * LONG_SECONDS)  # Time itself is what is tested: so long, and nothing begins.
    assert slow.asked == [[number] for number in range(STATEMENTS_UNDER_WAY)]
    slow.let.set()
    assert await later == 200
    assert await asyncio.gather(*asking) == [2 * number for number in range(STATEMENTS_UNDER_WAY)]


async def test_who_asks_is_answered_by_a_statement_that_began_afterwards() -> None:
    now = [1]

    async def clock(numbers: Sequence[int]) -> list[int]:
        seen = now[0]
        await asyncio.sleep(0)
        return [seen for _ in numbers]

    together = AskedTogether(clock)
    first = [asyncio.ensure_future(together.ask(number)) for number in range(STATEMENTS_UNDER_WAY + 1)]
    await asyncio.sleep(0)
    now[0] = 2
    assert await together.ask(9) == 2
    await asyncio.gather(*first)


async def test_what_is_wrong_with_one_is_told_to_nobody_else() -> None:
    slow = Slow()
    together = AskedTogether(slow)
    before = asyncio.ensure_future(together.ask(1))
    await _until_asked(slow, 1)
    asking = [asyncio.ensure_future(together.ask(number)) for number in (12, 13, 14)]
    gone = asyncio.ensure_future(together.ask(15))
    await asyncio.sleep(0)
    gone.cancel()
    slow.let.set()
    twelve, thirteen, fourteen = await asyncio.gather(*asking, return_exceptions=True)
    assert (twelve, fourteen) == (24, 28)
    assert isinstance(thirteen, ValueError)
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await before == 2
    assert [12, 13, 14, 15] in slow.asked
