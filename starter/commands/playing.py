"""`journey replay --play`: one stay of a journey after the other, in the terminal, forwards and back."""

import sys
import time
from collections.abc import Callable, Iterable
from enum import Enum

import click

from schemas.journey.outcome import describe
from schemas.journey.path import JourneyPath, PathEntry, describe_exit
from starter.commands.terminal.output import clock, length
from starter.commands.terminal.paths import ending
from starter.commands.terminal.visible import visible

NEXT_KEYS = frozenset((" ", "\r", "\n", "n", "\x1b[C"))
"""Space, Enter, n and the right arrow."""
BACK_KEYS = frozenset(("b", "p", "\x7f", "\x1b[D"))
"""b, p, Backspace and the left arrow."""
QUIT_KEYS = frozenset(("q", "\x1b", "\x03", "\x04"))
"""q, Escape, Ctrl-C and Ctrl-D."""
HINT = "Space or → next · b or ← back · q quit"


class Step(Enum):
    """Which way a key leads."""

    NEXT = 1
    BACK = -1
    QUIT = 0


def read_key(key: str) -> Step | None:
    """What a key means here; None: nothing."""
    if key in NEXT_KEYS:
        return Step.NEXT
    if key in BACK_KEYS:
        return Step.BACK
    return Step.QUIT if key in QUIT_KEYS else None


def frames(path: JourneyPath) -> tuple[str, ...]:
    """The journey as pictures to look at in turn: each stay, and how it ended."""
    count = len(path.entries)
    stays = tuple(_stay(path, number, entry, count) for number, entry in enumerate(path.entries))
    return (*stays, f"{path.journey_id} · {path.version}\n\n{ending(path)}")


def play(path: JourneyPath, speed: float | None = None) -> None:
    """Step through it by keys; where nobody can press any, print all of it.

    Args:
        speed: so many stays a second, without keys; Ctrl-C ends it.
    """
    pictures = frames(path)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stdout.write("\n\n".join(pictures) + "\n")
        return
    if speed is not None:
        for picture in pictures:
            click.clear()
            click.echo(picture)
            time.sleep(1 / speed)
        return
    for picture in shown(pictures, click.getchar):
        click.clear()
        click.echo(picture)
        click.echo(f"\n{HINT}")


def shown(pictures: tuple[str, ...], next_key: Callable[[], str]) -> Iterable[str]:
    """The pictures in the order in which the keys lead through them, until the end is left or somebody quits."""
    at = 0
    while True:
        yield pictures[at]
        while (step := read_key(next_key())) is None:
            pass
        if step is Step.QUIT or (step is Step.NEXT and at == len(pictures) - 1):
            return
        at = max(0, at + step.value)


def _left_out(path: JourneyPath, number: int) -> str:
    """Before this stay others are left out: said at the first after them."""
    out = path.left_out
    return f", after {out.stays:,} that are left out" if out.stays and number == out.after else ""


def _stay(path: JourneyPath, number: int, entry: PathEntry, count: int) -> str:
    began = path.entries[0].entered_at
    lines = [
        f"{path.journey_id} · {path.version} · {number + 1} of {count}{_left_out(path, number)}",
        "",
        f"{clock(entry.entered_at)} UTC, {length(entry.entered_at - began)} after it began",
        f"{entry.kind.replace('_', ' ')}: {entry.step}",
    ]
    if entry.message is not None and entry.message != entry.step:
        lines.append(f"message: {entry.message}")
    if entry.outcome is not None:
        lines.append(describe(entry.outcome))
    if entry.moved_to is not None:
        lines.append(f"moved to {entry.moved_to} while it rested here")
    if entry.left_at is None:
        lines.append("still there")
    else:
        lines.append(f"left after {length(entry.left_at - entry.entered_at)}: {describe_exit(entry)}")
    return visible("\n".join(lines))
