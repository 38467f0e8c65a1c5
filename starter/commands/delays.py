"""`shelftalk report delay`: how long alerts take, from the change in the shop until they are delivered."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Column, Table

from schemas.ids import StoreId
from schemas.responses.delays import DelayReport, Leg
from starter.commands.reports import AsCsv, Since, Until, give, period_of
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import length
from starter.reporting.spreadsheets import delays_csv

_WAYS = {
    Leg.HEARD: "shop → heard",
    Leg.DECIDED: "heard → decided",
    Leg.HANDED_OVER: "decided → handed over",
    Leg.DELIVERED: "handed over → delivered",
    Leg.ALL_HANDED_OVER: "in all: shop → handed over",
    Leg.ALL_DELIVERED: "in all: shop → delivered",
}


@command
def delay(
    terminal: Terminal,
    list_: Annotated[str | None, typer.Option("--list", help="Only of this list.")] = None,
    store: Annotated[str | None, typer.Option(help="Only of this store.")] = None,
    since: Since = None,
    until: Until = None,
    as_csv: AsCsv = False,
) -> None:
    """Show how long alerts took, from the change in the shop on. Of the last 30 days, if you name no others."""
    period, of_store = period_of(since, until), None if store is None else StoreId(store)
    report = terminal.ask(lambda services: services.delays.delays(period, list_, of_store))
    give(terminal, report, _shown, delays_csv, as_csv=as_csv)


def _shown(report: DelayReport) -> Group | str:
    when = f"from {report.since or 'the first day'} to {report.until or 'today'}"
    if not report.told:
        return f"Nobody was told by an alert {when}."
    table = Table(
        "way",
        *(Column(name, justify="right") for name in ("alerts", "p50", "p95", "clock off")),
        box=None,
        pad_edge=False,
    )
    for row in report.legs:
        table.add_row(_WAYS[row.leg], str(row.alerts), _length(row.p50), _length(row.p95), str(row.clock_off))
    return Group(table, "", *_notes(report, when))


def _notes(report: DelayReport, when: str) -> Iterator[str]:
    newest = "the newest " if report.cut else ""
    yield f"{newest}{report.told} told {when}; quiet hours, caps and waits count."
    if report.otherwise:
        yield (
            f"{report.otherwise} of them in no line above: told for no change in the shop, but as they came while it "
            "was there, as a place passed on, or after a pause."
        )
    if any(row.clock_off for row in report.legs):
        yield "clock off: it ended before it began, by another's clock, and counts as 0."


def _length(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else length(timedelta(seconds=seconds))
