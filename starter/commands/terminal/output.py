"""How the commands speak: answers on standard output, progress on standard error, exit codes for scripts."""

import shutil
import sys
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

from schemas.time.durations import parse_duration
from starter.commands.terminal.visible import VisibleConsole, visible, visible_json

NARROWEST = 160
"""Columns of output that goes to a file or a pipe, where nobody can widen the window."""


class ExitCode(IntEnum):
    """What a script can go by."""

    OK = 0
    FAILED = 1
    """What was asked for is not there, or cannot be done as things stand."""
    USAGE = 2
    """The command, an option or a setting is wrong."""
    UNAVAILABLE = 3
    """A component cannot be had, started or reached, or is not prepared. Trying again later may help."""
    FAULT = 4
    """A mistake in Shelftalk itself."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C or SIGTERM before it was done."""


AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, errors too.")]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The data folder of `shelftalk up`. [default: SHELFTALK_DATA_DIR]"),
]


def called() -> str:
    """The command as it can be typed again: as it was called, or by its name where it is on PATH."""
    typed = sys.argv[0]
    return typed if Path(typed).name == "shelftalk" and shutil.which("shelftalk") is None else "shelftalk"


def length_of_time(text: str, option: str) -> timedelta:
    """A length of time that was given with an option.

    Raises:
        BadParameter: it is none.
    """
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def write_json(answer: BaseModel) -> None:
    """The answer as one JSON document."""
    sys.stdout.write(visible_json(answer.model_dump_json(indent=2, by_alias=True)) + "\n")
    sys.stdout.flush()


def show_people(shown: object) -> None:
    """Print something of rich's, without the spaces it fills lines up with."""
    new_console = console()
    with new_console.capture() as captured:
        # A text by itself keeps its lines: what reads a pipe looks for whole sentences.
        text = isinstance(shown, str)
        new_console.print(Text(shown) if text else shown, soft_wrap=text and not new_console.is_terminal)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    sys.stdout.flush()


def say(line: str) -> None:
    """One line of progress."""
    sys.stderr.write(visible(line) + "\n")
    sys.stderr.flush()


def console() -> Console:
    """Where answers are written."""
    # What is shown was often written by others: a product's title is no markup.
    made = VisibleConsole(markup=False, emoji=False, highlight=False)
    if not made.is_terminal:
        made.width = max(NARROWEST, made.width)
    return made


def clock(moment: datetime | None) -> str:
    """A moment to the second, in UTC as everything is kept; a dash for none. What stands around it says that it is."""
    return "–" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def length(span: timedelta) -> str:
    """How long something took, at the precision people care for: `0.4 s`, `12 s`, `3 min 05 s`, `2 d 04 h`."""
    seconds = span.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600:02d} h"
