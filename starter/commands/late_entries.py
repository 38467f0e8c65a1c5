"""`shelftalk waitlist import` and `alert back-populate`: people enter late, after a look at who would."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from schemas.ids import StoreId
from schemas.responses.waitlists import BackPopulation, ImportReport, LateCounts, LeftOut
from starter.commands.alerts import AlertCode
from starter.commands.conversations import read_file
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import ExitCode, clock
from starter.commands.waitlists import Store, Yes, agree
from starter.services import Services
from starter.waitlists.files.files import WaitlistFile, read_waitlist
from starter.waitlists.files.moments import DateOrder
from starter.waitlists.files.table import LARGEST_FILE, CannotReadWaitlist
from starter.waitlists.late_entries import Progress as Advance
from starter.waitlists.late_entries import Total

MISTAKES_SAID = 20
"""Mistakes named to people; --json has more of them."""

Report = TypeVar("Report", ImportReport, BackPopulation)


@command
def import_(
    terminal: Terminal,
    file: Annotated[Path, typer.Argument(help="A CSV with a header; - for standard input.")],
    store: Store,
    alert: Annotated[str | None, typer.Option(help="Enter them there. [default: as the file says, or sign-up]")] = None,
    column: Annotated[list[str] | None, typer.Option(help="COLUMN=HEADER, as in email=Requested by.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="A HEADER that need not be read.")] = None,
    dates: Annotated[DateOrder | None, typer.Option(help="How 05/06/2024 is meant.")] = None,
    time_zone: Annotated[str, typer.Option(help="Of times that name no zone, like Europe/Berlin.")] = "UTC",
    country: Annotated[
        str | None, typer.Option(help="Whose phone numbers are written as people there write them, like US.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Import a waiting list: show what it would do, ask, and do it. Everyone keeps their time of sign-up.

    The same file again lets nobody in twice. You must be sure that they agreed to be written to: docs/waitlists.md.
    """
    read = _read(file, _columns(column or []), ignore or [], dates, time_zone, country)

    async def run(services: Services, total: Total, advance: Advance, keep: bool) -> ImportReport:
        imported = services.waitlist_imports.of(read, StoreId(store), alert)
        return await imported.run(total, advance, keep=keep, actor=who())

    _look_then_do(terminal, run, _imported, "Import them?", yes, lambda report: report.nothing_but_mistakes)


@command
def back_populate(
    terminal: Terminal,
    code: AlertCode,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only what was done from this day on, by UTC.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Let contacts enter an alert for what they did before it was at work, where they would be by now."""
    from_ = None if since is None else since.replace(tzinfo=UTC)

    async def run(services: Services, total: Total, advance: Advance, keep: bool) -> BackPopulation:
        return await services.back_population.run(code, from_, total, advance, keep=keep, actor=who())

    _look_then_do(terminal, run, _back_populated, "Let them enter?", yes)


def _look_then_do(
    terminal: Terminal,
    run: Callable[[Services, Total, Advance, bool], Awaitable[Report]],
    in_words: Callable[[Report], str],
    question: str,
    yes: bool,
    failed: Callable[[Report], bool] = lambda _: False,
) -> None:
    shown = terminal.ask(lambda services: _with_progress("Looking", services, run, keep=False)) if not yes else None
    if shown is None or shown.counts.entered:
        if shown is not None:
            agree(terminal, shown, in_words(shown), question)
        shown = terminal.ask(lambda services: _with_progress("Entering", services, run, keep=True))
    terminal.tell(shown, in_words)
    if failed(shown):
        raise typer.Exit(ExitCode.FAILED)


async def _with_progress(
    name: str,
    services: Services,
    run: Callable[[Services, Total, Advance, bool], Awaitable[Report]],
    *,
    keep: bool,
) -> Report:
    """Run it with a bar on standard error, if that is a terminal."""
    console = Console(stderr=True)
    columns = TextColumn(name), BarColumn(), MofNCompleteColumn(), TextColumn("people"), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(name, total=None)
        return await run(
            services,
            lambda people: bar.update(task, total=people),
            lambda people: bar.advance(task, people),
            keep,
        )


def _columns(named: list[str]) -> Mapping[str, str]:
    columns: dict[str, str] = {}
    for each in named:
        column, sign, header = (part.strip() for part in each.partition("="))
        if not sign:
            raise typer.BadParameter(f"{each!r} is not COLUMN=HEADER, as in email=Requested by", param_hint="--column")
        if column in columns:
            told = f"{column} is named twice; give one of the two headers a name of docs/waitlist-files.md in the file"
            raise typer.BadParameter(told, param_hint="--column")
        columns[column] = header
    return columns


def _read(
    file: Path,
    columns: Mapping[str, str],
    ignored: list[str],
    dates: DateOrder | None,
    time_zone: str,
    country: str | None,
) -> WaitlistFile:
    text = read_file(file, LARGEST_FILE + 1)
    try:
        return read_waitlist(
            text, columns=columns, ignored=ignored, default_time_zone=time_zone, dates=dates, country=country
        )
    except CannotReadWaitlist as error:
        advice = "docs/waitlist-files.md has what a file needs."
        raise CommandFailed(error.code, str(error), advice, ExitCode.USAGE) from None


_LEFT_OUT = {
    LeftOut.TOLD: "were told already, by the file",
    LeftOut.UNSUBSCRIBED: "have left, by the file",
    LeftOut.UNCONFIRMED: "have not confirmed their address, by the file",
    LeftOut.OTHER_CHANNEL: "wait on a channel other than e-mail and SMS",
    LeftOut.OTHER_STORE: "are of another store",
    LeftOut.OTHER_ALERT: "name another alert",
    LeftOut.UNREADABLE: "cannot be read",
    LeftOut.IN_THE_FUTURE: "have a time of sign-up in the future",
    LeftOut.UNKNOWN_VARIANT: "name a variant that is not known",
    LeftOut.UNKNOWN_PRODUCT: "name a product that is not known",
    LeftOut.UNKNOWN_SKU: "name an SKU that is not known",
    LeftOut.SEVERAL_VARIANTS: "mean several variants",
}


def _imported(report: ImportReport) -> str:
    understood = ", ".join(f"{column} from '{header}'" for column, all_ in report.columns.items() for header in all_)
    lines = [f"Format {report.format}: {understood}."]
    if report.unread:
        lines.append(f"Not read: {', '.join(map(repr, report.unread))}.")
    lines += [*report.notes, f"{report.rows} rows.", ""]
    lines += _counts(report.counts, done=report.done)
    if report.repeated:
        lines.append(f"{report.repeated} rows ask for the same as an earlier one")
    lines += [f"{count} rows {_LEFT_OUT[why]}" for why, count in report.left_out.items()]
    for diagnostic in report.diagnostics[:MISTAKES_SAID]:
        where = f"line {diagnostic.line}" + (f", '{diagnostic.column}'" if diagnostic.column else "")
        lines.append(f"  {where}: {diagnostic.message} {diagnostic.advice}")
    if report.mistake_count > MISTAKES_SAID:
        lines.append(f"  and {report.mistake_count - MISTAKES_SAID} more; --json names them")
    return "\n".join(lines)


def _back_populated(report: BackPopulation) -> str:
    seen = f"{report.contacts} contacts did what feeds alert '{report.alert}' since {clock(report.since)} UTC."
    return "\n".join([seen, *_counts(report.counts, done=report.done)])


def _counts(counts: LateCounts, *, done: bool) -> list[str]:
    lines = [f"{counts.entered} {'entered' if done else 'would enter'}"]
    if counts.in_stock_now:
        lines.append(f"  {counts.in_stock_now} of them for what is in stock: told at once as far as there are places")
    if counts.there_already:
        lines.append(f"{counts.there_already} there already, or told since")
    lines += [f"{count} not: {reason.sentence} ({reason})" for reason, count in counts.not_entered.items()]
    return lines
