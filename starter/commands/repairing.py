"""`shelftalk reconcile`: compare PostgreSQL and Temporal now, and repair what differs."""

from typing import Annotated

import typer

from schemas.reconciliation import Reconciliation
from starter.commands.asking import ask
from starter.commands.terminal import AsJson, DataDir, found_settings, length_of_time, say, tell
from starter.operations import Operations
from starter.reconciliation import reconcile_now


def reconcile(
    older_than: Annotated[
        str, typer.Option("--older-than", help="Leave alone what is younger: it may be on its way.")
    ] = "5 minutes",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Compare PostgreSQL and Temporal now and repair what differs. The worker does so every 15 minutes by itself."""
    young = length_of_time(older_than, "--older-than")
    queue = found_settings(data_dir).temporal_task_queue

    async def question(operations: Operations) -> Reconciliation:
        say("Comparing; a worker must be at work for this.")
        return await reconcile_now(operations.client, queue, young)

    tell(ask(question, data_dir), _shown, as_json=as_json)


def _shown(report: Reconciliation) -> str:
    if not report.repairs:
        return f"{report.checked} open journeys looked at; nothing was wrong."
    return (
        f"{report.checked} open journeys looked at. Repaired: {report.started} workflows started, "
        f"{report.closed} journeys closed whose workflow had ended, {report.dismissed} workflows asked to leave, "
        f"{report.looks} shelves asked to look."
    )
