"""`shelftalk journey`: finding, showing, replaying and cancelling journeys. What support works with."""

from typing import Annotated

import typer
from rich.table import Column, Table

from schemas.ids import ContactId, JourneyId
from schemas.responses.journeys import JourneyPage, JourneyReport, JourneyStatus, in_words, stay_sentences
from starter.commands.playing import play
from starter.commands.terminal.acting import who
from starter.commands.terminal.addresses import address_of
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock
from starter.commands.terminal.paths import path_table
from starter.support.journeys import JourneyFilter

app = typer.Typer(help="Find, show, replay and cancel journeys.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The journey's id, j-….")]


@app.command("list")
@command
def list_(
    terminal: Terminal,
    store: Annotated[str | None, typer.Option(help="Only of this store.")] = None,
    variant: Annotated[str | None, typer.Option(help="Only of this variant.")] = None,
    email: Annotated[str | None, typer.Option(help="Only of the contact with this address.")] = None,
    phone: Annotated[str | None, typer.Option(help="Only of the contact with this number, +….")] = None,
    contact: Annotated[str | None, typer.Option(help="Only of the contact with this id, c-….")] = None,
    status: Annotated[JourneyStatus | None, typer.Option(help="Only those that stand there.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
) -> None:
    """List journeys, newest first."""
    contact_id = None if contact is None else ContactId(contact)
    address = address_of(phone, "--phone") if phone is not None else email
    filter_ = JourneyFilter(store_id=store, variant_id=variant, contact_id=contact_id, address=address, status=status)
    terminal.answer(lambda services: services.journeys.page(filter_, cursor, limit, who()), _page)


@app.command("show")
@command
def show(terminal: Terminal, journey_id: Id) -> None:
    """Show how a journey stands, and why."""
    terminal.answer(lambda services: services.journeys.show(JourneyId(journey_id)), _report)


@app.command("replay")
@command
def replay(
    terminal: Terminal,
    journey_id: Id,
    step_by_step: Annotated[bool, typer.Option("--play", help="Step through it by keys.")] = False,
    speed: Annotated[
        float | None, typer.Option("--speed", min=0.1, max=50, help="Play by itself: so many stays a second.")
    ] = None,
) -> None:
    """Print a contact's path step by step, by replaying the workflow's history: times, verdicts, and why."""
    path = terminal.ask(lambda services: services.paths.of(JourneyId(journey_id), who()))
    if (step_by_step or speed is not None) and not terminal.as_json:
        play(path, speed)
        return
    terminal.tell(path, path_table)


@app.command("cancel")
@command
def cancel(terminal: Terminal, journey_id: Id) -> None:
    """End a journey; its place passes to the next in line."""
    terminal.answer(
        lambda services: services.journeys.cancel(JourneyId(journey_id), who()),
        lambda journey: f"Journey {journey.journey_id} is asked to leave.",
    )


def _page(page: JourneyPage) -> Table | str:
    if not page.journeys:
        return "No journeys."
    # Ids are there to be copied: the last thing to be cut in a narrow window.
    journeys = Column("journey", no_wrap=True, min_width=len(page.journeys[0].journey_id))
    columns = ("store", "variant", "status", "entered (UTC)", "told (UTC)", "why")
    table = Table(journeys, *columns, box=None, pad_edge=False)
    for journey in page.journeys:
        table.add_row(
            journey.journey_id,
            journey.store_id,
            journey.variant_id,
            shown_status(journey),
            clock(journey.entered_at),
            clock(journey.told_at),
            journey.reason or "",
        )
    if page.next:
        table.caption = f"More: --cursor {page.next}"
    return table


def _report(journey: JourneyReport) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    rows = {
        "journey": journey.journey_id,
        "contact": journey.contact_id,
        "subject": f"{journey.store_id}/{journey.subject}" if journey.subject else f"{journey.store_id}, no product",
        **_entered_for(journey),
        "status": shown_status(journey),
        **({"wants": f"{journey.quantity} units"} if (journey.quantity or 1) > 1 else {}),
        "entered (UTC)": clock(journey.entered_at),
        "window ends (UTC)": clock(journey.window_ends_at),
        "told (UTC)": clock(journey.told_at),
        "ended (UTC)": clock(journey.ended_at) + (f" {journey.ending}" if journey.ending is not None else ""),
        "why": f"{journey.why} ({journey.reason})" if journey.why else "–",
        **({"moved": "\n".join(move.sentence for move in journey.moves)} if journey.moves else {}),
        **({"stays": "\n".join(stays)} if (stays := stay_sentences(journey.stays_from, journey.stays_as)) else {}),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _entered_for(journey: JourneyReport) -> dict[str, str]:
    if journey.alert is None:
        return {"conversation": f"{journey.version}, entered on {journey.entered_on}"}
    return {"alert": f"{journey.alert}, version {journey.version}"}


def shown_status(journey: JourneyReport) -> str:
    """Where it stands, in a few words."""
    if journey.status is JourneyStatus.WAITING and journey.ahead is not None:
        return f"waiting, {in_words(journey.ahead)} ahead"
    return str(journey.status)
