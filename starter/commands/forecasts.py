"""`shelftalk stock forecast`: what units that have not come yet would do."""

from typing import Annotated

import typer
from rich.console import Group
from rich.table import Column, Table

from schemas.responses.forecast import Forecast, ForecastLine, ToldWhen, WouldBeTold
from schemas.responses.why import NotYet
from starter.commands.shop import Store, Variant, subject_of
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock
from starter.shops.forecast import MOST_UNITS
from starter.shops.giving import MOST_SHOWN

WHEN = {
    ToldWhen.AT_ONCE: "at once",
    ToldWhen.PUT_OFF: "later",
    ToldWhen.AFTER_A_WAIT: "after a wait in their thread",
    ToldWhen.APPROVED: "once approved",
    ToldWhen.MENDED: "once the sender or message is mended",
    ToldWhen.NOT_LOOKED_AT: "unless the check refuses them",
}
NOBODY = {
    NotYet.PAUSED: "the alert or its conversation is paused",
    NotYet.DISCONTINUED: "the product was discontinued",
    NotYet.NOT_ON_SALE: "the product is not on sale",
    NotYet.NOT_ENOUGH_UNITS: "too few units that the list counts for the alert",
    NotYet.ALL_OFFERED: "others are told of all of them",
}


@command
def forecast(
    terminal: Terminal,
    units: Annotated[int, typer.Argument(min=1, max=MOST_UNITS, help="How many more would come.")],
    store: Store,
    variant: Variant,
    location: Annotated[
        str | None, typer.Option(help="Where they would arrive. [default: where its units lie, or by-hand]")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_SHOWN, help="How many people are named.")] = 10,
) -> None:
    """Show what so many units would do if they came now: who would be told, when, and who not. Nothing is changed."""
    subject = subject_of(store, variant)
    terminal.answer(lambda services: services.forecasts.of_units(subject, units, location, limit), shown)


def shown(forecast: Forecast) -> Group | str:
    """The answer, for people."""
    arriving = f"With {_units(forecast.arriving)} more at '{forecast.location}'"
    head = f"{arriving} there would be {forecast.units}; there are {forecast.units_before} now."
    if not forecast.lines:
        return f"{head}\nNobody waits for them."
    told = f"{_people(forecast.told, more=forecast.more)} would be told"
    left = f"{_units(forecast.left)} would be left that nobody is told of."
    parts: list[object] = [f"{head}\n{told}; {left}", "", _lines(forecast.lines)]
    if forecast.first:
        parts += ["", f"The first {len(forecast.first)} who would be told:", _told(forecast.first)]
    if forecast.passed_over:
        table = Table("place", Column("contact", no_wrap=True), "alert", "subject", "why not", box=None, pad_edge=False)
        for each in forecast.passed_over:
            table.add_row(_place(each.place), each.contact_id, each.alert, each.subject, each.sentence)
        parts += ["", "Passed over:", table]
    return Group(*parts)  # pyright: ignore[reportArgumentType] texts and tables


def _lines(lines: tuple[ForecastLine, ...]) -> Table:
    table = Table(
        "alert", "list", "subject", *(Column(name, justify="right") for name in ("in line", "told", "stay")), "when",
        box=None, pad_edge=False,
    )  # fmt: skip
    for line in lines:
        when = "; ".join(f"{count} {WHEN[key]}" for key, count in line.when.items())
        if line.nobody is not None:
            when = f"nobody: {NOBODY[line.nobody]}"
        more = "+" if line.more else ""
        table.add_row(
            line.alert, line.list_code, line.subject, str(line.in_line), f"{line.told}{more}", str(line.stays), when
        )
    return table


def _told(told: tuple[WouldBeTold, ...]) -> Table:
    table = Table("place", Column("contact", no_wrap=True), "alert", "subject", "when", box=None, pad_edge=False)
    for each in told:
        when = WHEN[each.when] if each.until is None else f"from {clock(each.until)} UTC"
        why = "" if each.reason is None else f": {each.reason.sentence}"
        table.add_row(_place(each.place), each.contact_id, each.alert, each.subject, f"{when}{why}")
    return table


def _place(place: int | None) -> str:
    return "–" if place is None else str(place)


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"


def _people(count: int, *, more: bool) -> str:
    if more:
        return f"More than {count} people"
    return "1 person" if count == 1 else f"{count or 'No'} people"
