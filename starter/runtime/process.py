"""One process: a coroutine that Ctrl-C or SIGTERM cancels, so that it stops what it started, in reverse order.

A second signal ends the process at once.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import uvloop

INTERRUPTED = 130
"""The exit code after a second signal: 128 and the number of SIGINT."""

Result = TypeVar("Result")


class Stopped(Exception):
    """The process was asked to stop, and has done so in order."""


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run` on uvloop, as every long-lived process of Shelftalk is run."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def run_process(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine as this process's work.

    Raises:
        Stopped: it was asked to stop by Ctrl-C or SIGTERM.
    """

    async def under_signals() -> Result:
        loop = asyncio.get_running_loop()
        work = asyncio.current_task()
        assert work is not None
        asked = 0

        def ask() -> None:
            nonlocal asked
            asked += 1
            if asked > 1:
                sys.stderr.flush()
                # Embedded servers have guards of their own, which end them when this process is gone.
                os._exit(INTERRUPTED)
            work.cancel()

        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, ask)
        try:
            return await main
        except asyncio.CancelledError:
            if asked:
                raise Stopped from None
            raise

    return run(under_signals())


def keep_loaded() -> None:
    """Let the garbage collector pass over what is there now, which lives as long as the process: code, models, pools.

    It looks at every object there is, from time to time, and everything waits meanwhile: 60 ms for what is imported.
    """
    gc.collect()
    gc.freeze()


async def until_stopped() -> None:
    """Serve until somebody asks to stop, which cancels this."""
    keep_loaded()
    await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run endless work beside the block; if it fails, the block is cancelled and the failure raised."""
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work)
            try:
                yield
            finally:
                task.cancel()
    except BaseExceptionGroup as group:
        # One task, so one failure; what the block itself raised goes out as it was.
        raise group.exceptions[0] from group.exceptions[0].__cause__
