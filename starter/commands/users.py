"""`shelftalk user`: who signs in to the console, and what they may there."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.ids import StoreId
from schemas.model import Model
from schemas.responses.users import Grant, Language, Role, UserReport
from starter.accounts.links import PATH, Purpose
from starter.accounts.users import Invited
from starter.commands.terminal.acting import Yes, agreed, who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import clock, say
from starter.runtime.endpoints import running_web_url
from starter.services import Services

app = typer.Typer(help="Who signs in to the console, and what they may.", no_args_is_help=True)

TIMES = ("made (UTC)", "signed in (UTC)", "disabled (UTC)")

Email = Annotated[str, typer.Argument(help="The user's e-mail address, however it is written.")]
Stores = Annotated[
    list[str] | None, typer.Option("--store", help="Only in this store; once for each. [default: in all]")
]


class UserList(Model):
    """All users."""

    users: tuple[UserReport, ...]


class NewLink(Model):
    """A link that lets somebody choose a password, once; shown this once.

    Attributes:
        user_id: whose; None: the first admin's, who says who they are.
    """

    user_id: str | None
    purpose: Purpose
    link: str


@app.command("add")
@command
def add(
    terminal: Terminal,
    email: Email,
    name: Annotated[str, typer.Option("--name", help="As others see them.")],
    role: Annotated[Role, typer.Option("--role", help="What they may; each role may what those before it may.")],
    store: Stores = None,
    language: Annotated[Language, typer.Option("--language", help="What the console speaks to them.")] = (
        Language.ENGLISH
    ),
    time_zone: Annotated[str, typer.Option("--time-zone", help="In which they read times, as Europe/Berlin.")] = "UTC",
) -> None:
    """Add a user. Prints the link by which they choose a password."""
    base = _address(terminal)
    grants = [Grant(role=role, store_id=each) for each in _stores(store)]

    async def question(services: Services) -> NewLink:
        return _link(base, await services.users.invite(email, name, grants, who(), language, time_zone))

    terminal.answer(question, _printed)


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List the users: what each may, and when they signed in last."""
    terminal.tell(UserList(users=terminal.ask(lambda services: services.users.all())), _table)


@app.command("role")
@command
def role_(
    terminal: Terminal,
    email: Email,
    role: Annotated[
        Role | None, typer.Argument(help="What they may; without it, what they have there is taken away.")
    ] = None,
    store: Stores = None,
) -> None:
    """Give a user a role in some stores or in all, or take away what they have there; other stores stay as they are."""

    async def question(services: Services) -> UserReport:
        user = await services.users.by_email(email)
        stores = _stores(store)
        grants = [each for each in user.grants if each.store_id not in stores]
        grants += [Grant(role=role, store_id=each) for each in stores] if role else []
        await services.users.set_grants(user.id, grants, who())
        return await services.users.one(user.id)

    terminal.answer(question, lambda user: f"{user.name}: {_may(user)}.")


@app.command("disable")
@command
def disable(terminal: Terminal, email: Email) -> None:
    """Let a user in no more, and sign them out everywhere at once."""

    async def question(services: Services) -> UserReport:
        user = await services.users.by_email(email)
        await services.users.disable(user.id, who())
        return await services.users.one(user.id)

    terminal.answer(question, lambda user: f"{user.name} cannot sign in any more.")


@app.command("enable")
@command
def enable(terminal: Terminal, email: Email) -> None:
    """Let a user in again, with the roles that they had."""

    async def question(services: Services) -> UserReport:
        user = await services.users.by_email(email)
        await services.users.enable(user.id, who())
        return await services.users.one(user.id)

    terminal.answer(question, lambda user: f"{user.name} can sign in again: {_may(user)}.")


@app.command("erase")
@command
def erase(terminal: Terminal, email: Email, yes: Yes = False) -> None:
    """Forget a user: name, address, roles. What they did stays in the audit, under an id that is nobody's any more."""
    user = terminal.ask(lambda services: services.users.by_email(email))
    agreed(terminal, f"{user.name} is forgotten, and signed out everywhere.", yes=yes)
    terminal.ask(lambda services: services.users.erase(user.id, who()))
    terminal.tell(user, lambda erased: f"{erased.id} is nobody's any more.")


@app.command("reset")
@command
def reset(terminal: Terminal, email: Email) -> None:
    """Print a link by which a user chooses a password, their first or another. The link before is not good any more."""
    base = _address(terminal)

    async def question(services: Services) -> NewLink:
        user = await services.users.by_email(email)
        return _link(base, await services.users.link(user.id, who()))

    terminal.answer(question, _printed)


@app.command("reset-second-factor")
@command
def reset_second_factor(terminal: Terminal, email: Email, yes: Yes = False) -> None:
    """Let a user in by their password alone, who lost app and recovery codes; they are signed out everywhere."""
    user = terminal.ask(lambda services: services.users.by_email(email))
    agreed(terminal, f"{user.name} signs in by their password alone, until they set up another second factor.", yes=yes)
    terminal.ask(lambda services: services.second_factors.reset(user.id, who()))
    terminal.tell(user, lambda of: f"{of.name} has no second factor any more.")


@app.command("link")
@command
def link(terminal: Terminal) -> None:
    """Print the link by which the first admin sets the console up, as long as there is no user."""
    base = _address(terminal)

    async def question(services: Services) -> NewLink:
        token = await services.sign_in_links.for_the_first_admin()
        if token is None:
            raise CommandFailed(
                "user_exists", "The console has users.", "`shelftalk user add` lets somebody in, `user reset` again."
            )
        return NewLink(user_id=None, purpose=Purpose.FIRST_ADMIN, link=f"{base}{PATH}{token}")

    terminal.answer(question, _printed)


def _address(terminal: Terminal) -> str:
    """Where people reach the console: by its public address, or on this machine."""
    settings = terminal.found_settings()
    here = f"http://127.0.0.1:{settings.http_port}"
    return settings.public_url or running_web_url(settings) or here


def _stores(named: list[str] | None) -> list[StoreId | None]:
    return [StoreId(each) for each in named] if named else [None]


def _link(base: str, invited: Invited) -> NewLink:
    return NewLink(user_id=invited.user_id, purpose=invited.purpose, link=f"{base}{PATH}{invited.token}")


def _printed(new: NewLink) -> str:
    """The link alone on standard output; what there is to note beside it."""
    days = new.purpose.lasts.days
    say(f"Good once, for {days} day{'s' if days > 1 else ''}. Hand it to nobody else:")
    return new.link


def _may(user: UserReport) -> str:
    return ", ".join(f"{each.role} of {each.store_id or 'all stores'}" for each in user.grants)


def _table(users: UserList) -> Table:
    table = Table("name", "e-mail", "may", "second factor", *TIMES, box=None, pad_edge=False)
    for user in users.users:
        times = (clock(user.created_at), clock(user.signed_in_at), clock(user.disabled_at))
        table.add_row(user.name, user.email, _may(user), "yes" if user.second_factor else "–", *times)
    return table
