"""`shelftalk message`: the messages that wait for somebody's approval."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.repair import Answer, Answered, HeldMessages, MessagePreview
from starter.approvals import Approvals, NothingHeld, Which
from starter.commands.acting import Actor, Yes, agreed, by
from starter.commands.asking import ask
from starter.commands.failures import CommandFailed
from starter.commands.terminal import AsJson, DataDir, clock, tell
from starter.operations import Operations
from starter.repair import By

app = typer.Typer(help="See, approve and decline messages that wait for approval.", no_args_is_help=True)

Keys = Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="As `message held` shows them.")]
OfConversation = Annotated[str | None, typer.Option("--conversation", help="Only of this conversation.")]
OfMessage = Annotated[str | None, typer.Option("--message", help="Only this message.")]
All = Annotated[bool, typer.Option("--all", help="All that wait, of --conversation, and of --message if given.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why; kept in the audit.")]


@app.command("held")
def held(
    conversation: OfConversation = None,
    message: OfMessage = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    show: Annotated[str | None, typer.Option("--show", metavar="KEY", help="Show this one, rendered.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List the messages that wait for approval, the longest first; or show one as its contact would read it."""
    if show is not None:
        tell(ask(lambda operations: _preview(operations, show), data_dir), _shown, as_json=as_json)
        return

    async def question(operations: Operations) -> HeldMessages:
        return await Approvals(operations.pool).held(conversation, message, limit)

    tell(ask(question, data_dir), _table, as_json=as_json)


@app.command("approve")
def approve(
    keys: Keys = None,
    all_: All = False,
    conversation: OfConversation = None,
    message: OfMessage = None,
    actor: Actor = None,
    why: WhyOption = "approved",
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let held messages leave, if they are still true by then: each is checked anew."""
    _answer(Answer.APPROVED, _which(keys, all_, conversation, message), by(actor, why), yes, as_json, data_dir)


@app.command("decline")
def decline(
    why: WhyOption,
    keys: Keys = None,
    all_: All = False,
    conversation: OfConversation = None,
    message: OfMessage = None,
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Never send these; a place that hung on one passes to the next in line."""
    _answer(Answer.DECLINED, _which(keys, all_, conversation, message), by(actor, why), yes, as_json, data_dir)


async def _preview(operations: Operations, key: str) -> MessagePreview:
    try:
        return await Approvals(operations.pool).preview(key)
    except NothingHeld as error:
        raise CommandFailed("not_held", f"{error}.", "`shelftalk message held` lists those that are.") from None


def _which(keys: list[str] | None, all_: bool, conversation: str | None, message: str | None) -> Which:
    if bool(keys) == all_:
        raise typer.BadParameter("name the messages by their keys, or say --all", param_hint="KEY")
    if all_ and conversation is None:
        raise typer.BadParameter("say of which conversation", param_hint="--conversation")
    return Which(conversation, message, tuple(keys) if keys else None)


def _answer(answer: Answer, which: Which, who: By, yes: bool, as_json: bool, data_dir: DataDir) -> None:
    async def look(operations: Operations) -> Answered:
        return await Approvals(operations.pool).answer(answer, which, None)

    counted = ask(look, data_dir)
    if counted.keys:
        verb = "approved and checked anew" if answer is Answer.APPROVED else "declined"
        agreed(f"{len(counted.keys)} messages would be {verb}.", yes=yes, as_json=as_json)

    async def do(operations: Operations) -> Answered:
        # What was shown, and no more: others may have come to be held meanwhile.
        shown = Which(keys=counted.keys)
        answered = await Approvals(operations.pool).answer(answer, shown, who)
        return answered.model_copy(update={"not_held": (*counted.not_held, *answered.not_held)})

    tell(ask(do, data_dir) if counted.keys else counted, _answered, as_json=as_json)


def _answered(report: Answered) -> str:
    said = (
        f"{len(report.keys)} messages {report.answer}."
        if report.keys
        else "Nothing was changed: no such message is held."
    )
    return "\n".join([said, *(f"{other.key} is not held: {other.why}." for other in report.not_held)])


def _shown(preview: MessagePreview) -> str:
    head = f"{preview.key}, message '{preview.message}' of {preview.version}"
    return "\n".join([head, "", f"Subject: {preview.subject}", "", preview.text])


def _table(report: HeldMessages) -> Table | str:
    if not report.messages:
        return "No message waits for approval."
    table = Table("key", "version", "message", "since (UTC)", box=None, pad_edge=False)
    for held_ in report.messages:
        table.add_row(held_.key, held_.version, held_.message, clock(held_.since))
    if report.more:
        table.caption = f"{report.total} in all"
    return table
