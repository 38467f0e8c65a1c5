"""The check-up behind `shelftalk doctor`: what is reachable, in which version, how much waits, and what to do."""

import asyncio
import platform
from datetime import timedelta
from enum import StrEnum

import aiosmtplib
import asyncpg
import httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest, GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.postgres.migrate import MigrationRefused, migrations, pending
from activities.postgres.pool import DatabaseUnavailable, Pool, open_pool
from activities.postgres.queries import load_queries
from schemas.model import Model
from schemas.settings import Settings
from starter.runtime.components import TemporalUnavailable, missing_attributes, reach_temporal
from starter.runtime.endpoints import running_endpoints
from starter.runtime.heartbeat import STALE_AFTER, heartbeat_age, heartbeat_file
from starter.runtime.reconciliation_schedule import last_reconciliation
from starter.versioning.publishing import Publishing

SQL = load_queries("starter.ops", "checkup.sql")

ANSWER_LIMIT = 5.0
"""Seconds that a component may take to answer; who asks a doctor sits and waits."""
POOL = 2
SHORT_RETENTION = timedelta(days=7)
"""Who asks why they were not told asks within days, and then the history should still be there."""
BACKLOG = timedelta(minutes=1)
"""A call that has waited longer than this in the outbox is not on its way, but stuck."""


class Health(StrEnum):
    """How one thing stands."""

    GOOD = "good"
    NOTE = "note"
    """Works, but somebody should know."""
    BAD = "bad"


class Finding(Model):
    """One thing that was looked at."""

    component: str
    health: Health
    found: str
    advice: str = ""


class Checkup(Model):
    """Everything that was looked at; `ok` unless something is bad."""

    ok: bool
    findings: tuple[Finding, ...]


async def examine(settings: Settings) -> Checkup:
    """Look at everything that the settings name. Never raises for what it finds."""
    parts = await asyncio.gather(_postgres(settings), _temporal(settings), _smtp(settings), _web(settings))
    findings = (_python(), *(finding for part in parts for finding in part))
    return Checkup(ok=all(finding.health is not Health.BAD for finding in findings), findings=findings)


def examine_worker(settings: Settings) -> Checkup:
    """Look at the `shelftalk worker` of this data folder only: for a supervisor's health check."""
    age = heartbeat_age(heartbeat_file(settings.data_dir))
    match age:
        case None:
            finding = Finding(
                component="worker",
                health=Health.BAD,
                found=f"none runs on {settings.data_dir}",
                advice="Start one: `shelftalk worker`.",
            )
        case _ if age > STALE_AFTER:
            finding = Finding(
                component="worker",
                health=Health.BAD,
                found=f"has said nothing for {age.total_seconds():.0f} s",
                advice="It hangs or was killed: restart it.",
            )
        case _:
            finding = Finding(component="worker", health=Health.GOOD, found="at work")
    return Checkup(ok=finding.health is Health.GOOD, findings=(finding,))


def _python() -> Finding:
    return Finding(component="python", health=Health.GOOD, found=platform.python_version())


async def _postgres(settings: Settings) -> list[Finding]:
    if settings.database_url is None:
        return [_not_set("postgresql", "DATABASE_URL")]
    try:
        async with asyncio.timeout(ANSWER_LIMIT):
            pool = await open_pool(settings.database_url.get_secret_value(), POOL)
    except (DatabaseUnavailable, TimeoutError) as error:
        said = str(error) or f"does not answer within {ANSWER_LIMIT:.0f} s"
        return [_bad("postgresql", said, "Check DATABASE_URL and that the server runs.")]
    try:
        found = [_good("postgresql", str(await pool.fetchval("show server_version")))]
        found.append(await _migrations(pool))
        if found[-1].health is Health.GOOD:
            found += [await _published(pool), await _outbox(pool), await _reconciled(pool), await _malformed(pool)]
        return found
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return [_bad("postgresql", f"fails when asked ({type(error).__name__})", "Look at its log.")]
    finally:
        await pool.close()


async def _migrations(pool: Pool) -> Finding:
    try:
        lacking = await pending(pool)
    except MigrationRefused as error:
        return _bad("migrations", str(error), "")
    if lacking:
        return _bad("migrations", f"{lacking} pending", "Back the database up, then run `shelftalk migrate`.")
    return _good("migrations", f"all {len(migrations())} applied")


async def _published(pool: Pool) -> Finding:
    if await Publishing(pool).anything_published():
        return _good("conversations", "published")
    return _bad("conversations", "none is published", "Publish one: `shelftalk conversation publish FILE`.")


async def _outbox(pool: Pool) -> Finding:
    row = await pool.fetchrow(SQL["outbox"])
    assert row is not None  # An aggregate always gives a row.
    if row["parked"]:
        return _bad(
            "outbox",
            f"{row['parked']} calls given up, the last for {await pool.fetchval(SQL['parked_error'])}",
            "Mend the cause, then run `shelftalk doctor --retry-parked`.",
        )
    oldest = timedelta(seconds=row["oldest_seconds"])
    found = f"{row['waiting']} waiting"
    if oldest > BACKLOG:
        return _bad(
            "outbox",
            f"{found}, the oldest for {oldest.total_seconds():.0f} s",
            "Nothing is lost. See that a worker runs and that Temporal answers.",
        )
    return _good("outbox", found)


async def _reconciled(pool: Pool) -> Finding:
    last = await last_reconciliation(pool)
    if last is None:
        return Finding(
            component="reconciliation", health=Health.NOTE, found="none yet", advice="The worker runs one in a while."
        )
    found = f"{last.report.repairs} repairs at {last.finished_at:%Y-%m-%d %H:%M} UTC"
    if not last.report.repairs:
        return _good("reconciliation", found)
    return Finding(
        component="reconciliation",
        health=Health.NOTE,
        found=found,
        advice="Ask who ended workflows by hand or restored a backup; `shelftalk reconcile` shows what it finds now.",
    )


async def _malformed(pool: Pool) -> Finding:
    row = await pool.fetchrow(SQL["malformed"])
    assert row is not None  # An aggregate always gives a row.
    if not row["kept"]:
        return _good("deliveries", "none malformed")
    return Finding(
        component="deliveries",
        health=Health.NOTE,
        found=f"{row['kept']} malformed, the last: {row['last_error']}",
        advice="They are kept in the table `inbox`; look there, and at what sends them.",
    )


async def _temporal(settings: Settings) -> list[Finding]:
    if settings.temporal_address is None:
        return [_not_set("temporal", "SHELFTALK_TEMPORAL_ADDRESS")]
    try:
        async with asyncio.timeout(ANSWER_LIMIT):
            client = await reach_temporal(settings, _in_silence, timedelta(0))
            system = await client.workflow_service.get_system_info(GetSystemInfoRequest())
            found = [_good("temporal", f"{system.server_version} at {settings.temporal_address}")]
            missing = await missing_attributes(client)
            found.append(
                _bad("search attributes", f"{', '.join(missing)} missing", "Run `shelftalk migrate`.")
                if missing
                else _good("search attributes", "all there")
            )
            found += [await _retention(client), await _pollers(client, settings.temporal_task_queue)]
            return found
    except (TemporalUnavailable, TimeoutError, RPCError) as error:
        said = str(error) or f"does not answer within {ANSWER_LIMIT:.0f} s"
        return [_bad("temporal", said, "Check SHELFTALK_TEMPORAL_ADDRESS and that the server runs.")]


async def _retention(client: Client) -> Finding:
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    kept = timedelta(seconds=described.config.workflow_execution_retention_ttl.seconds)
    found = f"of ended journeys are kept for {kept.total_seconds() / 86_400:g} days"
    if kept >= SHORT_RETENTION:
        return _good("histories", found)
    return Finding(
        component="histories",
        health=Health.NOTE,
        found=found,
        advice="Later nobody can replay them. To keep them longer: temporal operator namespace update "
        f"--namespace {client.namespace} --retention 720h",
    )


async def _pollers(client: Client, task_queue: str) -> Finding:
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    workers = {poller.identity for poller in described.pollers}
    if not workers:
        return _bad("workers", f"none asks for work on '{task_queue}'", "Start one: `shelftalk worker`.")
    return _good("workers", f"{len(workers)} asked for work on '{task_queue}' in the last minutes")


async def _smtp(settings: Settings) -> list[Finding]:
    if settings.smtp_host is None:
        return [_not_set("smtp", "SHELFTALK_SMTP_HOST")]
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    # start_tls stays as it is: the question is whether it answers, not whether it takes our mail.
    server = aiosmtplib.SMTP(
        hostname=settings.smtp_host, port=settings.smtp_port, timeout=ANSWER_LIMIT, start_tls=False
    )
    try:
        await server.connect()
        greeting = await server.ehlo()
        await server.quit()
    except (aiosmtplib.SMTPException, OSError) as error:
        return [
            _bad("smtp", f"{where} does not answer ({type(error).__name__})", "Check SHELFTALK_SMTP_HOST and _PORT.")
        ]
    finally:
        server.close()
    return [_good("smtp", f"{where} answers {greeting.code}")]


async def _web(settings: Settings) -> list[Finding]:
    endpoints = running_endpoints(settings.data_dir)
    host = "127.0.0.1" if settings.http_host in ("0.0.0.0", "::") else settings.http_host
    url = endpoints.web_url if endpoints is not None else f"http://{host}:{settings.http_port}"
    try:
        async with httpx.AsyncClient(timeout=ANSWER_LIMIT, trust_env=False) as client:
            answer = await client.get(f"{url}/readyz")
    except httpx.HTTPError as error:
        return [
            Finding(
                component="web",
                health=Health.NOTE,
                found=f"nothing answers at {url} ({type(error).__name__})",
                advice="If it should run here: `shelftalk serve`; if it runs elsewhere, ask its own /readyz.",
            )
        ]
    if answer.is_success:
        return [_good("web", f"ready at {url}")]
    return [_bad("web", f"{url}/readyz answers {answer.status_code}", "Its answer and its log say what it lacks.")]


def _good(component: str, found: str) -> Finding:
    return Finding(component=component, health=Health.GOOD, found=found)


def _bad(component: str, found: str, advice: str) -> Finding:
    return Finding(component=component, health=Health.BAD, found=found, advice=advice)


def _not_set(component: str, variable: str) -> Finding:
    return _bad(
        component,
        f"{variable} is not set, and no `shelftalk up` is running on this data folder",
        f"Set {variable}, or start everything here: `shelftalk up`.",
    )


def _in_silence(_line: str) -> None:
    """The check-up is its own report."""
