"""Once more: what to do when PostgreSQL gave up one of two transactions that waited for each other."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog

log = structlog.get_logger()

Result = TypeVar("Result")


async def once_more(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do one transaction's work; if PostgreSQL rolled it back in favour of another, do it again, once.

    Raises:
        asyncpg.TransactionRollbackError: it was rolled back twice. The sender comes again later.
    """
    try:
        return await work()
    except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
        log.info("transaction repeated", error=type(error).__name__)
        return await work()
