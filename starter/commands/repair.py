"""`shelftalk repair`: what does not go on by itself, and mending it. Each command shows first what it will do."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from schemas.ids import JourneyId
from schemas.reasons import STOPPING, Reason
from schemas.responses.repair import Repair, Resumed, Stuck
from starter.commands.terminal.acting import Actor, WhyOption, Yes, agreed, by
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock
from starter.ops.repair import By

app = typer.Typer(help="See what is held up, and mend it; who and why is kept.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The journey's id, j-….")]


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List what does not go on by itself, by cause, version and step."""
    terminal.answer(lambda services: services.repairs.stuck(), _stuck)


@app.command("retry")
@command
def retry(terminal: Terminal, journey_id: Id, why: WhyOption, actor: Actor = None, yes: Yes = False) -> None:
    """Let a journey try the step it rests at again now, with every check."""
    _repair(terminal, JourneyId(journey_id), Repair.RETRY, by(actor, why), yes)


@app.command("skip")
@command
def skip(terminal: Terminal, journey_id: Id, why: WhyOption, actor: Actor = None, yes: Yes = False) -> None:
    """Let a journey pass over the step it rests at."""
    _repair(terminal, JourneyId(journey_id), Repair.SKIP, by(actor, why), yes)


@app.command("finish")
@command
def finish(terminal: Terminal, journey_id: Id, why: WhyOption, actor: Actor = None, yes: Yes = False) -> None:
    """Let a journey leave out the rest of its thread."""
    _repair(terminal, JourneyId(journey_id), Repair.FINISH, by(actor, why), yes)


@app.command("resume")
@command
def resume(
    terminal: Terminal,
    cause: Annotated[str, typer.Option("--cause", metavar="|".join(STOPPING), help="What stopped them.")],
    why: WhyOption,
    conversation: Annotated[str | None, typer.Option("--conversation", help="Only of this conversation.")] = None,
    step: Annotated[str | None, typer.Option("--step", help="Only those that rest at this step.")] = None,
    actor: Actor = None,
    yes: Yes = False,
) -> None:
    """Let all that the same cause has stopped try again."""
    who = by(actor, why)
    if cause not in STOPPING:
        raise typer.BadParameter(f"what stops journeys is {' or '.join(STOPPING)}", param_hint="--cause")
    stopped_by = Reason(cause)
    counted = terminal.ask(lambda services: services.repairs.resume(stopped_by, conversation, step, None))
    if not counted.journeys and not counted.senders:
        terminal.tell(counted, _resumed)
        return
    senders = f" {counted.senders} senders would be asked again." if counted.senders else ""
    agreed(terminal, f"{counted.journeys} journeys would try again now, with every check.{senders}", yes=yes)
    terminal.answer(lambda services: services.repairs.resume(stopped_by, conversation, step, who), _resumed)


def _repair(terminal: Terminal, journey_id: JourneyId, repair: Repair, who: By, yes: bool) -> None:
    planned = terminal.ask(lambda services: services.repairs.repair(journey_id, repair, None))
    agreed(terminal, planned.sentence, yes=yes)
    terminal.answer(
        lambda services: services.repairs.repair(journey_id, repair, who),
        lambda plan: f"Asked for. {plan.sentence}",
    )


def _resumed(report: Resumed) -> str:
    if not report.journeys and not report.senders:
        return f"No journey is stopped by {report.cause}."
    senders = f" {report.senders} senders are asked again." if report.senders else ""
    return f"{report.journeys} journeys try again.{senders}"


def _stuck(report: Stuck) -> Table | str:
    notes = [
        f"{count} {what}"
        for count, what in (
            (report.calls_parked, "calls to Temporal are parked: `shelftalk doctor` says more"),
            (report.messages_unknown, "messages of which nobody knows whether they left; they are never sent again"),
        )
        if count
    ]
    failing = report.failing_tasks
    if failing is None:
        notes.append("Temporal could not be asked whose workflow tasks fail: `shelftalk doctor` says more")
    elif failing:
        first = failing[0]
        notes.append(
            f"{len(failing)} workflows cannot go on, for their tasks fail over and over (for example {first.workflow}, "
            f"{first.cause}): the workers' log has the error; run the release that they began with, or a newer one"
        )
    if not report.groups:
        return "\n".join(["Nothing is held up.", *notes])
    table = Table("journeys", "cause", "version", "step", "since (UTC)", "for example", box=None, pad_edge=False)
    for group in report.groups:
        table.add_row(str(group.journeys), group.cause, group.version, group.step, clock(group.since), group.example)
    if notes:
        table.caption = Text("\n".join(notes), style="table.caption")
    return table
