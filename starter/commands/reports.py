"""`shelftalk report`, `why` and `why-product`: what was wanted, what became of a list, why somebody was not told."""

import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Annotated, TypeVar

import typer
from rich.console import Group
from rich.table import Column, Table

from schemas.channels import Channel
from schemas.ids import Level, StoreId
from schemas.model import Model
from schemas.reasons import Reason
from schemas.responses.message_activity import ActivityBy, MessageActivity
from schemas.responses.reports import ListReport
from schemas.responses.revenue import RevenueReport
from schemas.responses.why import WhyContact, WhyEntry, WhyMessage, WhyProduct
from starter.commands.terminal.acting import who
from starter.commands.terminal.addresses import looked_for
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import ExitCode, clock
from starter.commands.wanted_table import wanted_table
from starter.reporting.reports import LARGEST_REPORT, BadPeriod, Period
from starter.reporting.spreadsheets import list_csv, messages_csv, revenue_csv, wanted_csv
from starter.support.why import MOST_ENTRIES, About

app = typer.Typer(
    help="What was wanted most, what became of each list's contacts, and what messages earned.", no_args_is_help=True
)

Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on, by the list's clock.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to this day, the day included.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="CSV on standard output, for spreadsheets.")]
Entries = Annotated[int, typer.Option(min=1, max=MOST_ENTRIES, help="How many contacts at most.")]
Answer = TypeVar("Answer", bound=Model)
DAYS_SHOWN = 14
"""Days a terminal shows of a list; --json and --csv have all of them."""


@app.command("wanted")
@command
def wanted(
    terminal: Terminal,
    list_: Annotated[str | None, typer.Option("--list", help="Only of this list.")] = None,
    since: Since = None,
    until: Until = None,
    by: Annotated[Level, typer.Option(help="One line for each variant, or for each product.")] = Level.VARIANT,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST_REPORT, help="How many lines at most.")] = 50,
    as_csv: AsCsv = False,
) -> None:
    """Show what is wanted most: who waits, was lost to the window, was told and bought, and how many to order."""
    period = period_of(since, until)
    report = terminal.ask(lambda services: services.reports.wanted(list_, period, by, limit))
    give(terminal, report, wanted_table, wanted_csv, as_csv=as_csv)


@app.command("list")
@command
def list_(
    terminal: Terminal,
    code: Annotated[str, typer.Argument(metavar="LIST", help="The list's code.")] = "default",
    since: Since = None,
    until: Until = None,
    as_csv: AsCsv = False,
) -> None:
    """Show what became of a list's contacts, by alert and by day: entered, told, bought after, left and why."""
    period = period_of(since, until)
    report = terminal.ask(lambda services: services.reports.list_figures(code, period))
    give(terminal, report, _figures, list_csv, as_csv=as_csv)


@app.command("revenue")
@command
def revenue(
    terminal: Terminal,
    list_: Annotated[str | None, typer.Option("--list", help="Only of this list.")] = None,
    since: Since = None,
    until: Until = None,
    as_csv: AsCsv = False,
) -> None:
    """Show what messages earned: the orders credited to each, refunds and cancellations deducted, by currency."""
    period = period_of(since, until)
    report = terminal.ask(lambda services: services.revenue.report(list_, period))
    give(terminal, report, revenue_table, revenue_csv, as_csv=as_csv)


@app.command("messages")
@command
def messages(
    terminal: Terminal,
    by: Annotated[ActivityBy, typer.Option(help="What one line is of.")] = ActivityBy.MESSAGE,
    list_: Annotated[str | None, typer.Option("--list", help="Only of this list.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Only of this conversation.")] = None,
    alert: Annotated[str | None, typer.Option(help="Only of this alert.")] = None,
    store: Annotated[str | None, typer.Option(help="Only of this store.")] = None,
    since: Since = None,
    until: Until = None,
    as_csv: AsCsv = False,
) -> None:
    """Show what became of messages: delivered, opened, clicked, bounced. Of the last 30 days, if you name no others."""
    period = period_of(since, until)
    of_store = StoreId(store) if store else None
    report = terminal.ask(
        lambda services: services.message_reports.activity(period, by, list_, conversation, alert, of_store)
    )
    give(terminal, report, _messages_sent, messages_csv, as_csv=as_csv)


@command
def why(
    terminal: Terminal,
    address: Annotated[str, typer.Argument(help="The contact's e-mail address or number, +….")],
    store: Annotated[str | None, typer.Option(help="Only of this store.")] = None,
    variant: Annotated[str | None, typer.Option(help="Only of this variant, its whole product included.")] = None,
    product: Annotated[str | None, typer.Option(help="Only of this product.")] = None,
    limit: Entries = 100,
) -> None:
    """Say of a contact why they were not told, or not yet, of everything they were considered for."""
    if store is None and (variant is not None or product is not None):
        raise typer.BadParameter("a variant or a product is one of a store: name the store too", param_hint="--store")
    about, asked = About(store, variant, product), looked_for(address, "ADDRESS")
    terminal.answer(lambda services: services.why.contact(asked, about, limit, who()), _why)


@command
def why_product(
    terminal: Terminal,
    store: Annotated[str, typer.Option("--store", help="The store's id.")],
    variant: Annotated[str | None, typer.Option(help="The variant, those who wait for its product included.")] = None,
    product: Annotated[str | None, typer.Option(help="The product, with all its variants.")] = None,
    limit: Entries = 100,
) -> None:
    """Say of a product or variant who was not told and why, and where those who wait stand."""
    if (variant is None) == (product is None):
        raise typer.BadParameter("name one of the two", param_hint="--variant, --product")
    about = About(store, variant, product)
    terminal.answer(lambda services: services.why.product(StoreId(store), about, limit), _why_product)


def period_of(since: datetime | None, until: datetime | None) -> Period:
    """The days that two options name."""
    try:
        return Period(_day(since), _day(until))
    except BadPeriod as error:
        raise typer.BadParameter(str(error), param_hint="--since, --until") from None


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def give(
    terminal: Terminal,
    answer: Answer,
    show: Callable[[Answer], object],
    as_table: Callable[[Answer], bytes],
    *,
    as_csv: bool,
) -> None:
    """Give a report: as JSON, as CSV by `as_table`, or the way `show` puts it for people."""
    if terminal.as_json and as_csv:
        raise CommandFailed("usage", "An answer is JSON or CSV, not both.", exit_=ExitCode.USAGE)
    if as_csv:
        sys.stdout.flush()
        sys.stdout.buffer.write(as_table(answer))
        sys.stdout.buffer.flush()
    else:
        terminal.tell(answer, show)


def revenue_table(report: RevenueReport) -> Group | str:
    """What messages earned, for people."""
    if not report.messages:
        return "No message was sent, and none earned anything."
    table = Table(
        "conversation",
        "message",
        *(Column(name, justify="right") for name in ("sent", "orders", "earned")),
        "by",
        box=None,
        pad_edge=False,
    )
    for row in report.messages:
        by = ", ".join(f"{touch}: {count}" for touch, count in row.by_touch.items()) or "–"
        earned = f"{row.net} {row.currency}" if row.currency else "–"
        table.add_row(row.conversation, row.message, str(row.sent), str(row.orders), earned, by)
    totals = [
        f"{each.currency}: messages earned {each.credited_net} of {each.net}, by {each.credited_orders} of "
        f"{each.orders} orders"
        for each in report.currencies
    ]
    return Group(
        table, *(("", *totals) if totals else ("", "No order was told with its total: docs/revenue.md says how."))
    )


def _messages_sent(report: MessageActivity) -> Table | str:
    if not report.messages:
        return f"No message was sent from {report.since or 'the first day'} to {report.until or 'today'}."
    named = {
        ActivityBy.LIST: ("list_code",),
        ActivityBy.CONVERSATION: ("list_code", "conversation"),
        ActivityBy.ALERT: ("list_code", "conversation", "alert"),
        ActivityBy.VERSION: ("list_code", "version"),
        ActivityBy.STEP: ("list_code", "version", "step"),
        ActivityBy.MESSAGE: ("list_code", "version", "step", "message"),
    }[report.by]
    figures = ("sent", "told", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "unknown")
    # In a narrow window a name is broken, not cut off: it is what the others are asked about by.
    heads = (Column(name.removesuffix("_code"), overflow="fold") for name in named)
    table = Table(*heads, *(Column(name, justify="right") for name in figures), box=None, pad_edge=False)
    for row in report.messages:
        names = (getattr(row, name) or "–" for name in named)
        table.add_row(*names, *(str(getattr(row, name)) for name in figures))
    table.caption = (
        f"sent from {report.since or 'the first day'} to {report.until or 'today'}; opened, clicked: by people"
    )
    return table


def _figures(report: ListReport) -> Group | str:
    if not report.alerts and not report.conversations:
        return f"List '{report.list_code}' has no alert, and nobody entered a conversation of it."
    alerts = _figure_table("alert", "waiting", "not confirmed")
    for alert in report.alerts:
        figures = alert.waiting, alert.unconfirmed, alert.entered, alert.told, alert.bought_after
        alerts.add_row(alert.alert, *map(str, figures), _left(alert.left))
    days = _figure_table("day", "alert")
    for day in report.days[-DAYS_SHOWN:]:
        days.add_row(str(day.day), day.alert, *map(str, (day.entered, day.told, day.bought_after)), _left(day.left))
    title = f"{report.name} ({report.list_code}), days in {report.time_zone}"
    if report.put_off:
        title += f"\nPut off now for a cap: {report.put_off}"
    conversations = _figure_table("conversation", "under way")
    for each in report.conversations:
        figures = each.in_flight, each.entered, each.told, each.bought_after
        conversations.add_row(each.conversation, *map(str, figures), _left(each.left))
    tables = ((alerts, report.alerts), (days, report.days), (conversations, report.conversations))
    return Group(title, *(part for table, rows in tables if rows for part in ("", table)))


def _figure_table(*names: str) -> Table:
    return Table(*names, "entered", "told", "bought after", "left untold", box=None, pad_edge=False)


def _left(reasons: dict[Reason, int]) -> str:
    return ", ".join(f"{reason}: {count}" for reason, count in reasons.items()) or "–"


def _why(report: WhyContact) -> str:
    if not report.known:
        return "Nobody with this address has signed up or been seen."
    lines = [*_entries(report.entries), *_messages(report.messages)]
    return "\n".join(lines) or "They were not considered for this."


def _messages(messages: tuple[WhyMessage, ...]) -> Iterator[str]:
    """A heading, and of each message a line of what it is and one of why."""
    if messages:
        yield f"\n{len(messages)} message{'' if len(messages) == 1 else 's'} to them, in order:"
    for each in messages:
        kind = "text message" if each.channel is Channel.SMS else "message"
        subject = f'"{each.subject}"' if each.subject is not None else f"{kind} '{each.message}'"
        about = f"{each.store_id}/{each.about}, {each.product_title}" if each.about else each.store_id
        unknown = " (nobody knows whether it left)" if each.unknown else ""
        together = f", with {', '.join(each.together)} in the same message" if each.together else ""
        yield f"{clock(each.sent_at)} UTC  {subject}{unknown}  {about}{together}  journey {each.journey_id}"
        yield f"    {each.cause}{f' Why again: {each.again}' if each.again else ''}"


def _why_product(report: WhyProduct) -> str:
    asked = f", {report.unconfirmed} not confirmed yet" if report.unconfirmed else ""
    lines = [f"{report.waiting} waiting{asked}, {report.told} told."]
    lines += [f"{each.count} left untold: {each.reason.sentence} ({each.reason})" for each in report.not_told]
    lines += [f"{each.count} never entered: {each.reason.sentence} ({each.reason})" for each in report.never_entered]
    return "\n".join((*lines, *_entries(report.entries)))


def _entries(entries: tuple[WhyEntry, ...]) -> Iterator[str]:
    """Two lines each: who and what, and the sentence."""
    for entry in entries:
        code = entry.standing.not_yet if entry.standing else entry.reason
        subject = f"{entry.store_id}/{entry.subject}, {entry.product_title}" if entry.subject else entry.store_id
        what = f"alert {entry.alert}" if entry.alert else f"conversation {entry.conversation}"
        yield (f"{entry.contact_id}  {subject}  {what}, {entry.status}, since {clock(entry.considered_at)} UTC")
        yield f"    {entry.sentence} ({code})" if code else f"    {entry.sentence}"
