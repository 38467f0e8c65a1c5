"""`shelftalk message`: messages looked at, and those that wait for somebody's approval."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.responses.repair import Answer, Answered, HeldMessages, MessagePreview
from starter.commands.terminal.acting import Actor, Yes, agreed, by
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock
from starter.ops.approvals import Which
from starter.ops.repair import By

app = typer.Typer(help="Look at messages; approve and decline those that wait for it.", no_args_is_help=True)

Keys = Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="As `message held` shows them.")]
OfConversation = Annotated[str | None, typer.Option("--conversation", help="Only of this conversation.")]
OfMessage = Annotated[str | None, typer.Option("--message", help="Only this message.")]
All = Annotated[bool, typer.Option("--all", help="All that wait, of --conversation, and of --message if given.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why; kept in the audit.")]


@app.command("held")
@command
def held(
    terminal: Terminal,
    conversation: OfConversation = None,
    message: OfMessage = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    show: Annotated[str | None, typer.Option("--show", metavar="KEY", help="Show this one, rendered.")] = None,
) -> None:
    """List the messages that wait for approval, the longest first; or show one as its contact would read it."""
    if show is not None:
        terminal.answer(lambda services: services.approvals.preview(show), _shown)
        return
    terminal.answer(lambda services: services.approvals.held(conversation, message, limit), _table)


@app.command("approve")
@command
def approve(
    terminal: Terminal,
    keys: Keys = None,
    all_: All = False,
    conversation: OfConversation = None,
    message: OfMessage = None,
    actor: Actor = None,
    why: WhyOption = "approved",
    yes: Yes = False,
) -> None:
    """Let held messages leave, if they are still true by then: each is checked anew."""
    _answer(terminal, Answer.APPROVED, _which(keys, all_, conversation, message), by(actor, why), yes)


@app.command("decline")
@command
def decline(
    terminal: Terminal,
    why: WhyOption,
    keys: Keys = None,
    all_: All = False,
    conversation: OfConversation = None,
    message: OfMessage = None,
    actor: Actor = None,
    yes: Yes = False,
) -> None:
    """Never send these; a place that hung on one passes to the next in line."""
    _answer(terminal, Answer.DECLINED, _which(keys, all_, conversation, message), by(actor, why), yes)


def _which(keys: list[str] | None, all_: bool, conversation: str | None, message: str | None) -> Which:
    if bool(keys) == all_:
        raise typer.BadParameter("name the messages by their keys, or say --all", param_hint="KEY")
    if all_ and conversation is None:
        raise typer.BadParameter("say of which conversation", param_hint="--conversation")
    return Which(conversation, message, tuple(keys) if keys else None)


def _answer(terminal: Terminal, answer: Answer, which: Which, who: By, yes: bool) -> None:
    counted = terminal.ask(lambda services: services.approvals.answer(answer, which, None))
    if not counted.keys:
        terminal.tell(counted, _answered)
        return
    verb = "approved and checked anew" if answer is Answer.APPROVED else "declined"
    agreed(terminal, f"{len(counted.keys)} messages would be {verb}.", yes=yes)
    # What was shown, and no more: others may have come to be held meanwhile.
    shown = Which(keys=counted.keys)
    answered = terminal.ask(lambda services: services.approvals.answer(answer, shown, who))
    not_held = (*counted.not_held, *answered.not_held)
    terminal.tell(answered.model_copy(update={"not_held": not_held}), _answered)


def _answered(report: Answered) -> str:
    said = (
        f"{len(report.keys)} messages {report.answer}."
        if report.keys
        else "Nothing was changed: no such message is held."
    )
    return "\n".join([said, *(f"{other.key} is not held: {other.why}." for other in report.not_held)])


def _shown(preview: MessagePreview) -> str:
    head = f"{preview.key}, message '{preview.message}' of {preview.version}"
    subject = [f"Subject: {preview.subject}", ""] if preview.subject is not None else []
    return "\n".join([head, "", *subject, preview.text])


def _table(report: HeldMessages) -> Table | str:
    if not report.messages:
        return "No message waits for approval."
    table = Table("key", "version", "message", "since (UTC)", box=None, pad_edge=False)
    for held_ in report.messages:
        table.add_row(held_.key, held_.version, held_.message, clock(held_.since))
    if report.more:
        table.caption = f"{report.total} in all"
    return table
