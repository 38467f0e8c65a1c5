"""`shelftalk alert`, and pausing a conversation: who keeps their place, and what leaves once it goes on."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from schemas.reports import AlertState, AlertStates, PauseReport, ResumeReport
from starter.commands.asking import ask
from starter.commands.failures import CommandFailed
from starter.commands.terminal import AsJson, DataDir, clock, say, tell
from starter.http.retry import once_more
from starter.operations import Operations
from starter.pausing import MoreThanShown, NothingToPause, Pausable, Pausing

app = typer.Typer(help="See, pause and resume alerts.", no_args_is_help=True)

ACTOR = "command line"
"""Who did it, as the audit has it."""
SUBJECTS_SAID = 10
"""Subjects named before the question; --json has more of them."""

AlertCode = Annotated[str, typer.Argument(metavar="ALERT", help="The alert's code.")]
ConversationCode = Annotated[str, typer.Argument(metavar="CONVERSATION", help="The conversation's code.")]
Yes = Annotated[bool, typer.Option("--yes", help="Resume however many would be told; do not ask.")]


@app.command("list")
def list_(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the alerts: what each watches, how many wait, and whether it is paused."""

    async def question(operations: Operations) -> AlertStates:
        return await Pausing(operations.pool).alerts()

    tell(ask(question, data_dir), _table, as_json=as_json)


@app.command("pause")
def pause(code: AlertCode, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Pause an alert: everyone keeps their place, sign-ups are still taken, nothing is sent."""
    _pause(Pausable("alert", code), as_json, data_dir)


@app.command("resume")
def resume(code: AlertCode, yes: Yes = False, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show how many would be told now, ask, and let an alert go on."""
    _resume(Pausable("alert", code), yes, as_json, data_dir)


def pause_conversation(code: ConversationCode, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Pause a conversation with all its alerts: everyone keeps their place, nothing is sent."""
    _pause(Pausable("conversation", code), as_json, data_dir)


def resume_conversation(
    code: ConversationCode, yes: Yes = False, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Show how many would be told now, ask, and let a conversation go on."""
    _resume(Pausable("conversation", code), yes, as_json, data_dir)


def _pause(what: Pausable, as_json: bool, data_dir: DataDir) -> None:
    async def question(operations: Operations) -> PauseReport:
        try:
            return await once_more(lambda: Pausing(operations.pool).pause(what, ACTOR))
        except NothingToPause as error:
            raise _not_there(what, error) from None

    tell(ask(question, data_dir), _paused, as_json=as_json)


def _resume(what: Pausable, yes: bool, as_json: bool, data_dir: DataDir) -> None:
    async def look(operations: Operations) -> ResumeReport:
        try:
            return await Pausing(operations.pool).would_resume(what)
        except NothingToPause as error:
            raise _not_there(what, error) from None

    shown = ask(look, data_dir)
    if shown.paused_at is not None and not yes:
        _agree(shown, as_json=as_json)

    async def go_on(operations: Operations) -> ResumeReport:
        try:
            pausing = Pausing(operations.pool)
            return await once_more(lambda: pausing.resume(what, ACTOR, None if yes else shown.at_most))
        except MoreThanShown as error:
            raise CommandFailed("more_than_shown", str(error), "Look again, and answer anew.") from None

    tell(ask(go_on, data_dir) if shown.paused_at is not None else shown, _resumed, as_json=as_json)


def _agree(shown: ResumeReport, *, as_json: bool) -> None:
    """Show what would be sent and have it agreed to.

    Raises:
        CommandFailed: there was no yes; nothing was changed.
    """
    counted = would_be_sent(shown)
    if not as_json:
        for line in (counted, *_subjects(shown)):
            say(line)
    if not (sys.stdin.isatty() and typer.confirm("Resume?", err=True)):
        raise CommandFailed(
            "not_confirmed",
            f"{counted} Nothing was changed: it is still paused." if as_json else "Nothing was changed.",
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


def _not_there(what: Pausable, error: NothingToPause) -> CommandFailed:
    return CommandFailed(f"no_such_{what.kind}", str(error), "`shelftalk alert list` shows both.")


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
