"""`shelftalk retention`: how long each kind of data is kept, and forgetting now what is older."""

import typer
from rich.table import Column, Table

from schemas.responses.retention import Kept, RetentionReport
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock, say

app = typer.Typer(help="How long each kind of data is kept.", no_args_is_help=True)

_WHAT = {
    Kept.INBOX: "webhooks as they came",
    Kept.EVENT: "properties and Message-IDs of events",
    Kept.SUBJECT: "subjects of messages",
    Kept.CLICK: "clicks and opens",
    Kept.LINK: "links of messages",
    Kept.QUESTION: "what was shown with questions",
    Kept.PROOF: "words of consents taken back",
    Kept.TEXT: "texts that people wrote",
}


@app.command("show")
@command
def show(terminal: Terminal) -> None:
    """Show for how many days each kind is kept, how much is older now, and when it was last forgotten."""
    say("Counting; a worker must be at work for this.")
    terminal.answer(lambda services: services.upkeep.retention(), _shown)


@app.command("run")
@command
def run(terminal: Terminal) -> None:
    """Forget now what is older. The workers do so every day by themselves."""
    say("Forgetting; a worker must be at work for this.")
    terminal.answer(lambda services: services.upkeep.retain(who()), _shown)


def _shown(report: RetentionReport) -> Table:
    figures = (Column(name, justify="right") for name in ("days", "forgotten now", "still older"))
    table = Table("kept", *figures, "oldest (UTC)", "setting", box=None, pad_edge=False)
    for each in report.kinds:
        setting = f"SHELFTALK_{each.kind.upper()}_DAYS"
        figures_of_it = (str(each.days), str(each.forgotten), str(each.due))
        table.add_row(_WHAT[each.kind], *figures_of_it, clock(each.oldest) if each.oldest else "", setting)
    table.caption = f"Last run (UTC): {clock(report.last_run_at)}"
    return table
