"""`shelftalk up`, `worker` and `serve`, which run until they are stopped, and `migrate`, which they need first."""

from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from rich.table import Table

from schemas.model import Model
from schemas.settings import Settings
from starter.commands.terminal import AsJson, DataDir, found_settings, own_settings, say, tell
from starter.components import (
    opened_components,
    opened_pool,
    prepare_database,
    prepare_temporal,
    reach_temporal,
    require_migrated,
)
from starter.devstack.stack import Ports, Stack, make_private_folder, running_stack
from starter.logs import log_to_file, log_to_stderr
from starter.operations import open_operations
from starter.processes import (
    Stopped,
    heartbeat,
    heartbeat_file,
    run_process,
    running_engine,
    running_web,
    until_stopped,
)

STOP_HINT = "Ctrl-C stops it; a second Ctrl-C stops it at once."

WebPort = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65535, help="Of the web server; 0 for any free one. [default: SHELFTALK_HTTP_PORT]"
    ),
]
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
    smtp: str
    log: str
    pid: int
    shopify_webhooks: bool


class Serving(Model):
    """Where a web server is."""

    web: str


class AtWork(Model):
    """What a worker works on."""

    task_queue: str


class Migrated(Model):
    """What `migrate` changed.

    Attributes:
        applied: migrations that were pending.
        search_attributes: those that Temporal lacked.
    """

    applied: int
    search_attributes: tuple[str, ...]


def up(
    port: WebPort = None,
    temporal_port: TemporalPort = 0,
    temporal_ui_port: TemporalUiPort = None,
    smtp_port: SmtpPort = 0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Run everything here: PostgreSQL, Temporal, a mailbox, worker and web, until Ctrl-C. All state is kept."""
    settings = _for_up(own_settings(data_dir), port)

    async def main() -> None:
        async with running_stack(settings, Ports(temporal_port, temporal_ui_port, smtp_port), say) as stack:
            tell(where_it_is(stack), _where, as_json=as_json)
            say(STOP_HINT)
            await until_stopped()

    _run_until_stopped(main())
    say("Stopped. Everything is kept for the next start.")


def worker(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Run the Temporal worker and the dispatcher, until Ctrl-C. Any number may run side by side."""
    settings = found_settings(data_dir)
    log_to_stderr(settings.log_level)

    async def main() -> None:
        async with (
            opened_components(settings, say) as components,
            running_engine(settings, components.pool, components.client),
            heartbeat(heartbeat_file(settings.data_dir)),
        ):
            tell(AtWork(task_queue=settings.temporal_task_queue), _at_work, as_json=as_json)
            say(STOP_HINT)
            await until_stopped()

    _run_until_stopped(main())
    say("The worker has stopped.")


def serve(port: WebPort = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Run the web server: webhooks, sign-ups and the API, until Ctrl-C. Any number may run side by side."""
    settings = found_settings(data_dir)
    if port is not None:
        settings = settings.model_copy(update={"http_port": port})
    log_to_stderr(settings.log_level)

    async def main() -> None:
        async with opened_pool(settings, say) as pool:
            await require_migrated(pool)
        async with open_operations(settings) as operations, running_web(settings, operations) as url:
            tell(Serving(web=url), lambda serving: f"Serving at {serving.web}", as_json=as_json)
            say(STOP_HINT)
            await until_stopped()

    _run_until_stopped(main())
    say("The web server has stopped.")


def migrate(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Bring the database forward to this release, and register what Temporal must know. Safe to run again."""
    settings = found_settings(data_dir)
    log_to_stderr(settings.log_level)

    async def main() -> Migrated:
        async with opened_pool(settings, say) as pool:
            applied = await prepare_database(pool)
        added = await prepare_temporal(await reach_temporal(settings, say))
        return Migrated(applied=applied, search_attributes=added)

    tell(run_process(main()), _migrated, as_json=as_json)


def where_it_is(stack: Stack) -> WhereItIs:
    """Where it is."""
    endpoints = stack.endpoints
    return WhereItIs(
        web=endpoints.web_url,
        api_key_file=str(stack.api_key_file),
        temporal=endpoints.temporal_address,
        temporal_ui=endpoints.temporal_ui_url,
        mail=str(endpoints.mail_folder) if endpoints.mail_folder else None,
        smtp=f"{endpoints.smtp_host}:{endpoints.smtp_port}",
        log=str(stack.settings.data_dir / "shelftalk.log"),
        pid=endpoints.pid,
        shopify_webhooks=bool(stack.settings.shopify_secrets),
    )


def log_beside_the_data(settings: Settings) -> None:
    """Log to a file of the data folder, so that the terminal stays free for people.

    Raises:
        DevstackError: the folder cannot be made.
    """
    make_private_folder(settings.data_dir)
    log_to_file(settings.data_dir / "shelftalk.log", settings.log_level)


def _for_up(settings: Settings, port: int | None) -> Settings:
    log_beside_the_data(settings)
    return settings if port is None else settings.model_copy(update={"http_port": port})


def _run_until_stopped(main: Coroutine[Any, Any, None]) -> None:
    try:
        run_process(main)
    except Stopped:
        return


def _where(where: WhereItIs) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, title="Shelftalk is up", title_justify="left")
    table.add_row("web and API", f"{where.web}   (described by {where.web}/openapi.json)")
    table.add_row("API key", f"in {where.api_key_file}")
    if where.temporal_ui:
        table.add_row("Temporal", where.temporal_ui)
    table.add_row("mail", f"kept in {where.mail}" if where.mail else f"sent by {where.smtp}")
    table.add_row("log", where.log)
    if not where.shopify_webhooks:
        table.add_row("webhooks", "refused until SHELFTALK_SHOPIFY_SECRETS holds the app's client secret")
    return table


def _at_work(at_work: AtWork) -> str:
    return f"The worker is at work on task queue '{at_work.task_queue}'."


def _migrated(migrated: Migrated) -> str:
    done = [f"{migrated.applied} migrations applied"] if migrated.applied else []
    done += [f"search attributes added: {', '.join(migrated.search_attributes)}"] if migrated.search_attributes else []
    return "; ".join(done) or "Nothing to do."
