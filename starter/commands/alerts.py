"""`shelftalk alert`, and pausing a conversation: who keeps their place, and what leaves once it goes on."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from schemas.responses.pausing import AlertState, AlertStates, PauseReport, ResumeReport
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import clock, say
from starter.ops.pausing import Pausable

app = typer.Typer(help="See, pause and resume alerts.", no_args_is_help=True)

SUBJECTS_SAID = 10
"""Subjects named before the question; --json has more of them."""

AlertCode = Annotated[str, typer.Argument(metavar="ALERT", help="The alert's code.")]
ConversationCode = Annotated[str, typer.Argument(metavar="CONVERSATION", help="The conversation's code.")]
Yes = Annotated[bool, typer.Option("--yes", help="Resume however many would be told; do not ask.")]


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List the alerts: what each watches, how many wait, and whether it is paused."""
    terminal.answer(lambda services: services.pausing.alerts(), _table)


@app.command("pause")
@command
def pause(terminal: Terminal, code: AlertCode) -> None:
    """Pause an alert: everyone keeps their place, sign-ups are still taken, nothing is sent."""
    _pause(terminal, Pausable("alert", code))


@app.command("resume")
@command
def resume(terminal: Terminal, code: AlertCode, yes: Yes = False) -> None:
    """Show how many would be told now, ask, and let an alert go on."""
    _resume(terminal, Pausable("alert", code), yes)


@command
def pause_conversation(terminal: Terminal, code: ConversationCode) -> None:
    """Pause a conversation with all its alerts: everyone keeps their place, nothing is sent."""
    _pause(terminal, Pausable("conversation", code))


@command
def resume_conversation(terminal: Terminal, code: ConversationCode, yes: Yes = False) -> None:
    """Show how many would be told now, ask, and let a conversation go on."""
    _resume(terminal, Pausable("conversation", code), yes)


def _pause(terminal: Terminal, what: Pausable) -> None:
    terminal.answer(lambda services: services.pausing.pause(what, who()), _paused)


def _resume(terminal: Terminal, what: Pausable, yes: bool) -> None:
    shown = terminal.ask(lambda services: services.pausing.would_resume(what))
    if shown.paused_at is None:
        terminal.tell(shown, _resumed)
        return
    if not yes:
        _agree(terminal, shown)
    at_most = None if yes else shown.at_most
    terminal.answer(lambda services: services.pausing.resume(what, who(), at_most), _resumed)


def _agree(terminal: Terminal, shown: ResumeReport) -> None:
    """Show what would be sent and have it agreed to.

    Raises:
        CommandFailed: there was no yes; nothing was changed.
    """
    counted = would_be_sent(shown)
    if not terminal.as_json:
        for line in (counted, *_subjects(shown)):
            say(line)
    if not (sys.stdin.isatty() and typer.confirm("Resume?", err=True)):
        raise CommandFailed(
            "not_confirmed",
            f"{counted} Nothing was changed: it is still paused." if terminal.as_json else "Nothing was changed.",
            "Say --yes to resume.",
        )


def would_be_sent(shown: ResumeReport) -> str:
    """The counts in words."""
    people = "1 person" if shown.told_now == 1 else f"{shown.told_now} people"
    said = f"{people} would be told now."
    if shown.also_paused:
        said = f"{people} would be told now: its conversation is paused too, so nothing moves until that is resumed."
    if shown.held_up:
        said += f" {shown.held_up} held-up messages leave with their next check, within 15 minutes."
    if shown.going_on:
        said += f" Of {shown.going_on} told before, a later message may have fallen due."
    return said


def _subjects(shown: ResumeReport) -> list[str]:
    lines = [
        f"  {each.told_now} for {each.product_title} ({each.store_id}/{each.subject}), alert {each.alert}"
        for each in shown.subjects[:SUBJECTS_SAID]
    ]
    more = shown.subject_count - len(lines)
    return [*lines, f"  and those of {more} more"] if more else lines


def _paused(report: PauseReport) -> str:
    since = "is paused" if report.changed else f"has been paused since {clock(report.paused_at)} UTC"
    return f"The {report.kind} '{report.code}' {since}. Everyone keeps their place."


def _resumed(report: ResumeReport) -> str:
    if not report.resumed:
        return f"The {report.kind} '{report.code}' is not paused."
    people = "1 person is" if report.told_now == 1 else f"{report.told_now} people are"
    return f"The {report.kind} '{report.code}' goes on; {people} called forward."


def _table(states: AlertStates) -> Table | str:
    if not states.alerts:
        return "No alerts. Publish a conversation: `shelftalk conversation publish FILE`."
    table = Table("alert", "type", "by", "list", "conversation", "waiting", "state", box=None, pad_edge=False)
    for alert in states.alerts:
        table.add_row(
            alert.alert,
            alert.type,
            alert.action,
            alert.list_code,
            alert.conversation,
            str(alert.waiting),
            _state(alert),
        )
    return table


def _state(alert: AlertState) -> str:
    if alert.paused_at is not None:
        return f"paused since {clock(alert.paused_at)} UTC"
    if alert.conversation_paused_at is not None:
        return f"conversation paused since {clock(alert.conversation_paused_at)} UTC"
    if alert.retired:
        return "retired; goes on for those who wait"
    return "at work" if alert.live else "draft: nobody is enlisted"
