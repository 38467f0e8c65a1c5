"""`shelftalk revocation`: texts that may take a consent back, and what a person decides of each."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.responses.revocations import Decision, OpenRevocations, RevocationDecided
from starter.commands.terminal.acting import Actor, who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock

app = typer.Typer(help="Texts that people wrote back, and that may mean a no.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="Its id, from `revocation list`.")]


@app.command("list")
@command
def list_(
    terminal: Terminal, limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50
) -> None:
    """List the texts that wait to be read: those that read like a no first, the first due before others."""
    terminal.answer(lambda services: services.revocations.waiting(limit), _table)


@app.command()
@command
def confirm(terminal: Terminal, revocation_id: Id, actor: Actor = None) -> None:
    """It is a no: nothing is sent there any more."""
    _decide(terminal, revocation_id, Decision.CONFIRMED, actor)


@app.command()
@command
def dismiss(terminal: Terminal, revocation_id: Id, actor: Actor = None) -> None:
    """It is no no."""
    _decide(terminal, revocation_id, Decision.DISMISSED, actor)


def _decide(terminal: Terminal, revocation_id: int, decision: Decision, actor: str | None) -> None:
    by = who(actor)
    terminal.answer(lambda services: services.revocations.decide(revocation_id, decision, by), _decided)


def _decided(report: RevocationDecided) -> str:
    if report.decision is Decision.DISMISSED:
        return f"Text {report.id} is dismissed: nothing has changed."
    known = f"contact {report.contact}" if report.contact is not None else "a number that nobody we know has"
    return f"Text {report.id} is a no: nothing is sent to {known} any more."


def _table(report: OpenRevocations) -> Table | str:
    if not report.revocations:
        return "No text waits to be read."
    table = Table("id", "due (UTC)", "like a no", "contact", "they wrote", box=None, pad_edge=False)
    for each in report.revocations:
        likely = "yes" if each.likely else ""
        table.add_row(str(each.id), clock(each.due_at), likely, each.contact or "not known", each.said)
    if report.total > len(report.revocations):
        table.caption = f"{report.total} in all"
    return table
