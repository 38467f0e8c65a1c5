"""Who does something by hand, and why: options of commands whose act is kept in the audit, and the yes before it."""

import getpass
import sys
from typing import Annotated

import typer

from starter.commands.failures import CommandFailed
from starter.commands.terminal import say
from starter.repair import By

Actor = Annotated[str | None, typer.Option("--by", help="Who does it. [default: your user name]")]
WhyOption = Annotated[str, typer.Option("--why", help="Why; kept in the audit.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; do not ask.")]


def by(actor: str | None, why: str) -> By:
    """For the audit.

    Raises:
        BadParameter: one of the two is blank or too long.
    """
    name = (actor or getpass.getuser()).strip()
    for text, hint in ((name, "--by"), (why.strip(), "--why")):
        if not 0 < len(text) <= 200:
            raise typer.BadParameter("write 1 to 200 characters", param_hint=hint)
    return By(name, why.strip())


def agreed(question: str, *, yes: bool, as_json: bool) -> None:
    """Ask, unless the answer is on the command line.

    Raises:
        CommandFailed: nobody is there to ask, or they said no; nothing was changed.
    """
    if yes:
        return
    if not as_json:
        say(question)
    if not (sys.stdin.isatty() and typer.confirm("Do it?", err=True)):
        said = f"{question} Nothing was changed." if as_json else "Nothing was changed."
        raise CommandFailed("not_confirmed", said, "Say --yes to do it.")
