"""`shelftalk delivery`: the webhooks that could not be read, kept for inspection."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.reports import MalformedDeliveries, MalformedDelivery
from starter.commands.asking import ask
from starter.commands.terminal import AsJson, DataDir, ExitCode, clock, say, tell
from starter.operations import Operations
from starter.shelves import SQL

app = typer.Typer(help="Webhooks that were signed but could not be read.", no_args_is_help=True)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List the deliveries that are kept, newest first."""

    async def question(operations: Operations) -> MalformedDeliveries:
        rows = await operations.pool.fetch(SQL["malformed"], None, limit)
        return MalformedDeliveries(deliveries=tuple(MalformedDelivery.model_validate(dict(row)) for row in rows))

    tell(ask(question, data_dir), _table, as_json=as_json)


@app.command()
def show(
    delivery_id: Annotated[int, typer.Argument(help="Its id, from `delivery list`.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show one delivery with its body, as it came. It may be about people."""

    async def question(operations: Operations) -> MalformedDeliveries:
        rows = await operations.pool.fetch(SQL["malformed"], delivery_id, 1)
        return MalformedDeliveries(deliveries=tuple(MalformedDelivery.model_validate(dict(row)) for row in rows))

    found = ask(question, data_dir)
    if not found.deliveries:
        say(f"There is no malformed delivery {delivery_id}; `shelftalk delivery list` shows those that are kept.")
        raise typer.Exit(ExitCode.FAILED)
    tell(found.deliveries[0], _body, as_json=as_json)


def _table(found: MalformedDeliveries) -> Table | str:
    if not found.deliveries:
        return "None is kept: every delivery could be read."
    table = Table("id", "received (UTC)", "store", "topic", "why", box=None, pad_edge=False)
    for one in found.deliveries:
        table.add_row(str(one.id), clock(one.received_at), one.store_id, one.topic, one.error)
    return table


def _body(one: MalformedDelivery) -> str:
    return f"{one.topic} of {one.store_id}, received {clock(one.received_at)} UTC: {one.error}\n\n{one.body}"
