"""`shelftalk doctor`: what is reachable, in which version, and what to do about the rest."""

from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from schemas.model import Model
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import ExitCode
from starter.ops.checkup import examine, examine_worker
from starter.ops.findings import Checkup, Health
from starter.runtime.logs import log_to_stderr
from starter.runtime.process import run_process

_MARKS = {Health.GOOD: "ok", Health.NOTE: "note", Health.BAD: "BAD"}


class Retried(Model):
    """How many calls the dispatcher tries again."""

    calls: int


@command
def doctor(
    terminal: Terminal,
    worker: Annotated[bool, typer.Option("--worker", help="Only whether this data folder's worker lives.")] = False,
    retry: Annotated[bool, typer.Option("--retry-parked", help="Try again what the dispatcher had given up.")] = False,
) -> None:
    """Look at every component and say what to do. Ends with 0 when all is well, else 1."""
    if worker and retry:
        raise typer.BadParameter("one at a time: --worker looks, --retry-parked does", param_hint="--worker")
    if retry:
        calls = terminal.ask(lambda services: services.backlog.retry_parked(who()))
        terminal.tell(Retried(calls=calls), lambda again: f"{again.calls} calls are tried again.")
        return
    if worker:
        checkup = examine_worker(terminal.own_settings())
    else:
        settings = terminal.found_settings()
        log_to_stderr("error")
        checkup = run_process(examine(settings))
    terminal.tell(checkup, _shown)
    if not checkup.ok:
        raise typer.Exit(ExitCode.FAILED)


def _shown(checkup: Checkup) -> Group:
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in checkup.findings:
        table.add_row(_MARKS[finding.health], finding.component, finding.found)
        if finding.advice:
            table.add_row("", "", f"→ {finding.advice}")
    return Group(table, Text(_in_all(checkup)))


def _in_all(checkup: Checkup) -> str:
    if not checkup.ok:
        return "Something needs attention."
    notes = sum(finding.health is Health.NOTE for finding in checkup.findings)
    return f"Nothing is broken; see the {'note' if notes == 1 else f'{notes} notes'}." if notes else "All is well."
