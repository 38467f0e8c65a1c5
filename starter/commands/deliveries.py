"""`shelftalk delivery`: the webhooks that could not be read, kept for inspection."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.responses.deliveries import MalformedDeliveries, MalformedDelivery
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import ExitCode, clock, say

app = typer.Typer(help="Webhooks that were signed but could not be read.", no_args_is_help=True)


@app.command("list")
@command
def list_(
    terminal: Terminal, limit: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 50
) -> None:
    """List the deliveries that are kept, newest first."""
    terminal.answer(lambda services: services.deliveries.malformed(limit), _table)


@app.command()
@command
def show(terminal: Terminal, delivery_id: Annotated[int, typer.Argument(help="Its id, from `delivery list`.")]) -> None:
    """Show one delivery with its body, as it came. It may be about people."""
    found = terminal.ask(lambda services: services.deliveries.malformed_one(delivery_id))
    if found is None:
        say(f"There is no malformed delivery {delivery_id}; `shelftalk delivery list` shows those that are kept.")
        raise typer.Exit(ExitCode.FAILED)
    terminal.tell(found, _body)


def _table(found: MalformedDeliveries) -> Table | str:
    if not found.deliveries:
        return "None is kept: every delivery could be read."
    table = Table("id", "received (UTC)", "store", "topic", "why", box=None, pad_edge=False)
    for one in found.deliveries:
        table.add_row(str(one.id), clock(one.received_at), one.store_id, one.topic, one.error)
    return table


def _body(one: MalformedDelivery) -> str:
    return f"{one.topic} of {one.store_id}, received {clock(one.received_at)} UTC: {one.error}\n\n{one.body}"
