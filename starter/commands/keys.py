"""`shelftalk key`: the keys that open the API."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.model import Model
from schemas.reports import KeyReport
from starter.commands.asking import ask
from starter.commands.failures import CommandFailed
from starter.commands.terminal import AsJson, DataDir, clock, tell
from starter.operations import Operations

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
def create(name: Name, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Make a key. It is shown this once."""
    if not name.strip() or len(name) > 100:
        raise typer.BadParameter("a name has 1 to 100 characters", param_hint="NAME")

    async def question(operations: Operations) -> NewKey:
        return NewKey(name=name, key=await operations.keys.create(name))

    tell(ask(question, data_dir), lambda made: made.key, as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the keys' names."""

    async def question(operations: Operations) -> KeyList:
        return KeyList(keys=await operations.keys.all())

    tell(ask(question, data_dir), _table, as_json=as_json)


@app.command("revoke")
def revoke(name: Name, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Revoke a key, for good."""

    async def question(operations: Operations) -> RevokedKey:
        if not await operations.keys.revoke(name):
            raise CommandFailed(
                "no_such_key", f"There is no valid API key '{name}'.", "`shelftalk key list` shows them."
            )
        return RevokedKey(name=name)

    tell(ask(question, data_dir), lambda revoked: f"'{revoked.name}' opens nothing any more.", as_json=as_json)


def _table(keys: KeyList) -> Table:
    table = Table("name", "made", "revoked", box=None, pad_edge=False)
    for key in keys.keys:
        table.add_row(key.name, clock(key.created_at), clock(key.revoked_at))
    return table
