"""`shelftalk store`: what is heard of each store, and what holds for a whole store, by whatever list."""

from datetime import timedelta
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Column, Table

from schemas.document.conversation import Cap
from schemas.ids import StoreId
from schemas.responses.stock import StoreHeard, StoreReport, StoresHeard
from schemas.time.durations import format_duration
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import said
from starter.commands.terminal.output import clock, length, length_of_time
from starter.services import Services

app = typer.Typer(help="Stores.", no_args_is_help=True)


@app.callback()
def store() -> None:
    """Stores."""


@app.command()
@command
def cap(
    terminal: Terminal,
    store_id: Annotated[str, typer.Argument(metavar="STORE", help="The store's id, as its storefront has it.")],
    at_most: Annotated[
        int | None, typer.Option("--at-most", min=1, max=1000, help="So many messages to one contact, with --per.")
    ] = None,
    per: Annotated[str | None, typer.Option(help="In how much time, like '1 day'.")] = None,
    none: Annotated[bool, typer.Option("--none", help="No cap any more.")] = False,
) -> None:
    """Show, set or take away a store's cap: how many messages one contact gets, by all its lists."""
    if (at_most is None) != (per is None):
        raise typer.BadParameter("a cap is both: write --at-most 3 --per '1 day'", param_hint="--at-most, --per")
    if none and at_most is not None:
        raise typer.BadParameter("a cap, or none: not both", param_hint="--none, --at-most")
    wanted = None if at_most is None or per is None else _cap(at_most, per)

    async def question(services: Services) -> StoreReport:
        if wanted is None and not none:
            return await services.stores.show(StoreId(store_id))
        return await services.stores.cap(StoreId(store_id), wanted, who())

    terminal.answer(question, _capped)


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List the stores: when each was heard last, and which have fallen silent."""
    terminal.answer(lambda services: services.stores.heard(), _heard)


@app.command()
@command
def quiet(
    terminal: Terminal, store_id: Annotated[str, typer.Argument(metavar="STORE", help="The store's id.")]
) -> None:
    """Expect nothing of a store any more: its webhooks are meant to end, and its silence alarms nobody."""

    async def question(services: Services) -> StoresHeard:
        await services.stores.expect_nothing(StoreId(store_id), who())
        return await services.stores.heard()

    terminal.answer(question, lambda _: f"Nothing is expected of {store_id} until it is heard for two weeks anew.")


def _heard(found: StoresHeard) -> Table | str:
    if not found.stores:
        return "There is no store yet."
    names = ("store", "source", "heard (UTC)")
    table = Table(*(Column(name, overflow="fold") for name in names), "silent at most", box=None, pad_edge=False)
    for one in found.stores:
        table.add_row(one.store, one.source, clock(one.heard_at), _standing(one))
    return table


def _standing(one: StoreHeard) -> str:
    usual = timedelta(minutes=one.longest_silence_minutes or 0)
    if one.silent_at is not None:
        return "SILENT"
    if one.longest_silence_minutes is not None:
        return length(usual)
    return "too little to tell" if one.heard_at else "no webhooks"


def _cap(messages: int, per: str) -> Cap:
    try:
        return Cap(messages=messages, per=length_of_time(per, "--per"))
    except ValidationError as error:
        raise typer.BadParameter(said(error), param_hint="--per") from None


def _capped(report: StoreReport) -> str:
    if report.at_most is None:
        return f"{report.store} has no cap: only those of its lists hold."
    messages = "1 message" if report.at_most.messages == 1 else f"{report.at_most.messages} messages"
    length = format_duration(report.at_most.per)
    return f"{report.store}: at most {messages} in {length} to one contact on each channel, by all its lists together."
