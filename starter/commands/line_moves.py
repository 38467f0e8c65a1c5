"""`shelftalk waitlist move` and `moves`: everyone in a line comes to wait for something else, with their places."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from schemas.ids import AlertId, Level, StoreId, Subject
from schemas.reasons import Reason
from schemas.responses.line_moves import LineMoveReport, LineMoveReports
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock, say
from starter.commands.waitlists import Alert, Store, Yes, agree
from starter.services import Services
from starter.waitlists.line_moves import WantedMove

LOOK = timedelta(seconds=1)
"""How often it looks how far the move has come."""
UNMOVED = 15
"""Looks without a change after which it ends: a worker carries the move out, and perhaps none runs."""


@command
def move(
    terminal: Terminal,
    store: Store,
    variant: Annotated[str | None, typer.Option(help="Those who wait for this variant.")] = None,
    to_variant: Annotated[str | None, typer.Option(help="The variant they wait for from then on.")] = None,
    product: Annotated[str | None, typer.Option(help="Those who wait for this product as a whole.")] = None,
    to_product: Annotated[str | None, typer.Option(help="The product they wait for from then on.")] = None,
    alert: Alert = None,
    yes: Yes = False,
) -> None:
    """Move a line: show what it would do, ask, and let everyone in it wait for something else, with their places.

    The same again goes on where it was stopped, and moves whoever has come since.
    """
    wanted = _wanted(store, (variant, to_variant), (product, to_product), alert)
    shown = terminal.ask(lambda services: services.line_moving.would_move(wanted))
    if not shown.moved and not shown.left:
        terminal.tell(shown, in_words)
        return
    if not yes:
        agree(terminal, shown, in_words(shown), "Move them?")
    at_most = None if yes else shown.told_now

    async def moved(services: Services) -> LineMoveReport:
        return await _watched(services, await services.line_moving.move(wanted, who(), at_most))

    terminal.answer(moved, in_words)


@command
def moves(terminal: Terminal) -> None:
    """List the latest moves of lines, and how far each has come."""
    terminal.answer(lambda services: services.line_moving.latest(), _table)


async def _watched(services: Services, report: LineMoveReport) -> LineMoveReport:
    unmoved, number = 0, report.move
    assert number is not None, "it was asked for"
    while report.finished_at is None and unmoved < UNMOVED:
        await asyncio.sleep(LOOK.total_seconds())
        before, report = report, await services.line_moving.show(number)
        unmoved = unmoved + 1 if report == before else 0
        if report != before:
            say(f"{report.moved} moved.")
    return report


def _wanted(
    store: str, variant: tuple[str | None, str | None], product: tuple[str | None, str | None], alert: str | None
) -> WantedMove:
    given = [(level, pair) for level, pair in ((Level.VARIANT, variant), (Level.PRODUCT, product)) if any(pair)]
    if len(given) != 1 or not all(given[0][1]):
        hint = "--variant and --to-variant, or --product and --to-product"
        raise typer.BadParameter("name both of one kind", param_hint=hint)
    (level, (line, to)) = given[0]
    store_id = StoreId(store)
    return WantedMove(
        Subject(store_id=store_id, level=level, id=line or ""),
        Subject(store_id=store_id, level=level, id=to or ""),
        AlertId(alert) if alert is not None else None,
    )


_LEFT = {
    Reason.THERE_ALREADY: "there already: the better of their two places stays, the other wait ends",
    Reason.TOLD_ALREADY: "were told of it already",
    Reason.PURCHASED: "have bought it since they signed up",
}
_STAY = {
    Reason.NOT_IN_CART: "wait for what is in their cart",
    Reason.IN_STOCK: "could not be told of it: none of its units are counted",
}


def in_words(report: LineMoveReport) -> str:
    """What it does, line by line."""
    if not (report.moved or report.left or report.stay or report.called_forward) and not report.done:
        return f"Nobody waits for {report.from_subject}."
    verb = "would wait" if not report.done else "waits" if report.moved == 1 else "wait"
    lines = [f"{_people(report.moved)} {verb} for {report.to_subject} instead of {report.from_subject}."]
    if report.told_now:
        places = "for everyone" if report.places is None else f"{report.places}"
        lines.append(f"It is there: up to {report.told_now} of them are told at once. Places: {places}.")
    lines += [f"{people} {_LEFT.get(reason, reason.sentence)} ({reason})" for reason, people in report.left.items()]
    lines += [
        f"{people} stay: {_STAY.get(reason, reason.sentence)} ({reason})" for reason, people in report.stay.items()
    ]
    if report.called_forward:
        lines.append(f"{report.called_forward} stay: it is their turn just now.")
    if report.done and report.finished_at is None:
        lines.append(f"Move {report.move} goes on while a worker runs: `shelftalk waitlist moves` shows it.")
    return "\n".join(lines)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _table(reports: LineMoveReports) -> Table | str:
    if not reports.moves:
        return "No line was moved. `shelftalk waitlist move` moves one."
    table = Table("move", "store", "from", "to", "alert", "by", "asked (UTC)", "moved", "left", "finished (UTC)")
    table.box, table.pad_edge = None, False
    for each in reports.moves:
        table.add_row(
            str(each.move),
            each.store_id,
            each.from_subject,
            each.to_subject,
            each.alert or "all",
            f"{each.requested_by}, as successor" if each.standing else each.requested_by,
            clock(each.created_at),
            str(each.moved),
            str(sum(each.left.values())),
            clock(each.finished_at),
        )
    return table
