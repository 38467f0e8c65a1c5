"""What to do when PostgreSQL gave up one of two transactions that waited for each other."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import asyncpg
import structlog

log = structlog.get_logger()

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def retry_on_deadlock(
    work: Callable[Arguments, Awaitable[Result]],
) -> Callable[Arguments, Coroutine[Any, Any, Result]]:
    """For a function that works in one transaction of its own: if that is rolled back for another, it runs once more.

    Raises:
        asyncpg.TransactionRollbackError: it was rolled back twice; the caller may try again later.
    """

    @wraps(work)
    async def at_most_twice(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return await work(*args, **kwargs)
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
            log.info("transaction repeated", error=type(error).__name__)
            return await work(*args, **kwargs)

    return at_most_twice
