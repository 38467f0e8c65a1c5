"""`shelftalk build`: which build of the workers gets the work, for upgrades while the shop is open."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.responses.builds import Deployment
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock

app = typer.Typer(help="Which build of the workers gets the work.", no_args_is_help=True)


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List the builds whose workers were heard of, newest first, and which of them is current."""
    terminal.answer(lambda services: services.builds.show(), _shown)


@app.command("promote")
@command
def promote(terminal: Terminal, build: Annotated[str, typer.Argument(help="Its name, as `list` says it.")]) -> None:
    """Give all work to a build from now on; the others finish what they have begun."""
    terminal.answer(lambda services: services.builds.promote(build, who()), _shown)


def _shown(deployment: Deployment) -> Table:
    table = Table("build", "status", "first heard (UTC)", "current since (UTC)", box=None, pad_edge=False)
    for each in deployment.builds:
        since = clock(each.current_since) if each.current_since else ""
        table.add_row(each.build, each.status, clock(each.heard_at), since)
    none = " No worker has been heard of." if not deployment.builds else ""
    table.caption = f"Deployment {deployment.name}.{none}"
    return table
