"""Long work of the processor, such as reading a large document: one at a time, in a thread beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from schemas.errors import DomainError, ErrorKind

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

MOST_AT_ONCE = 5
"""One under way and four that wait: each may take seconds, and whoever sends one more is told so now."""


class Busy(DomainError):
    """Too much long work waits already."""

    code = "busy"
    kind = ErrorKind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("Other large documents are being read just now. Send it again in a moment.")


class OneThread:
    """A single thread: two would take the event loop's time from webhooks, for Python runs one at a time."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="long-work")
        self._asked = 0

    async def run(
        self, work: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """What `work` gives, once those before it are done.

        Raises:
            Busy: too many wait already.
        """
        if self._asked >= MOST_AT_ONCE:
            raise Busy
        self._asked += 1
        try:
            return await asyncio.wrap_future(self._thread.submit(work, *args, **kwargs))
        finally:
            # Here and not when the thread is done: only the event loop counts, so no step is lost.
            self._asked -= 1


DOCUMENTS = OneThread()
"""The thread of this process that documents are read in."""
