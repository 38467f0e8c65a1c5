"""`shelftalk worker` and `serve`, which run until they are stopped, and `migrate`, which they need first."""

from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from schemas.model import Model
from starter.commands.terminal import AsJson, DataDir, found_settings, say, tell
from starter.components import (
    opened_components,
    opened_pool,
    prepare_database,
    prepare_temporal,
    reach_temporal,
    require_migrated,
)
from starter.logs import log_to_stderr
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

    run_until_stopped(main())
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

    run_until_stopped(main())
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
