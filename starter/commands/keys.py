"""`shelftalk key`: the keys that open the API."""

import shlex
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import typer
from rich.table import Table

from schemas.ids import StoreId
from schemas.model import Model
from schemas.responses.keys import KeyReport, Scope
from schemas.time.durations import parse_duration
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock, say
from starter.services import Services

app = typer.Typer(help="The keys that open the API.", no_args_is_help=True)

TIMES = ("made (UTC)", "expires (UTC)", "last used (UTC)", "revoked (UTC)")

Name = Annotated[str, typer.Argument(help="Who or what uses the key; not used twice.")]


class NewKey(Model):
    """A key, shown this once; only its hash is kept.

    Attributes:
        unknown_stores: those that it is for and that are not known so far.
    """

    name: str
    key: str
    unknown_stores: tuple[StoreId, ...] = ()


class KeyList(Model):
    """All keys, without the keys."""

    keys: tuple[KeyReport, ...]


class RevokedKey(Model):
    """A key that opens nothing any more."""

    name: str


@app.command("create")
@command
def create(
    terminal: Terminal,
    name: Name,
    scope: Annotated[list[Scope], typer.Option("--scope", help="What it is for; once for each.")],
    store: Annotated[
        list[str] | None, typer.Option("--store", help="Only for this store; once for each. [default: all]")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", help="When it ends: a day, 2027-01-31, or '90 days'. [default: never]")
    ] = None,
) -> None:
    """Make a key. It is shown this once."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise typer.BadParameter("a name has 1 to 100 characters, all of them visible", param_hint="NAME")
    stores = [StoreId(each) for each in store or ()] or None
    expires_at = None if expires is None else _end(expires)

    async def question(services: Services) -> NewKey:
        made = await services.keys.create(name, who(), scope, stores, expires_at)
        return NewKey(name=name, key=made, unknown_stores=await services.keys.unknown_stores(stores or ()))

    terminal.answer(question, _made)


def _made(new: NewKey) -> str:
    """The key alone on standard output; what there is to note beside it."""
    for each in new.unknown_stores:
        say(
            f"Note: no store '{each}' is known so far. If it is to come, the key is for it from its first webhook or "
            f"product on; if it is written otherwise, `shelftalk key revoke {shlex.quote(new.name)}` and make another."
        )
    return new.key


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List the keys: what each is for, and when it was used last."""
    terminal.tell(KeyList(keys=terminal.ask(lambda services: services.keys.all())), _table)


@app.command("revoke")
@command
def revoke(terminal: Terminal, name: Name) -> None:
    """Revoke a key, for good."""
    terminal.ask(lambda services: services.keys.revoke(name, who()))
    terminal.tell(RevokedKey(name=name), lambda revoked: f"'{revoked.name}' opens nothing any more.")


def _end(text: str) -> datetime:
    """The end of a day (UTC), or so long from now."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
    except ValueError:
        pass
    try:
        return datetime.now(UTC) + parse_duration(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither a day, as 2027-01-31, nor a length of time, as '90 days'", param_hint="--expires"
        ) from None


def _table(keys: KeyList) -> Table:
    table = Table("name", "scopes", "stores", *TIMES, box=None, pad_edge=False)
    for key in keys.keys:
        table.add_row(
            key.name,
            ", ".join(key.scopes),
            "all" if key.stores is None else ", ".join(key.stores),
            clock(key.created_at),
            clock(key.expires_at),
            clock(key.last_used_at),
            clock(key.revoked_at),
        )
    return table
