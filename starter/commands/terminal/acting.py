"""Who does something by hand, and why: options of commands whose act is kept in the audit, and the yes before it."""

import getpass
import os
import sys
from typing import Annotated

import typer

from starter.commands.terminal.asking import Terminal
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import say
from starter.ops.repair import By

Actor = Annotated[str | None, typer.Option("--by", help="Who does it. [default: your user name]")]
WhyOption = Annotated[str, typer.Option("--why", help="Why; kept in the audit.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; do not ask.")]


def by(actor: str | None, why: str) -> By:
    """Who and why, for the audit.

    Raises:
        BadParameter: one of the two is blank or too long.
    """
    return By(who(actor), _short(why, "--why"))


def who(actor: str | None = None) -> str:
    """Who does it, as the audit has it: the user of this terminal, unless somebody else is named.

    Raises:
        BadParameter: it is blank or too long.
    """
    return _short(actor or _user(), "--by")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"  # of a container, without a name


def _short(text: str, option: str) -> str:
    if not 0 < len(text.strip()) <= 200:
        raise typer.BadParameter("write 1 to 200 characters", param_hint=option)
    return text.strip()


def agreed(terminal: Terminal, question: str, *, yes: bool) -> None:
    """Ask, unless the answer is on the command line.

    Raises:
        CommandFailed: nobody is there to ask, or they said no; nothing was changed.
    """
    if yes:
        return
    if not terminal.as_json:
        say(question)
    if not (sys.stdin.isatty() and typer.confirm("Do it?", err=True)):
        said = f"{question} Nothing was changed." if terminal.as_json else "Nothing was changed."
        raise CommandFailed("not_confirmed", said, "Say --yes to do it.")
