"""`shelftalk up`: everything in one process, with the components embedded that the settings do not name."""

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer
from rich.table import Table

from schemas.model import Model
from schemas.settings import Settings
from starter.accounts.links import PATH
from starter.commands.processes import STOP_HINT, WebPort, run_until_stopped
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import say
from starter.devstack.failures import DevstackError, make_folder
from starter.runtime.logs import log_to_file
from starter.runtime.process import until_stopped
from starter.services import Services

if TYPE_CHECKING:
    # The embedded components are an extra; the other commands run without it.
    from starter.devstack.stack import Stack

TemporalPort = Annotated[
    int, typer.Option("--temporal-port", min=0, max=65535, help="Of the embedded Temporal; 0 for any free one.")
]
TemporalUiPort = Annotated[
    int | None,
    typer.Option("--temporal-ui-port", min=0, max=65535, help="Of Temporal's own pages; without it there are none."),
]
SmtpPort = Annotated[
    int, typer.Option("--smtp-port", min=0, max=65535, help="Of the embedded mailbox; 0 for any free one.")
]


class WhereItIs(Model):
    """Where a running stack is, for people and scripts. Nothing here is secret."""

    web: str
    api_key_file: str
    temporal: str
    temporal_ui: str | None
    mail: str | None
    email_provider: str
    smtp: str | None
    log: str
    pid: int


@command
def up(
    terminal: Terminal,
    port: WebPort = None,
    temporal_port: TemporalPort = 0,
    temporal_ui_port: TemporalUiPort = None,
    smtp_port: SmtpPort = 0,
) -> None:
    """Run everything here: PostgreSQL, Temporal, a mailbox, worker and web, until Ctrl-C. All state is kept."""
    with needing_embedded():
        from starter.devstack.stack import Ports, running_stack
    settings = terminal.own_settings()
    log_beside_the_data(settings)
    if port is not None:
        settings = settings.model_copy(update={"http_port": port})

    async def main() -> None:
        async with running_stack(settings, Ports(temporal_port, temporal_ui_port, smtp_port), say) as stack:
            terminal.tell(where_it_is(stack), _where)
            if way_in := await console_set_up(stack.services, stack.endpoints.web_url):
                say(f"Set up the console by this link, good once and for a day: {way_in}")
                if settings.public_url:
                    say(f"From elsewhere, the same at {settings.public_url}{urlsplit(way_in).path}")
            say(STOP_HINT)
            await until_stopped()

    run_until_stopped(main())
    say("Stopped. Everything is kept for the next start.")


async def console_set_up(services: Services, base: str) -> str | None:
    """Where the first admin sets the console up, below its address; None: it has users."""
    token = await services.sign_in_links.for_the_first_admin()
    return None if token is None else f"{base}{PATH}{token}"


@contextmanager
def needing_embedded() -> Generator[None]:
    """Around the import of embedded components.

    Raises:
        DevstackError: they are not installed.
    """
    try:
        yield
    except ImportError as error:
        raise DevstackError(
            f"The embedded components are not installed ({error}): run `pip install 'shelftalk[embedded]'`, or run "
            "`shelftalk worker` and `shelftalk serve` on components of your own"
        ) from error


def where_it_is(stack: "Stack") -> WhereItIs:
    """Where it is."""
    endpoints = stack.endpoints
    return WhereItIs(
        web=endpoints.web_url,
        api_key_file=str(stack.api_key_file),
        temporal=endpoints.temporal_address,
        temporal_ui=endpoints.temporal_ui_url,
        mail=str(endpoints.mail_folder) if endpoints.mail_folder else None,
        email_provider=endpoints.email_provider,
        smtp=f"{endpoints.smtp_host}:{endpoints.smtp_port}" if endpoints.email_provider == "smtp" else None,
        log=str(stack.settings.data_dir / "shelftalk.log"),
        pid=endpoints.pid,
    )


def log_beside_the_data(settings: Settings) -> None:
    """Log to a file of the data folder, made if need be, so that the terminal stays free for people.

    From here on what this process and its children make is for nobody else: it holds mails, addresses and a key.

    Raises:
        DevstackError: the folder cannot be made.
    """
    os.umask(0o077)
    made = make_folder(settings.data_dir, "Shelftalk")
    if made and settings.database_url is None:
        let_to_postgres(made)
    log_to_file(settings.data_dir / "shelftalk.log", settings.log_level)


def let_to_postgres(made: Iterable[Path]) -> None:
    """Let the embedded PostgreSQL, which runs as another account where we are root, pass through what was made."""
    with needing_embedded():
        from starter.devstack.account import let_through
    let_through(made)


def _where(where: WhereItIs) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, title="Shelftalk is up", title_justify="left")
    table.add_row("web and API", f"{where.web}   (described by {where.web}/openapi.json)")
    table.add_row("API key", f"in {where.api_key_file}")
    if where.temporal_ui:
        table.add_row("Temporal", where.temporal_ui)
    table.add_row("mail", f"kept in {where.mail}" if where.mail else f"sent by {where.smtp or where.email_provider}")
    table.add_row("log", where.log)
    return table
