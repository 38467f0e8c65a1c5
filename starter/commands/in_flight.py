"""Publishing while people are under way, on the command line: the counts first, then what is to become of them."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from schemas.responses.operations import NOT_AT_REST, Choice, InFlight, Place
from starter.commands.terminal.acting import agreed
from starter.commands.terminal.asking import Terminal
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import say

UnderWayOption = Annotated[
    Choice | None,
    typer.Option("--in-flight", help="What becomes of journeys under way: they stay on their version, move, or end."),
]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why; kept with the publication.")]
PLACES_SAID = 15
"""Places named before the question; `GET /v1/conversations/{code}/in-flight` has them all."""


def decided(terminal: Terminal, shown: InFlight, choice: Choice | None, *, yes: bool) -> Choice:
    """What is to become of those under way: as the command line says, or as somebody answers who has seen the counts.

    Raises:
        CommandFailed: nobody is there to ask, or they said no; nothing was published.
    """
    if not shown.journeys:
        return choice or Choice.STAY
    at_hand = sys.stdin.isatty() and not terminal.as_json
    if choice is None and not at_hand:
        raise CommandFailed(
            "under_way_undecided",
            "\n".join(lines(shown)),
            "Nothing was published. Say what becomes of them: --in-flight stay, move or end.",
        )
    if choice is None or (at_hand and not yes):
        for line in lines(shown):
            say(line)
    if choice is None:
        choice = Choice(typer.prompt("stay, move or end?", default=Choice.STAY.value, type=Choice, err=True))
    agreed(terminal, consequence(shown, choice), yes=yes or choice is Choice.STAY or not at_hand)
    return choice


def agreed_to_tell(terminal: Terminal, shown: InFlight, *, yes: bool) -> None:
    """Ask, where publishing would tell some of those who wait at once.

    Raises:
        CommandFailed: nobody is there to ask, or they said no; nothing was published.
    """
    if shown.told_now:
        people = "1 contact who waits is" if shown.told_now == 1 else f"{shown.told_now} contacts who wait are"
        agreed(terminal, f"With the terms of {shown.version} {people} told at once.", yes=yes)


def lines(shown: InFlight) -> Sequence[str]:
    """The counts, and what each choice would do."""
    people = "1 journey is" if shown.journeys == 1 else f"{shown.journeys} journeys are"
    told = [f"{people} under way in '{shown.conversation}' on another version than {shown.version}:"]
    told += [f"  {_place(each, shown.version)}" for each in shown.places[:PLACES_SAID]]
    if len(shown.places) > PLACES_SAID:
        told.append(f"  and at {len(shown.places) - PLACES_SAID} more places")
    return [*told, *(f"{choice.value}: {consequence(shown, choice)}" for choice in Choice)]


def _place(each: Place, version: str) -> str:
    elsewhere = f"; no place to go on from in {version}" if each.moves_later and each.place != NOT_AT_REST else ""
    return f"{each.journeys} at {each.place}, on {each.version}{elsewhere}"


def consequence(shown: InFlight, choice: Choice) -> str:
    """What a choice does to those under way, in a sentence."""
    match choice:
        case Choice.STAY:
            return f"all {shown.journeys} live by their version to the end."
        case Choice.MOVE:
            later = (
                f"; {shown.moves_later} at the next rest that it has too, and not at all if they come to none"
                if shown.moves_later
                else ""
            )
            return f"{shown.moves_now} move to {shown.version} where they stand{later}. Nothing is said twice."
        case Choice.END:
            return f"all {shown.journeys} end, and {shown.in_line} places in line are given up. That cannot be undone."
