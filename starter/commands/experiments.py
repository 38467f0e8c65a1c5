"""`shelftalk report experiment`: what those who were told ordered, beside those who were held out."""

from collections.abc import Iterator
from typing import Annotated

import typer

from schemas.responses.experiments import ExperimentReport, Finding
from starter.commands.reports import AsCsv, give
from starter.commands.terminal.asking import Terminal, command
from starter.reporting.lift import ENOUGH_CONTACTS, ENOUGH_ORDERS
from starter.reporting.spreadsheets import experiment_csv

_SAYS = {
    Finding.MORE: "more than chance explains",
    Finding.LESS: "less than chance explains",
    Finding.NO_DIFFERENCE: "no difference that could be told from chance",
    Finding.NOT_ENOUGH: f"not enough to tell: each side needs {ENOUGH_CONTACTS} contacts, among them {ENOUGH_ORDERS} "
    "who ordered and as many who did not",
}


@command
def experiment(
    terminal: Terminal,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the conversation's document.")],
    as_csv: AsCsv = False,
) -> None:
    """Show what an experiment found: what those who were told ordered, beside those who were held out."""
    report = terminal.ask(lambda services: services.experiments.report(name))
    give(terminal, report, lambda found: "\n".join(_lines(found)), experiment_csv, as_csv=as_csv)


def _lines(report: ExperimentReport) -> Iterator[str]:
    told, held_out = report.told, report.held_out
    yield (
        f"Experiment '{report.experiment}' of {', '.join(report.conversations)}: {report.holdout} % held out, orders "
        f"within {report.days} days after each one's turn."
    )
    yield f"told      {told.contacts} contacts, {told.ordered} ordered ({told.share:.2%})"
    yield f"held out  {held_out.contacts} contacts, {held_out.ordered} ordered ({held_out.share:.2%})"
    if report.in_both:
        yield f"{report.in_both} were told and held out, because the share was changed, and are left out."
    if report.orders is None:
        yield "Nobody's turn has come on one side yet: there is nothing to compare."
        return
    orders = report.orders
    relative = "" if orders.relative is None else f" ({orders.relative:+.0%})"
    interval = f"95 % interval {100 * orders.low:+.2f} to {100 * orders.high:+.2f}"
    yield f"orders    {100 * orders.difference:+.2f} in a hundred{relative}, {interval}: {_SAYS[orders.finding]}."
    for each in report.revenue:
        interval = f"95 % interval {each.low:+} to {each.high:+}"
        yield f"revenue   {each.difference:+} {each.currency} per contact, {interval}: {_SAYS[each.finding]}."
