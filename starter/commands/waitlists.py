"""`shelftalk waitlist show`, `export` and `message`: who waits, the list as a file, and writing to it once."""

import os
import sys
from typing import Annotated

import typer
from rich.table import Column, Table

from schemas.ids import Level
from schemas.model import Model
from schemas.responses.waitlists import Saying, WaitingLine
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import ExitCode, clock, say
from starter.waitlists.waitlists import Lines

app = typer.Typer(help="Show, export, import and write to waiting lists.", no_args_is_help=True)

MOST_SHOWN = 10_000
"""Contacts of one answer; `export` has no bound."""

Store = Annotated[str, typer.Option("--store", help="The store's id.")]
Variant = Annotated[str | None, typer.Option(help="Those who wait for this variant.")]
Product = Annotated[str | None, typer.Option(help="Those who wait for this product or any variant of it.")]
Alert = Annotated[str | None, typer.Option(help="Only of this alert.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


class Exported(Model):
    """What was written."""

    file: str
    contacts: int


@app.command("show")
@command
def show(
    terminal: Terminal,
    store: Store,
    variant: Variant = None,
    product: Product = None,
    alert: Alert = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_SHOWN, help="How many contacts at most.")] = 50,
    addresses: Annotated[bool, typer.Option("--addresses", help="Show addresses too.")] = False,
) -> None:
    """Show who waits, in order: place, contact, since when, until when, and whether they are being told."""
    lines = _lines(store, variant, product, alert)
    terminal.answer(lambda services: services.waitlists.show(lines, limit, addresses=addresses, by=who()), _line)


@app.command("export")
@command
def export(
    terminal: Terminal,
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="Where to; - for standard output.")] = "-",
    store: Annotated[str | None, typer.Option("--store", help="Only of this store.")] = None,
    variant: Annotated[str | None, typer.Option(help="Only those who wait for this variant.")] = None,
    alert: Alert = None,
) -> None:
    """Write the waiting lists as CSV, with addresses, as `import` reads them."""
    if variant is not None and store is None:
        raise typer.BadParameter("a variant is one of a store: name that too", param_hint="--store")
    if terminal.as_json and file == "-":
        raise CommandFailed("usage", "Standard output is for the CSV.", "Name a file.", ExitCode.USAGE)
    written = terminal.ask(lambda services: services.waitlists.export(Lines(store, variant, None, alert), who()))
    if file == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(written.text)
        sys.stdout.buffer.flush()
        return
    # For its owner only: it is full of addresses.
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(written.text)
    exported = Exported(file=file, contacts=written.contacts)
    terminal.tell(exported, lambda done: f"{done.contacts} contacts written to {done.file}.")


@app.command("message")
@command
def message(
    terminal: Terminal,
    store: Store,
    code: Annotated[str, typer.Option("--message", help="The message's code, in the conversation they are in.")],
    variant: Variant = None,
    product: Product = None,
    alert: Alert = None,
    yes: Yes = False,
) -> None:
    """Write to everyone in a waiting list, once. They keep their place, and are told as ever when it is their turn."""
    lines = _lines(store, variant, product, alert)
    shown = terminal.ask(lambda services: services.waitlists.would_broadcast(lines, code))
    if not shown.to_hear:
        terminal.tell(shown, _saying)
        return
    if not yes:
        agree(terminal, shown, _saying(shown), "Write to them?")
    at_most = None if yes else shown.to_hear
    terminal.answer(lambda services: services.waitlists.broadcast(lines, code, who(), at_most), _saying)


def agree(terminal: Terminal, shown: Model, in_words: object, question: str) -> None:
    """Ask whether to do what was shown. Without a yes, what was shown is the answer, and the command fails.

    Raises:
        Exit: there was no yes.
    """
    if sys.stdin.isatty():
        say(str(in_words))
        if typer.confirm(question, err=True):
            return
    terminal.tell(shown, lambda _: in_words)
    say("Nothing was changed. Say --yes to do it.")
    raise typer.Exit(ExitCode.FAILED)


def level_and_id(variant: str | None, product: str | None) -> tuple[Level, str]:
    """What of the two options was named: one of them.

    Raises:
        BadParameter: both were, or none.
    """
    if (variant is None) == (product is None):
        raise typer.BadParameter("name one of the two", param_hint="--variant, --product")
    return (Level.PRODUCT, product) if product is not None else (Level.VARIANT, variant or "")


def _lines(store: str, variant: str | None, product: str | None, alert: str | None) -> Lines:
    level_and_id(variant, product)
    return Lines(store, variant, product, alert)


def _line(line: WaitingLine) -> Table | str:
    asked = f"{line.unconfirmed} not confirmed yet, whose place does not count until then" if line.unconfirmed else ""
    succeeded = f"once it is gone for good, they wait for its successor, {line.successor}" if line.successor else ""
    if not line.waiting:
        return " ".join(filter(None, ("Nobody waits.", asked and f"{asked}.", succeeded and f"{succeeded}.")))
    with_addresses = any(each.email or each.phone for each in line.waiting)
    several = any(each.quantity > 1 for each in line.waiting)
    names = (*(("address",) if with_addresses else ()), "subject", *(("wants",) if several else ()), "alert")
    names += ("entered (UTC)", "window ends (UTC)", "")
    table = Table(Column("place", justify="right"), Column("contact", no_wrap=True), *names, box=None, pad_edge=False)
    for each in line.waiting:
        table.add_row(
            str(each.place),
            each.contact_id,
            *((" ".join(filter(None, (each.email, each.phone))) or "–",) if with_addresses else ()),
            each.subject,
            *((str(each.quantity),) if several else ()),
            each.alert,
            clock(each.entered_at),
            clock(each.window_ends_at),
            "being told" if each.claimed else "",
        )
    cut = f"The first {len(line.waiting)} of {line.total}" if line.total > len(line.waiting) else ""
    grown = f"long since {clock(line.long_since)} UTC, by the number of its list" if line.long_since else ""
    if cut or asked or grown or succeeded:
        table.caption = "; ".join(filter(None, (cut, asked, grown, succeeded)))
    return table


def _saying(saying: Saying) -> str:
    people = "1 person" if saying.to_hear == 1 else f"{saying.to_hear} people"
    lines = [f"{people} {'get' if saying.done else 'would get'} the message '{saying.message}'."]
    if saying.to_hear == 1:
        lines = [lines[0].replace(" get ", " gets ")]
    if saying.lacking:
        lines.append(f"{saying.lacking} cannot: they are in a version of the conversation without it.")
    if saying.sent_before:
        lines.append(f"{saying.sent_before} got it before, or are getting it.")
    if saying.called_forward:
        lines.append(f"{saying.called_forward} are just being told that it is their turn, and are left alone.")
    return "\n".join(lines)
