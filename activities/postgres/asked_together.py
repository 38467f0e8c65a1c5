"""What many ask at the same time, in one statement (docs/decisions/0050-asked-together.md).

PostgreSQL spends most of a short query before its first row: it sets up the plan and takes it down again. So while
one statement is under way, those who come wait, and go together in the next. Who comes alone waits for nobody. A
statement that takes long waits for a lock, as a rule; those who came later go beside it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MOST_TOGETHER = 16
"""Of one statement: more would save little, and whoever is first among them would wait for the last."""
STATEMENTS_UNDER_WAY = 2
LONG_SECONDS = 0.05
"""After so long a statement waits for a lock, as a rule; those asked here take some milliseconds."""


class AskedTogether(Generic[Question, Answer]):
    """Those who ask the same query, each about something else.

    Args:
        answers: asks about several in one statement; one answer each, in their order. Safe to repeat.
    """

    def __init__(self, answers: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        self._answers = answers
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._last_began = 0.0

    async def ask(self, question: Question) -> Answer:
        """The answer, as a statement sees it that begins after this call.

        Raises:
            Exception: what the statement failed by, with this question alone.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        self._go_on()
        return await answer

    def _go_on(self, done: "asyncio.Task[None] | None" = None) -> None:
        if done is not None:
            self._under_way.discard(done)
        now = asyncio.get_running_loop().time()
        if not self._waiting or len(self._under_way) == STATEMENTS_UNDER_WAY:
            return
        if self._under_way and now < self._last_began + LONG_SECONDS:
            return
        self._last_began = now
        taken, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        asking = asyncio.ensure_future(_answer(self._answers, taken))
        self._under_way.add(asking)
        asking.add_done_callback(self._go_on)
        asyncio.get_running_loop().call_later(LONG_SECONDS, self._go_on)


async def _answer(
    answers: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]],
    taken: Sequence[tuple[Question, asyncio.Future[Answer]]],
) -> None:
    """Ask about these, and tell each its own; if that fails, about each by itself: one of them may be what is wrong."""
    try:
        found = await answers([question for question, _ in taken])
    except BaseException as error:
        if len(taken) > 1 and isinstance(error, Exception):
            await asyncio.gather(*(_answer(answers, [each]) for each in taken))
            return
        for _, waits in taken:
            if not waits.done():
                waits.set_exception(error)
        if not isinstance(error, Exception):
            raise
        return
    for (_, waits), answer in zip(taken, found, strict=True):
        if not waits.done():  # Who was cancelled does not wait any more.
            waits.set_result(answer)
