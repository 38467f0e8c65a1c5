"""`shelftalk archive`: the histories of journeys that have ended, kept beyond Temporal's retention."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.responses.archive import ArchiveReport, ArchiveStatus
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock, length_of_time, say

app = typer.Typer(help="Keep closed histories beyond Temporal's retention.", no_args_is_help=True)


@app.command("run")
@command
def run(
    terminal: Terminal,
    older_than: Annotated[
        str, typer.Option("--older-than", help="Leave alone who ended less than this ago.")
    ] = "1 minute",
) -> None:
    """Archive the histories of journeys that have ended, now. The workers do so every hour by themselves."""
    young = length_of_time(older_than, "--older-than")
    say("Archiving; a worker must be at work for this.")
    terminal.answer(lambda services: services.upkeep.archive(young, who()), _ran)


@app.command("status")
@command
def status(terminal: Terminal) -> None:
    """Show how many histories are archived, where, and how many are still to be."""
    terminal.answer(lambda services: services.upkeep.archive_status(), _status)


def _ran(report: ArchiveReport) -> str:
    lines = [
        f"{report.kept} histories archived; Temporal no longer had {report.gone}, and {report.too_large} are too large."
    ]
    if report.running:
        lines.append(f"{report.running} workflows have not closed yet; a later run takes them.")
    if report.failed:
        lines.append(f"{report.failed} could not be read or put: the worker's log says why. The next run tries again.")
    if report.more:
        lines.append("There are more: run it again.")
    return "\n".join(lines)


def _status(status: ArchiveStatus) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("archive", status.archive)
    table.add_row("archived", f"{status.kept} histories, {status.bytes / 1024:.0f} KiB")
    table.add_row("still to do", str(status.to_do))
    table.add_row("gone before they were archived", str(status.gone))
    table.add_row("too large", str(status.too_large))
    table.add_row("last looked at (UTC)", clock(status.last_at))
    return table
