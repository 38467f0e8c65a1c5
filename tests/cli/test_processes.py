"""`migrate`, `worker` and `serve` as processes of their own, on components that somebody else runs."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from temporalio.client import Client

from schemas.responses.journeys import JourneyReport, JourneyStatus
from starter.commands.conversations import PublishedReport
from starter.commands.doctor import Retried
from starter.commands.processes import AtWork, Migrated, Serving
from starter.commands.terminal.output import ExitCode
from starter.devstack.mailbox import Mailbox, is_to
from starter.devstack.postgres import EmbeddedPostgres
from starter.devstack.temporal import EmbeddedTemporal
from starter.documents import STARTER_CONVERSATION
from starter.ops.findings import Checkup
from starter.runtime.ports import free_port
from tests.cli.command import PATIENCE, Shelftalk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(800)]

SHELF = ("--store", "example.myshopify.com", "--variant", "v")


@pytest.fixture
async def empty_database(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database without a table."""
    yield await postgres.create_database("command_line")
    await postgres.drop_database("command_line")


@pytest.fixture
def installed(
    shelftalk: Shelftalk, empty_database: str, scheduling_temporal: EmbeddedTemporal, client: Client, mailbox: Mailbox
) -> Shelftalk:
    """`shelftalk` with the addresses of real components in its environment."""
    return shelftalk.with_settings(
        DATABASE_URL=empty_database,
        SHELFTALK_TEMPORAL_ADDRESS=scheduling_temporal.address,
        SHELFTALK_TEMPORAL_NAMESPACE=client.namespace,
        SHELFTALK_TEMPORAL_TASK_QUEUE="command-line",
        SHELFTALK_SMTP_HOST=mailbox.host,
        SHELFTALK_SMTP_PORT=str(mailbox.port),
    )


async def test_worker_and_web_refuse_a_database_that_was_not_migrated_and_say_how(installed: Shelftalk) -> None:
    for command in ("worker", "serve"):
        failure = (await installed.run(command, "--json")).failure
        assert (failure.code, failure.exit) == ("not_prepared", ExitCode.UNAVAILABLE)
        assert "shelftalk migrate" in failure.message
    assert (await installed.run("journey", "list", "--json")).failure.code == "not_prepared"


async def test_separate_processes_do_together_what_up_does_in_one(installed: Shelftalk, mailbox: Mailbox) -> None:
    assert (await installed.run("migrate", "--json")).answer(Migrated).applied > 0
    assert (await installed.run("migrate", "--json")).answer(Migrated).applied == 0
    published = await installed.run("conversation", "publish", str(STARTER_CONVERSATION), "--json")
    assert published.answer(PublishedReport).new
    metrics = f"127.0.0.1:{free_port()}"
    worker = await installed.with_settings(SHELFTALK_WORKER_METRICS=metrics).start("worker", "--json")
    assert (await worker.said(AtWork)).task_queue == "command-line"
    web = await installed.start("serve", "--port", "0", "--json")
    url = (await web.said(Serving)).web
    assert (await installed.run("doctor", "--worker", "--json")).answer(Checkup).ok
    checkup = (await installed.run("doctor", "--json")).answer(Checkup)
    assert checkup.ok
    assert [each.found for each in checkup.findings if each.component == "web"] == [f"ready at {url}"]

    await installed.run("product", "set", "p", "--store", SHELF[1], "--title", "Kettle", "--variant", "v")
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        form = {"store": SHELF[1], "variant": "v", "email": "first@example.com"}
        assert (await http.post(f"{url}/v1/signups", json=form)).status_code == 202
        await installed.run("stock", "set", "1", *SHELF)
        await mailbox.wait_for(is_to("first@example.com"), PATIENCE)
        told = re.compile(r'^shelftalk_messages_total\{.*outcome="sent".*\} 1$', re.MULTILINE)
        async with asyncio.timeout(PATIENCE):
            while told.search(counted := (await http.get(f"http://{metrics}/metrics")).text) is None:
                await asyncio.sleep(0.05)
    assert "temporal_workflow_task_schedule_to_start_latency_seconds_bucket" in counted
    assert "first@" not in counted

    ended = await web.stop()
    assert ended.code == ExitCode.OK
    assert "first@" not in ended.err
    ended = await worker.stop(signal.SIGINT)
    assert ended.code == ExitCode.OK
    assert '"event": "delivered"' in ended.err
    assert "first@" not in ended.err
    assert (await installed.run("doctor", "--worker")).code == ExitCode.FAILED


async def test_a_worker_waits_for_a_database_that_starts_after_it_and_says_so(installed: Shelftalk) -> None:
    late = installed.with_settings(DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/none")
    worker = await late.start("worker")
    await worker.progress("Waiting for PostgreSQL")
    ended = await worker.stop()
    assert ended.code == ExitCode.OK
    assert "secret" not in ended.err


async def test_calls_that_were_given_up_are_shown_and_tried_again_on_demand(
    installed: Shelftalk, empty_database: str
) -> None:
    await installed.run("migrate")
    await installed.run("conversation", "publish", str(STARTER_CONVERSATION))
    connection = await asyncpg.connect(empty_database)
    await connection.execute(
        "insert into outbox (kind, store_id, subject, attempts, last_error, parked_at)"
        " values ('look_again', 's', 'v', 20, 'INVALID_ARGUMENT', now())"
    )
    await connection.close()
    assert "INVALID_ARGUMENT" in await _outbox(installed)
    assert (await installed.run("doctor", "--retry-parked", "--json")).answer(Retried).calls == 1
    assert await _outbox(installed) == "1 waiting"


async def test_a_temporal_that_is_away_is_told_as_that(installed: Shelftalk) -> None:
    await installed.run("migrate")
    await installed.run("conversation", "publish", str(STARTER_CONVERSATION))
    await installed.run("product", "set", "p", "--store", SHELF[1], "--title", "Kettle", "--variant", "v")
    away = installed.with_settings(SHELFTALK_TEMPORAL_ADDRESS="127.0.0.1:1")
    journey = (await away.run("signup", "first@example.com", *SHELF, "--json")).answer(JourneyReport)
    assert journey.status is JourneyStatus.WAITING
    failure = (await away.run("journey", "replay", journey.journey_id, "--json")).failure
    assert (failure.code, failure.exit) == ("temporal_unavailable", ExitCode.UNAVAILABLE)


async def _outbox(installed: Shelftalk) -> str:
    checkup = Checkup.model_validate_json((await installed.run("doctor", "--json")).out)
    return next(finding.found for finding in checkup.findings if finding.component == "outbox")
