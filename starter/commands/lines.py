"""`shelftalk waitlist lines` and `call`: what people wait for, and calling the next of a line forward by hand."""

from typing import Annotated

import typer
from rich.table import Column, Table

from schemas.ids import AlertId, StoreId, Subject
from schemas.responses.calling_forward import CallReport
from schemas.responses.lines import LineNow, LinePage
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.waitlists import Alert, Store, Yes, agree, level_and_id
from starter.waitlists.calling_forward import MOST_BY_ONE_CALL, WantedCall
from starter.waitlists.lines import LARGEST_PAGE, LineSort, LinesShown, WantedLines


@command
def lines(
    terminal: Terminal,
    store: Annotated[str | None, typer.Option("--store", help="Only of this store.")] = None,
    alert: Alert = None,
    text: Annotated[str, typer.Option(help="In the title of product or variant, in the SKU, or one of the ids.")] = "",
    show: Annotated[LinesShown, typer.Option(help="Only lines of which this is so.")] = LinesShown.ALL,
    sort: Annotated[LineSort, typer.Option(help="What they are put in order by.")] = LineSort.WAITING,
    after: Annotated[str | None, typer.Option(help="`next` of the answer before: what follows it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST_PAGE, help="How many lines at most.")] = 50,
) -> None:
    """List what people wait for: how many, how many units, who was told, and how many units to order."""
    wanted = WantedLines([StoreId(store)] if store else None, alert, text.strip(), show, sort)
    terminal.answer(lambda services: services.waiting_lines.page(wanted, after, limit), _table)


@command
def call(
    terminal: Terminal,
    store: Store,
    alert: Annotated[str, typer.Option(help="The alert whose line it is.")],
    variant: Annotated[str | None, typer.Option(help="Those who wait for this variant.")] = None,
    product: Annotated[str | None, typer.Option(help="Those who wait for this product as a whole.")] = None,
    people: Annotated[int, typer.Option(min=1, max=MOST_BY_ONE_CALL, help="How many.")] = 1,
    yes: Yes = False,
) -> None:
    """Call the next in line forward by hand: show the units there are for it and which offers end, ask, and do it."""
    level, thing = level_and_id(variant, product)
    wanted = WantedCall(Subject(store_id=StoreId(store), level=level, id=thing), AlertId(alert), people)
    shown = terminal.ask(lambda services: services.calling_forward.would_call(wanted))
    if not shown.calls:
        terminal.tell(shown, in_words)
        return
    if not yes:
        agree(terminal, shown, in_words(shown), "Call them forward?")
    at_most = None if yes else shown.takes_back
    terminal.answer(lambda services: services.calling_forward.call(wanted, who(), at_most), in_words)


def in_words(report: CallReport) -> str:
    """What there is to give, and what calling them would do, or did."""
    budget = (
        f"Units there: {report.available}. Given away by themselves now: {report.free}. Kept back: {report.held_back}. "
        f"Offered and not bought: {report.offered}, of {_people(report.open_offers)}."
    )
    if not report.calls:
        return f"{budget}\nNobody can be called forward: nobody waits, or they want more than there is to give."
    done = ("is" if report.calls == 1 else "are") if report.done else "would be"
    units = "1 unit" if report.units == 1 else f"{report.units} units"
    ends = "No offer ends for it."
    if report.takes_back:
        offers = "1 offer ends" if report.takes_back == 1 else f"{report.takes_back} offers end"
        ends = f"For that, {offers} that nobody took up, the oldest first."
    return f"{budget}\n{_people(report.calls)} {done} called forward, for {units}. {ends}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _table(page: LinePage) -> Table | str:
    if not page.lines:
        return "Nobody waits for anything like that."
    numbers = ("waiting", "units", "unconfirmed", "called", "told", "left", "to order")
    table = Table(
        Column("line", overflow="fold"), "of", *(Column(name, justify="right") for name in numbers), "now",
        box=None, pad_edge=False,
    )  # fmt: skip
    for line in page.lines:
        title = f"{line.product_title} – {line.variant_title}" if line.variant_title else line.product_title
        counts = line.waiting, line.units, line.unconfirmed, line.called, line.told, line.left, line.to_order
        table.add_row(f"{line.store_id}/{line.subject}", title, *map(str, counts), _now(line))
    totals = page.totals
    more = "; there are more: --json has what --after takes" if page.next is not None else ""
    table.caption = f"{totals.lines} lines, {totals.waiting} waiting for {totals.units} units{more}"
    return table


def _now(line: LineNow) -> str:
    states = {"gone for good": line.gone, "paused": line.paused, "long": line.long_since is not None}
    there = f"{line.offered} there" if line.offered else "sold out"
    return ", ".join([*(name for name, is_so in states.items() if is_so), *(() if line.gone else (there,))])
