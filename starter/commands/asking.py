"""Asking a running Shelftalk one question: over its database and its Temporal, as the API does."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from starter.commands.terminal import found_settings
from starter.logs import log_to_stderr
from starter.operations import Operations, open_operations
from starter.processes import run_process

Answer = TypeVar("Answer")

QUIET = "warning"
"""What a single question logs from; its answer is the output."""


def ask(question: Callable[[Operations], Awaitable[Answer]], data_dir: Path | None) -> Answer:
    """The answer to one question.

    Raises:
        NotConfigured, DatabaseUnavailable: there is nobody to ask.
    """
    settings = found_settings(data_dir)
    log_to_stderr(settings.log_level if settings.log_level == "debug" else QUIET)

    async def main() -> Answer:
        async with open_operations(settings) as operations:
            return await question(operations)

    return run_process(main())
