"""`shelftalk feed`: catalogue feeds that a store's products, prices and units are read from."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from activities.intake.feeds import FeedReading
from activities.storefronts.feeds.reading import FeedFormat
from schemas.ids import StoreId
from schemas.responses.feeds import FeedRead, FeedReport, FeedReports
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import ExitCode, clock, length_of_time
from starter.services import Services
from starter.shops.feeds import CATALOGUE, WantedFeed

app = typer.Typer(help="Catalogue feeds: a store's products, prices and units, by an address.", no_args_is_help=True)

StoreArgument = Annotated[str, typer.Argument(metavar="STORE", help="The store's id, like shop.example.")]
Name = Annotated[str, typer.Option("--name", help="Which, of a store with several.")]
Progressing = Callable[[FeedReading], None]
HELD = {
    "empty": "there is no row in it that could be read",
    "cut": "it breaks off before its end",
    "shrunken": "it has far fewer rows than the last time",
}
_SHORT = re.compile(r"(\d+)\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@app.command("add")
@command
def add(
    terminal: Terminal,
    store_id: StoreArgument,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it lies, with https://.")],
    name: Name = CATALOGUE,
    format_: Annotated[FeedFormat | None, typer.Option("--format", help="[default: as its content says]")] = None,
    every: Annotated[str, typer.Option(help="How often it is read, like 1h or '30 minutes'.")] = "1h",
    mapping: Annotated[list[str] | None, typer.Option("--map", help="OURS=THEIRS, as in id=SKU number.")] = None,
    country: Annotated[str | None, typer.Option(help="Of a feed with rows for several, like FR.")] = None,
    in_stock_units: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="What 'in stock' without a number stands for.")
    ] = 1,
    keep_share: Annotated[
        float, typer.Option(min=0, max=1, help="With fewer rows than this share of the last time's it is held.")
    ] = 0.8,
) -> None:
    """Read a feed from now on. One that is there already is read as is said now."""
    if country is not None and re.fullmatch(r"[A-Za-z]{2}", country) is None:
        raise typer.BadParameter("write two letters, like FR", param_hint="--country")
    wanted = WantedFeed(
        url=url,
        format=format_,
        mapping=_mapping(mapping or []),
        country=country and country.upper(),
        in_stock_units=in_stock_units,
        every=_every(every),
        keep_share=Decimal(str(round(keep_share, 3))),
    )
    terminal.answer(
        lambda services: services.feeds.add(StoreId(store_id), name, wanted, who()),
        lambda found: f"The feed '{found.feed}' of {found.store} is read from now on: at once, and then every {every}.",
    )


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List the feeds: when each was read, what was in it, which are held and which cannot be read."""
    terminal.answer(lambda services: services.feeds.list(), _table)


@app.command("read")
@command
def read(terminal: Terminal, store_id: StoreArgument, name: Name = CATALOGUE) -> None:
    """Read a feed now, and show what came of it."""
    _read(terminal, lambda services, told: services.feeds.read(StoreId(store_id), name, told))


@app.command("accept")
@command
def accept(terminal: Terminal, store_id: StoreArgument, name: Name = CATALOGUE) -> None:
    """A feed that is held is right as it is: read it anew, and apply it."""
    _read(terminal, lambda services, told: services.feeds.accept(StoreId(store_id), name, who(), told))


@app.command("remove")
@command
def remove(terminal: Terminal, store_id: StoreArgument, name: Name = CATALOGUE) -> None:
    """Read a feed no more. Products and units stay as it told of them last."""
    terminal.answer(
        lambda services: services.feeds.remove(StoreId(store_id), name, who()),
        lambda _: f"The feed '{name}' of {store_id} is read no more.",
    )


def _read(terminal: Terminal, question: Callable[[Services, Progressing], Awaitable[FeedRead]]) -> None:
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Reading", total=None, said="")

        def told(reading: FeedReading) -> None:
            done = reading.applied.added + reading.applied.changed + reading.applied.gone
            said = f"{done} products" if done else f"{reading.seen.rows} rows"
            bar.update(task, description="Applying" if done else "Reading", said=said)

        found = terminal.ask(lambda services: question(services, told))
    terminal.tell(found, _came_of_it)
    if found.became == "held":
        raise typer.Exit(ExitCode.FAILED)


def _came_of_it(found: FeedRead) -> str:
    lines: list[str] = []
    match found.became:
        case "unchanged":
            return f"The feed '{found.feed}' of {found.store} is as it was: its server says so."
        case "held":
            why = HELD[found.held_for or "cut"]
            lines.append(f"HELD: {why} ({found.rows} rows). Nothing of it was applied.")
            lines.append(f"If that is right: shelftalk feed accept {found.store} --name {found.feed}")
        case "applied":
            lines.append(
                f"{found.rows} rows read: {found.added} products new, {found.changed} changed, {found.gone} gone"
                + (f", {found.levels} levels at single places." if found.levels else ".")
            )
    if found.unread:
        lines.append(f"{found.unread} rows could not be read; what they are of stays as it was:")
    for each in found.mistakes:
        of = f" ({each.id})" if each.id else ""
        lines.append(f"  line {each.line}{of}: {each.why}" if each.line else f"  {each.why}")
    return "\n".join(lines)


def _table(found: FeedReports) -> Table | str:
    if not found.feeds:
        return "No feed is read: `shelftalk feed add STORE URL` adds one."
    names = ("store", "feed", "address")
    table = Table(*(Column(name, overflow="fold") for name in names), box=None, pad_edge=False)
    for name in ("rows", "not read"):
        table.add_column(name, justify="right")
    for name in ("read (UTC)", "next (UTC)", "how it is"):
        table.add_column(name, overflow="fold")
    for one in found.feeds:
        rows, unread = ("–" if count is None else str(count) for count in (one.rows, one.unread))
        table.add_row(one.store, one.feed, one.url, rows, unread, clock(one.read_at), clock(one.due_at), _standing(one))
    return table


def _standing(one: FeedReport) -> str:
    if one.failed_with is not None:
        times = "once" if one.failures == 1 else f"{one.failures} times in a row"
        return f"FAILED {times}: {one.failed_with}"
    if one.held_for is not None:
        return f"HELD: {HELD[one.held_for]} ({one.held_rows} rows)"
    return "well" if one.read_at is not None else "not read yet"


def _mapping(told: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in told:
        ours, sign, theirs = (part.strip() for part in each.partition("="))
        if not (ours and sign and theirs):
            raise typer.BadParameter(f"{each!r} is not OURS=THEIRS, as in id=SKU number", param_hint="--map")
        found[ours] = theirs
    return found


def _every(text: str) -> timedelta:
    short = _SHORT.fullmatch(text.strip().lower())
    return length_of_time(f"{short[1]} {_UNITS[short[2]]}" if short else text, "--every")
