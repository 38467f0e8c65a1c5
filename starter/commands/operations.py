"""`shelftalk operation`: what is done to many journeys at once, and how far it has come."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from schemas.responses.operations import OperationReport, OperationReports
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock, say
from starter.commands.waitlists import Yes, agree
from starter.services import Services

app = typer.Typer(help="See and cancel what is done to many journeys at once.", no_args_is_help=True)

LOOK = timedelta(seconds=1)
"""How often `--watch` looks."""
UNMOVED = 10
"""Looks without a change after which `--watch` ends: whoever is left over may rest for days."""

Number = Annotated[int, typer.Argument(metavar="ID", help="The operation's number.", min=1, max=2**62)]
Watch = Annotated[bool, typer.Option("--watch", help="Tell of its progress until nobody is left to reach.")]


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List the latest operations: journeys that are moved to another version, or ended."""
    terminal.answer(lambda services: services.bulk_operations.latest(), _table)


@app.command("show")
@command
def show(terminal: Terminal, operation: Number, watch: Watch = False) -> None:
    """Show how far an operation has come."""

    async def question(services: Services) -> OperationReport:
        report = await services.bulk_operations.show(operation)
        return await _watched(services, report) if watch else report

    terminal.answer(question, _shown)


@app.command("cancel")
@command
def cancel(terminal: Terminal, operation: Number, yes: Yes = False) -> None:
    """Cancel an operation: show how far it has come, ask, and leave alone whom it has not asked yet."""
    if not yes:
        shown = terminal.ask(lambda services: services.bulk_operations.show(operation))
        agree(terminal, shown, progress(shown), "Leave the others alone?")
    terminal.answer(lambda services: services.bulk_operations.cancel(operation, who()), _shown)


async def _watched(services: Services, report: OperationReport) -> OperationReport:
    unmoved = 0
    say(progress(report))
    while report.left_over and (report.finished_at is None or unmoved < UNMOVED):
        await asyncio.sleep(LOOK.total_seconds())
        before, report = report, await services.bulk_operations.show(report.operation)
        unmoved = unmoved + 1 if report == before else 0
        if report != before:
            say(progress(report))
    return report


def progress(report: OperationReport) -> str:
    """How far it has come, in a line."""
    what = "moved" if report.kind == "move" else "ended"
    told = f"{report.asked} of {report.total} asked, {report.done} {what}"
    if report.ended:
        told += f", {report.ended} ended by themselves"
    if report.cancelled:
        told += f", {report.cancelled} left alone, for it was cancelled"
    if report.superseded:
        told += f", {report.superseded} taken over by a later operation"
    return f"{told}, {report.left_over} left over."


def _shown(report: OperationReport) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("operation", str(report.operation))
    table.add_row("what", _what(report))
    table.add_row("by", report.requested_by)
    table.add_row("why", report.why or "–")
    table.add_row("began (UTC)", clock(report.created_at))
    table.add_row("cancelled (UTC)" if report.cancelled_at else "all asked (UTC)", clock(report.finished_at))
    table.add_row("progress", progress(report))
    return table


def _table(reports: OperationReports) -> Table | str:
    if not reports.operations:
        return "No operations. `shelftalk conversation publish FILE --in-flight move` begins one."
    table = Table("id", "what", "by", "began (UTC)", "total", "done", "left over", box=None, pad_edge=False)
    for each in reports.operations:
        table.add_row(
            str(each.operation),
            _what(each),
            each.requested_by,
            clock(each.created_at),
            str(each.total),
            str(each.done),
            str(each.left_over),
        )
    return table


def _what(report: OperationReport) -> str:
    if report.to_version is not None:
        return f"move those in {report.conversation} to {report.to_version}"
    return f"end those in {report.conversation}"
