"""A contact's path as a table for people: each step, its times, why it was left, and what was found there."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from schemas.journey.outcome import describe
from schemas.journey.path import JourneyPath, PathEntry, describe_exit
from starter.commands.terminal.output import clock, length


def path_table(path: JourneyPath) -> Group:
    """The whole path, with its ending below it."""
    table = Table("step", "entered (UTC)", "stayed", "left because", "verdict", box=None, pad_edge=False)
    for number, entry in enumerate(path.entries):
        if path.left_out.stays and number == path.left_out.after:
            table.add_row(f"… {path.left_out.stays:,} more are left out")
        table.add_row(_step(entry), clock(entry.entered_at), _stayed(entry), describe_exit(entry), _verdict(entry))
    return Group(Text(f"Journey {path.journey_id} on version {path.version}"), table, Text(ending(path)))


def _step(entry: PathEntry) -> str:
    return f"{entry.step}: message '{entry.message}'" if entry.message and entry.message != entry.step else entry.step


def _stayed(entry: PathEntry) -> str:
    return "still there" if entry.left_at is None else length(entry.left_at - entry.entered_at)


def _verdict(entry: PathEntry) -> str:
    moved = f"moved to {entry.moved_to}" if entry.moved_to is not None else ""
    return "; ".join(part for part in (describe(entry.outcome) if entry.outcome is not None else "", moved) if part)


def ending(path: JourneyPath) -> str:
    """How it ended, or that it is under way."""
    if not path.entries:
        return "Its workflow has not been started yet: `shelftalk doctor` tells whether the outbox is drained."
    if path.ending is None:
        return "It is under way."
    return f"It {path.ending}." if path.reason is None else f"It {path.ending}: {path.reason.sentence} ({path.reason})"
