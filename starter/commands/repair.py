"""`shelftalk repair`: what does not go on by itself, and mending it. Each command shows first what it will do."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.ids import JourneyId
from schemas.reasons import Reason
from schemas.repair import Repair, RepairPlan, Resumed, Stuck
from starter.commands.acting import Actor, WhyOption, Yes, agreed, by
from starter.commands.asking import ask
from starter.commands.failures import CommandFailed
from starter.commands.terminal import AsJson, DataDir, clock, tell
from starter.operations import Operations
from starter.repair import STOPPING, By, NotRepairable, Repairs

app = typer.Typer(help="See what is held up, and mend it; who and why is kept.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The journey's id, j-….")]


@app.command("list")
def list_(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List what does not go on by itself, by cause, version and step."""

    async def question(operations: Operations) -> Stuck:
        return await _repairs(operations).stuck()

    tell(ask(question, data_dir), _stuck, as_json=as_json)


@app.command("retry")
def retry(
    journey_id: Id,
    why: WhyOption,
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let a journey try the step it rests at again now, with every check."""
    _repair(JourneyId(journey_id), Repair.RETRY, by(actor, why), yes, as_json, data_dir)


@app.command("skip")
def skip(
    journey_id: Id,
    why: WhyOption,
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let a journey pass over the step it rests at."""
    _repair(JourneyId(journey_id), Repair.SKIP, by(actor, why), yes, as_json, data_dir)


@app.command("finish")
def finish(
    journey_id: Id,
    why: WhyOption,
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let a journey leave out the rest of its thread."""
    _repair(JourneyId(journey_id), Repair.FINISH, by(actor, why), yes, as_json, data_dir)


@app.command("resume")
def resume(
    cause: Annotated[Reason, typer.Option("--cause", help=f"What stopped them: {' or '.join(STOPPING)}.")],
    why: WhyOption,
    conversation: Annotated[str | None, typer.Option("--conversation", help="Only of this conversation.")] = None,
    step: Annotated[str | None, typer.Option("--step", help="Only those that rest at this step.")] = None,
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let all that the same cause has stopped try again."""
    who = by(actor, why)

    if cause not in STOPPING:
        raise typer.BadParameter(f"what stops journeys is {' or '.join(STOPPING)}", param_hint="--cause")

    async def count(operations: Operations) -> Resumed:
        return await _repairs(operations).resume(cause, conversation, step, None)

    counted = ask(count, data_dir)
    if counted.journeys:
        agreed(f"{counted.journeys} journeys would try again now, with every check.", yes=yes, as_json=as_json)

    async def do(operations: Operations) -> Resumed:
        return await _repairs(operations).resume(cause, conversation, step, who)

    tell(ask(do, data_dir) if counted.journeys else counted, _resumed, as_json=as_json)


def _repair(journey_id: JourneyId, repair: Repair, who: By, yes: bool, as_json: bool, data_dir: DataDir) -> None:
    async def asked(operations: Operations, by_: By | None) -> RepairPlan:
        try:
            return await _repairs(operations).repair(journey_id, repair, by_)
        except NotRepairable as error:
            raise CommandFailed("not_repairable", str(error), "`shelftalk journey replay` has its path.") from None

    agreed(ask(lambda operations: asked(operations, None), data_dir).sentence, yes=yes, as_json=as_json)
    tell(
        ask(lambda operations: asked(operations, who), data_dir),
        lambda plan: f"Asked for. {plan.sentence}",
        as_json=as_json,
    )


def _repairs(operations: Operations) -> Repairs:
    return Repairs(operations.pool, operations.client, operations.archive)


def _resumed(report: Resumed) -> str:
    if not report.journeys:
        return f"No journey is stopped by {report.cause}."
    return f"{report.journeys} journeys try again."


def _stuck(report: Stuck) -> Table | str:
    notes = [
        f"{count} {what}"
        for count, what in (
            (report.calls_parked, "calls to Temporal are parked: `shelftalk doctor` says more"),
            (report.messages_unknown, "messages of which nobody knows whether they left; they are never sent again"),
        )
        if count
    ]
    if not report.groups:
        return "\n".join(["Nothing is held up.", *notes])
    table = Table("journeys", "cause", "version", "step", "since (UTC)", "for example", box=None, pad_edge=False)
    for group in report.groups:
        table.add_row(str(group.journeys), group.cause, group.version, group.step, clock(group.since), group.example)
    if notes:
        table.caption = "\n".join(notes)
    return table
