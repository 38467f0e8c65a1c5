"""`shelftalk worker` and `serve`, which run until they are stopped, and `migrate`, which they need first."""

from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from schemas.model import Model
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import say
from starter.processes import web_process, worker_process
from starter.runtime.components import migrate_components
from starter.runtime.logs import log_to_stderr
from starter.runtime.process import Stopped, run_process, until_stopped

STOP_HINT = "Ctrl-C stops it; a second Ctrl-C stops it at once."

WebPort = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65535, help="Of the web server; 0 for any free one. [default: SHELFTALK_HTTP_PORT]"
    ),
]


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


@command
def worker(terminal: Terminal) -> None:
    """Run the Temporal worker and the dispatcher, until Ctrl-C. Any number may run side by side."""
    settings = terminal.found_settings()
    log_to_stderr(settings.log_level, settings.worker_metrics)

    async def main() -> None:
        async with worker_process(settings, say):
            terminal.tell(AtWork(task_queue=settings.temporal_task_queue), _at_work)
            say(STOP_HINT)
            await until_stopped()

    run_until_stopped(main())
    say("The worker has stopped.")


@command
def serve(terminal: Terminal, port: WebPort = None) -> None:
    """Run the web server: webhooks, sign-ups and the API, until Ctrl-C. Any number may run side by side."""
    settings = terminal.found_settings()
    if port is not None:
        settings = settings.model_copy(update={"http_port": port})
    log_to_stderr(settings.log_level)

    async def main() -> None:
        async with web_process(settings, say) as url:
            terminal.tell(Serving(web=url), lambda serving: f"Serving at {serving.web}")
            say(STOP_HINT)
            await until_stopped()

    run_until_stopped(main())
    say("The web server has stopped.")


@command
def migrate(terminal: Terminal) -> None:
    """Bring the database forward to this release, and register what Temporal must know. Safe to run again."""
    settings = terminal.found_settings()
    log_to_stderr(settings.log_level)
    applied, added = run_process(migrate_components(settings, say))
    terminal.tell(Migrated(applied=applied, search_attributes=added), _migrated)


def run_until_stopped(main: Coroutine[Any, Any, None]) -> None:
    try:
        run_process(main)
    except Stopped:
        return


def _at_work(at_work: AtWork) -> str:
    return f"The worker is at work on task queue '{at_work.task_queue}'."


def _migrated(migrated: Migrated) -> str:
    done = [f"{migrated.applied} migrations applied"] if migrated.applied else []
    done += [f"search attributes added: {', '.join(migrated.search_attributes)}"] if migrated.search_attributes else []
    return "; ".join(done) or "Nothing to do."
