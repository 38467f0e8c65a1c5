"""`shelftalk waitlist show`, `export` and `message`: who waits, the list as a file, and writing to it once."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Column, Table

from activities.waitlist.late import AlertDraft, NoSuchAlert
from schemas.model import Model
from schemas.waitlists import Saying, WaitingLine
from starter.commands.alerts import ACTOR
from starter.commands.asking import ask
from starter.commands.failures import CommandFailed
from starter.commands.terminal import AsJson, DataDir, ExitCode, clock, say, tell
from starter.http.retry import once_more
from starter.operations import Operations
from starter.waitlists import Lines, MoreToHear, UnknownMessage, WaitlistCsv, Waitlists
from starter.why import UnknownProduct

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
def show(
    store: Store,
    variant: Variant = None,
    product: Product = None,
    alert: Alert = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_SHOWN, help="How many contacts at most.")] = 50,
    addresses: Annotated[bool, typer.Option("--addresses", help="Show addresses too.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show who waits, in order: place, contact, since when, until when, and whether they are being told."""
    lines = _lines(store, variant, product, alert)

    async def question(operations: Operations) -> WaitingLine:
        with said_in_words():
            return await Waitlists(operations.pool).show(lines, limit, addresses=addresses)

    tell(ask(question, data_dir), _line, as_json=as_json)


@app.command("export")
def export(
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="Where to; - for standard output.")] = "-",
    store: Annotated[str | None, typer.Option("--store", help="Only of this store.")] = None,
    variant: Annotated[str | None, typer.Option(help="Only those who wait for this variant.")] = None,
    alert: Alert = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Write the waiting lists as CSV, with addresses, as `import` reads them."""
    if variant is not None and store is None:
        raise typer.BadParameter("a variant is one of a store: name that too", param_hint="--store")
    if as_json and file == "-":
        raise CommandFailed("usage", "Standard output is for the CSV.", "Name a file.", ExitCode.USAGE)

    async def question(operations: Operations) -> WaitlistCsv:
        with said_in_words():
            return await Waitlists(operations.pool).export(Lines(store, variant, None, alert), ACTOR)

    written = ask(question, data_dir)
    if file == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(written.text)
        sys.stdout.buffer.flush()
        return
    # For its owner only: it is full of addresses.
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(written.text)
    exported = Exported(file=file, contacts=written.contacts)
    tell(exported, lambda done: f"{done.contacts} contacts written to {done.file}.", as_json=as_json)


@app.command("message")
def message(
    store: Store,
    code: Annotated[str, typer.Option("--message", help="The message's code, in the conversation they are in.")],
    variant: Variant = None,
    product: Product = None,
    alert: Alert = None,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Write to everyone in a waiting list, once. They keep their place, and are told as ever when it is their turn."""
    lines = _lines(store, variant, product, alert)

    async def look(operations: Operations) -> Saying:
        with said_in_words():
            return await Waitlists(operations.pool).would_say(lines, code)

    shown = ask(look, data_dir)
    if not shown.to_hear:
        tell(shown, _saying, as_json=as_json)
        return
    if not yes:
        agree(shown, _saying(shown), "Write to them?", as_json=as_json)

    async def speak(operations: Operations) -> Saying:
        at_most = None if yes else shown.to_hear
        with said_in_words():
            return await once_more(lambda: Waitlists(operations.pool).say(lines, code, ACTOR, at_most))

    tell(ask(speak, data_dir), _saying, as_json=as_json)


def agree(shown: Model, in_words: object, question: str, *, as_json: bool) -> None:
    """Ask whether to do what was shown. Without a yes, what was shown is the answer, and the command fails.

    Raises:
        Exit: there was no yes.
    """
    if sys.stdin.isatty():
        say(str(in_words))
        if typer.confirm(question, err=True):
            return
    tell(shown, lambda _: in_words, as_json=as_json)
    say("Nothing was changed. Say --yes to do it.")
    raise typer.Exit(ExitCode.FAILED)


@contextmanager
def said_in_words() -> Generator[None]:
    """Says what these operations refuse as the commands do."""
    try:
        yield
    except NoSuchAlert as error:
        raise CommandFailed("no_such_alert", str(error), "`shelftalk alert list` shows them.") from None
    except AlertDraft as error:
        advice = "Set a message live and publish the conversation: `shelftalk conversation publish FILE`."
        raise CommandFailed("alert_draft", str(error), advice) from None
    except UnknownProduct as error:
        advice = "Its storefront has not told of it yet; `shelftalk product set` puts it in by hand."
        raise CommandFailed("unknown_product", f"Nothing is known of {error}.", advice) from None
    except UnknownMessage as error:
        advice = "Put it into the conversation's document and publish that; those who sign up from then on have it."
        raise CommandFailed("unknown_message", str(error), advice) from None
    except MoreToHear as error:
        raise CommandFailed("more_than_shown", str(error), "Look again, and answer anew.") from None


def _lines(store: str, variant: str | None, product: str | None, alert: str | None) -> Lines:
    if (variant is None) == (product is None):
        raise typer.BadParameter("name one of the two", param_hint="--variant, --product")
    return Lines(store, variant, product, alert)


def _line(line: WaitingLine) -> Table | str:
    if not line.waiting:
        return "Nobody waits."
    with_addresses = any(each.email for each in line.waiting)
    names = (*(("address",) if with_addresses else ()), "subject", "alert", "entered (UTC)", "window ends (UTC)", "")
    table = Table(Column("place", justify="right"), Column("contact", no_wrap=True), *names, box=None, pad_edge=False)
    for each in line.waiting:
        table.add_row(
            str(each.place),
            each.contact_id,
            *((each.email or "–",) if with_addresses else ()),
            each.subject,
            each.alert,
            clock(each.entered_at),
            clock(each.window_ends_at),
            "being told" if each.claimed else "",
        )
    if line.total > len(line.waiting):
        table.caption = f"The first {len(line.waiting)} of {line.total}"
    return table


def _saying(saying: Saying) -> str:
    people = "1 person" if saying.to_hear == 1 else f"{saying.to_hear} people"
    lines = [f"{people} {'get' if saying.done else 'would get'} the message '{saying.message}'."]
    if saying.to_hear == 1:
        lines = [lines[0].replace(" get ", " gets ")]
    if saying.lacking:
        lines.append(f"{saying.lacking} cannot: they are in a version of the conversation without it.")
    if saying.heard:
        lines.append(f"{saying.heard} got it before, or are getting it.")
    if saying.called_forward:
        lines.append(f"{saying.called_forward} are just being told that it is their turn, and are left alone.")
    return "\n".join(lines)
