"""The check-up behind `shelftalk doctor`: what is reachable, in which version, how much waits, and what to do."""

import asyncio
import platform
from collections.abc import Iterator, Sequence
from datetime import timedelta

import aiosmtplib
import httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest, GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.senders.limits import Limits
from activities.senders.registry import ask_email_provider
from activities.senders.sms.providers import sms_api
from activities.senders.sms.sms_api import sms_sender_by
from schemas.responses.builds import BuildStatus
from schemas.settings import Settings
from starter.ops.database_checkup import examine_postgres
from starter.ops.findings import ANSWER_LIMIT, Checkup, Finding, Health, bad, good, not_set, note
from starter.runtime.builds import find_deployment
from starter.runtime.components import TemporalUnavailable, missing_attributes, reach_temporal
from starter.runtime.endpoints import running_web_url
from starter.runtime.heartbeat import STALE_AFTER, heartbeat_age, heartbeat_file

_CAUSES = ("postgresql", "migrations", "temporal", "search attributes", "workers")
_FOLLOWING = ("outbox", "web")
LONGEST_PUBLIC_URL = 35
"""Characters, for links of at most 60."""
SHORT_RETENTION = timedelta(days=7)
"""Contacts ask within days why they got no message; the history should still be there then."""


async def examine(settings: Settings) -> Checkup:
    """Look at everything that the settings name. Never raises for what it finds."""
    python = good("python", platform.python_version())
    if settings.database_url is None and settings.temporal_address is None:
        # One cause: what else is not set, or does not answer, follows from it.
        return Checkup(ok=False, findings=(python, _no_installation(settings)))
    parts = await asyncio.gather(
        examine_postgres(settings), _temporal(settings), examine_email(settings), _sms(settings), _web(settings)
    )
    found = [*(finding for part in parts for finding in part), _public_address(settings)]
    findings = (python, *_each_cause_once(found))
    return Checkup(ok=all(finding.health is not Health.BAD for finding in findings), findings=findings)


def _no_installation(settings: Settings) -> Finding:
    return bad(
        "installation",
        f"no `shelftalk up` is running on {settings.data_dir}, and neither DATABASE_URL nor SHELFTALK_TEMPORAL_ADDRESS "
        "is set",
        "Start everything here: `shelftalk up`; or name the folder of one that runs with --data-dir; or set the two.",
    )


def _each_cause_once(findings: Sequence[Finding]) -> Iterator[Finding]:
    """What only follows from another thing that is bad is worth a note."""
    causes = [each.component for each in findings if each.component in _CAUSES and each.health is Health.BAD]
    for each in findings:
        if causes and each.component in _FOLLOWING and each.health is Health.BAD:
            yield note(each.component, each.found, f"It follows from what is wrong with {causes[0]}: mend that first.")
        else:
            yield each


def examine_worker(settings: Settings) -> Checkup:
    """Look at the `shelftalk worker` of this data folder only: for a supervisor's health check."""
    age = heartbeat_age(heartbeat_file(settings.data_dir))
    if age is None:
        finding = bad("worker", f"none runs on {settings.data_dir}", "Start one: `shelftalk worker`.")
    elif age > STALE_AFTER:
        silence = f"has said nothing for {age.total_seconds():.0f} s"
        finding = bad("worker", silence, "It hangs or was killed: restart it.")
    else:
        finding = good("worker", "at work")
    return Checkup(ok=finding.health is Health.GOOD, findings=(finding,))


async def _temporal(settings: Settings) -> list[Finding]:
    if settings.temporal_address is None:
        return [not_set("temporal", "SHELFTALK_TEMPORAL_ADDRESS")]
    try:
        async with asyncio.timeout(ANSWER_LIMIT):
            client = await reach_temporal(settings, _in_silence, timedelta(0))
            system = await client.workflow_service.get_system_info(GetSystemInfoRequest())
            found = [good("temporal", f"{system.server_version} at {settings.temporal_address}")]
            missing = await missing_attributes(client)
            found.append(
                bad("search attributes", f"{', '.join(missing)} missing", "Run `shelftalk migrate`.")
                if missing
                else good("search attributes", "all there")
            )
            found += [await _retention(client), await _pollers(client, settings.temporal_task_queue)]
            return found
    except (TemporalUnavailable, TimeoutError, RPCError) as error:
        said = str(error) or f"does not answer within {ANSWER_LIMIT:.0f} s"
        return [bad("temporal", said, "Check SHELFTALK_TEMPORAL_ADDRESS and that the server runs.")]


async def _retention(client: Client) -> Finding:
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    kept = timedelta(seconds=described.config.workflow_execution_retention_ttl.seconds)
    found = f"of ended journeys are kept for {kept.total_seconds() / 86_400:g} days"
    if kept >= SHORT_RETENTION:
        return good("histories", found)
    advice = (
        "Later nobody can replay them. To keep them longer: temporal operator namespace update "
        f"--namespace {client.namespace} --retention 720h"
    )
    return note("histories", found, advice)


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
        return bad("workers", f"none asks for work on '{task_queue}'", "Start one: `shelftalk worker`.")
    at_work = {
        (each.deployment_options.deployment_name, each.deployment_options.build_id) for each in described.pollers
    }
    for deployment in {name for name, _ in at_work if name}:
        for build in (await find_deployment(client, deployment)).builds:
            if build.status is BuildStatus.CURRENT and (deployment, build.build) not in at_work:
                found = f"all work waits for build {build.build}, and no worker of it asks"
                return bad("workers", found, "Start one, or give the work to another: `shelftalk build promote`.")
    return good("workers", f"{len(workers)} asked for work on '{task_queue}' in the last minutes")


async def examine_email(settings: Settings) -> list[Finding]:
    """Whether the mail server answers, or the provider, and that one knows the key."""
    provider = settings.email_provider
    if provider == "smtp":
        return await _smtp(settings)
    try:
        wrong = await ask_email_provider(settings, ANSWER_LIMIT)
    except ValueError as error:
        return [bad("e-mail", str(error), "Set it: docs/senders.md says where the provider shows it.")]
    if wrong is not None:
        return [bad("e-mail", f"{provider}: {wrong}", "Check the SHELFTALK_EMAIL_… settings and the account there.")]
    return [good("e-mail", f"{provider} answers and knows the key")]


async def _smtp(settings: Settings) -> list[Finding]:
    if settings.smtp_host is None:
        return [not_set("smtp", "SHELFTALK_SMTP_HOST")]
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    # start_tls stays as it is: the question is whether it answers, not whether it takes our mail.
    server = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        timeout=ANSWER_LIMIT,
        start_tls=False,
        use_tls=settings.smtp_tls,
    )
    try:
        await server.connect()
        greeting = await server.ehlo()
        await server.quit()
    except (aiosmtplib.SMTPException, OSError) as error:
        return [
            bad("smtp", f"{where} does not answer ({type(error).__name__})", "Check SHELFTALK_SMTP_HOST and _PORT.")
        ]
    finally:
        server.close()
    return [good("smtp", f"{where} answers {greeting.code}")]


async def _sms(settings: Settings) -> list[Finding]:
    """Whether the provider of text messages knows us. Nothing is sent for it."""
    try:
        api = sms_api(settings)
    except ValueError as error:
        return [bad("sms", str(error), "docs/sms.md has what each provider needs.")]
    if api is None:
        return [good("sms", "no provider is set, and no text message is sent")]
    if api.question() is None:
        return [good("sms", f"{api.name} is set; it has no question that costs nothing, so it was not asked")]
    sender = sms_sender_by(api, Limits(answer=ANSWER_LIMIT))
    wrong = await sender.examine()
    await sender.aclose()
    if wrong is not None:
        return [bad("sms", f"{api.name}: {wrong}", "Check the SHELFTALK_SMS_… settings and the account there.")]
    return [good("sms", f"{api.name} answers and knows the key")]


async def _web(settings: Settings) -> list[Finding]:
    host = "127.0.0.1" if settings.http_host in ("0.0.0.0", "::") else settings.http_host
    url = running_web_url(settings) or f"http://{host}:{settings.http_port}"
    try:
        async with httpx.AsyncClient(timeout=ANSWER_LIMIT, trust_env=False) as client:
            answer = await client.get(f"{url}/readyz")
    except httpx.HTTPError as error:
        found = f"nothing answers at {url} ({type(error).__name__})"
        advice = "If it should run here: `shelftalk serve`; if it runs elsewhere, ask its own /readyz."
        return [note("web", found, advice)]
    if answer.is_success:
        return [good("web", f"ready at {url}")]
    return [bad("web", f"{url}/readyz answers {answer.status_code}", "Its answer and its log say what it lacks.")]


def _public_address(settings: Settings) -> Finding:
    """Where shoppers unsubscribe and see their page."""
    url = settings.public_url
    if url is None:
        return note(
            "public address",
            "SHELFTALK_PUBLIC_URL is not set: mails say nowhere how to unsubscribe, and nobody can confirm a sign-up",
            "Large mail providers refuse bulk mail without that. Set it to the https address of this web server.",
        )
    if len(url) > LONGEST_PUBLIC_URL:
        return note(
            "public address",
            f"{url} has {len(url)} characters, and links are that much longer",
            f"Take a host for it of {LONGEST_PUBLIC_URL} characters, https:// included: long headers get folded, and "
            "signatures over them broken.",
        )
    return good("public address", url)


def _in_silence(_line: str) -> None:
    """The check-up is its own report."""
