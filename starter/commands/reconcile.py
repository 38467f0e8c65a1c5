"""`shelftalk reconcile`: compare PostgreSQL and Temporal now, and repair what differs."""

from typing import Annotated

import typer

from schemas.responses.reconciliation import Reconciliation
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import length_of_time, say


@command
def reconcile(
    terminal: Terminal,
    older_than: Annotated[
        str, typer.Option("--older-than", help="Leave alone what is younger: it may be on its way.")
    ] = "5 minutes",
) -> None:
    """Compare PostgreSQL and Temporal now and repair what differs. The worker does so every 15 minutes by itself."""
    young = length_of_time(older_than, "--older-than")
    say("Comparing; a worker must be at work for this.")
    terminal.answer(lambda services: services.upkeep.reconcile(young, who()), _shown)


def _shown(report: Reconciliation) -> str:
    if not report.repairs:
        return f"{report.checked} open journeys looked at; nothing was wrong."
    return (
        f"{report.checked} open journeys looked at. Repaired: {report.started} workflows started, "
        f"{report.closed} journeys closed whose workflow had ended, {report.dismissed} workflows asked to leave, "
        f"{report.looks} shelves asked to look."
    )
