"""The composition root: the only place that builds collaborators and hands them to activities and workflows."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.archive.archive import Archive
from activities.archive.archiving import Archiving
from activities.archive.both import BothArchives
from activities.archive.closed import ClosedHistories
from activities.archive.postgres import PostgresArchive
from activities.archive.s3 import Bucket, S3Archive
from activities.decisions.deciding import Deciding
from activities.delivery.deliver import DeliverActivity
from activities.delivery.ledger import WRITING, Ledger
from activities.delivery.pace import Pace, Rate
from activities.delivery.replying import Replies, Replying
from activities.delivery.shopper_links import ShopperLinks
from activities.intake.contacts import Contacts
from activities.intake.retention import Retention
from activities.journeys.bulk import Bulk
from activities.journeys.positions import Positions
from activities.journeys.reconciliation import Reconciler
from activities.postgres.pool import Pool
from activities.revenue.links import Links
from activities.senders.email.mime import parse_sender
from activities.senders.limits import ANSWER_SECONDS
from activities.senders.registry import Senders
from activities.temporal import Temporal
from activities.temporal_access import PLAIN, TemporalAccess
from activities.waitlist.claims import Waitlist
from activities.waitlist.line_moves import LineMoves
from activities.waitlist.place_activities import PlaceActivities
from activities.webhooks.calling import Calling
from activities.webhooks.http_caller import HttpCaller
from activities.webhooks.signing import SigningSecrets
from schemas.channels import Channel
from schemas.responses.retention import Kept
from schemas.settings import Settings
from workflows.archive import ArchiveWorkflow
from workflows.bulk import BulkWorkflow
from workflows.journey import JourneyWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.retention import RetentionWorkflow
from workflows.shelf import ShelfWorkflow

WORKFLOWS = (JourneyWorkflow, ShelfWorkflow, ReconcileWorkflow, ArchiveWorkflow, BulkWorkflow, RetentionWorkflow)

STOP_LIMIT = timedelta(seconds=30)
"""A stopping worker finishes the deliveries it has begun; a provider's answer may take this long."""

CACHED_JOURNEYS = 1000
"""Workflows kept in memory between tasks; the others are replayed from history when they wake."""


def sandbox() -> SandboxedWorkflowRunner:
    """The workflow sandbox. Our pure modules and Pydantic pass through: reloading them for every workflow is slow."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "schemas",
            "workflows.interpreter",
            "workflows.policies",
            "workflows.temporal_world",
            "pydantic",
            "pydantic_core",
            "annotated_types",
        )
    )


def workflow_runner(settings: Settings) -> WorkflowRunner:
    """What workflows are run in: the sandbox where the settings ask for it, as all tests do; else nothing, for speed.

    What keeps workflows deterministic without it is workflows/ruff.toml, the tests, and every released history
    replayed: docs/decisions/0016-no-sandbox-in-production.md.
    """
    return sandbox() if settings.workflow_sandbox else UnsandboxedWorkflowRunner()


def build_of(settings: Settings) -> str:
    """The name of this build, as `shelftalk-1.2.0`."""
    return settings.build or f"shelftalk-{version('shelftalk')}"


def _deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    """Journeys go on with whichever build is current: every released history replays on newer code (P6)."""
    if settings.deployment is None:
        return None
    return WorkerDeploymentConfig(
        WorkerDeploymentVersion(settings.deployment, build_of(settings)),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def connect(address: str, namespace: str, access: TemporalAccess = PLAIN, *, lazy: bool = False) -> Client:
    """A client of Temporal that speaks our models. Lazy: connects at the first call."""
    return await Client.connect(
        address,
        namespace=namespace,
        tls=access.tls,
        api_key=access.api_key,
        rpc_metadata=access.headers,
        data_converter=access.converter,
        lazy=lazy,
    )


@dataclass(frozen=True, slots=True)
class Running:
    """A worker at work, with what its process shares."""

    worker: Worker
    waitlist: Waitlist
    temporal: Temporal
    replying: Replying


def history_archive(settings: Settings, pool: Pool) -> Archive:
    """The archive that the settings describe. What PostgreSQL kept before there was a bucket is still read."""
    ours = PostgresArchive(pool)
    if settings.archive_bucket is None:
        return ours
    secret = settings.archive_secret
    bucket = Bucket(
        settings.archive_bucket,
        settings.archive_region,
        settings.archive_endpoint,
        settings.archive_key_id,
        secret.get_secret_value() if secret else None,
    )
    return BothArchives(S3Archive(bucket), ours)


def kept_days(settings: Settings) -> dict[Kept, int]:
    """For how many days each kind of data is kept."""
    return {
        Kept.INBOX: settings.inbox_days,
        Kept.EVENT: settings.event_days,
        Kept.SUBJECT: settings.subject_days,
        Kept.CLICK: settings.click_days,
        Kept.LINK: settings.link_days,
        Kept.QUESTION: settings.question_days,
        Kept.PROOF: settings.proof_days,
        Kept.TEXT: settings.text_days,
    }


@asynccontextmanager
async def running_worker(settings: Settings, pool: Pool, client: Client) -> AsyncGenerator[Running]:
    """A Temporal worker with all workflows and activities; at exit it finishes what it has begun.

    Raises:
        ValueError: a channel's setting is missing, or of no use; the text names it.
    """
    senders = Senders.from_settings(settings)
    waitlist = Waitlist(pool)
    temporal = Temporal(client, settings.temporal_task_queue, eager=settings.deployment is None)
    places = PlaceActivities(waitlist, temporal, LineMoves(pool))
    positions = Positions(pool)
    contacts = Contacts(pool)
    caller = HttpCaller(SigningSecrets(settings.webhook_secrets), private_hosts=settings.webhook_private_hosts)
    ledger = Ledger(pool, timedelta(seconds=max(settings.smtp_answer_seconds, ANSWER_SECONDS)) + WRITING)
    links = Links(pool, settings.public_url)
    pace = Pace(pool, {Channel.EMAIL: Rate(settings.email_per_second, settings.email_domain_per_second)})
    shopper_links = ShopperLinks(pool, settings.public_url)
    domain = parse_sender(settings.sender).domain
    delivery = DeliverActivity(ledger, senders, domain, links, pace, shopper_links)
    replying = Replying(pool, senders, domain, Replies.from_settings(settings))
    worker = Worker(
        client,
        task_queue=settings.temporal_task_queue,
        workflows=WORKFLOWS,
        activities=[
            places.give_places,
            places.notify_claims,
            places.leave_waitlist,
            places.close,
            delivery.deliver,
            positions.record_position,
            positions.moved,
            Deciding(pool).decide,
            contacts.find_moment,
            contacts.change_contact,
            Calling(pool, caller).call_webhook,
            Bulk(pool, waitlist, temporal).run_bulk,
            Reconciler(pool, waitlist, temporal).reconcile,
            Archiving(pool, history_archive(settings, pool), ClosedHistories(client)).archive,
            Retention(pool, kept_days(settings)).retain,
        ],
        workflow_runner=workflow_runner(settings),
        deployment_config=_deployment(settings),
        # Without a deployment too: else the SDK reads all code again for a name, at every start.
        build_id=None if settings.deployment else build_of(settings),
        max_cached_workflows=CACHED_JOURNEYS,
        graceful_shutdown_timeout=STOP_LIMIT,
    )
    async with aclosing(senders), aclosing(caller), worker:
        yield Running(worker, waitlist, temporal, replying)
