"""`shelftalk key`: the keys that open the API."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.model import Model
from schemas.responses.keys import KeyReport
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock

app = typer.Typer(help="The keys that open the API.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Who or what uses the key; not used twice.")]


class NewKey(Model):
    """A key, shown this once; only its hash is kept."""

    name: str
    key: str


class KeyList(Model):
    """All keys, without the keys."""

    keys: tuple[KeyReport, ...]


class RevokedKey(Model):
    """A key that opens nothing any more."""

    name: str


@app.command("create")
@command
def create(terminal: Terminal, name: Name) -> None:
    """Make a key. It is shown this once."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise typer.BadParameter("a name has 1 to 100 characters, all of them visible", param_hint="NAME")
    made = terminal.ask(lambda services: services.keys.create(name))
    terminal.tell(NewKey(name=name, key=made), lambda new: new.key)


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List the keys' names."""
    terminal.tell(KeyList(keys=terminal.ask(lambda services: services.keys.all())), _table)


@app.command("revoke")
@command
def revoke(terminal: Terminal, name: Name) -> None:
    """Revoke a key, for good."""
    terminal.ask(lambda services: services.keys.revoke(name))
    terminal.tell(RevokedKey(name=name), lambda revoked: f"'{revoked.name}' opens nothing any more.")


def _table(keys: KeyList) -> Table:
    table = Table("name", "made", "revoked", box=None, pad_edge=False)
    for key in keys.keys:
        table.add_row(key.name, clock(key.created_at), clock(key.revoked_at))
    return table
