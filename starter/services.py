"""The services: everything that can be asked of Shelftalk, built once per process over one database and one Temporal.

The command line, the API and whatever else serves people call these and build none of their own.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from activities.archive.archive import Archive
from activities.connections.shops import Shops
from activities.feedback.feedback import Feedback
from activities.intake.events import Events
from activities.intake.intake import Intake
from activities.intake.views import Views
from activities.postgres.pool import Pool, open_pool
from activities.revenue.links import Links
from activities.senders.registry import Senders
from activities.storefronts.registry import Storefronts
from activities.temporal_access import TemporalAccess
from activities.waitlist.entrances import Entrances
from activities.waitlist.place_shown import PlacesShown
from activities.waitlist.work import ProofOfWork
from schemas.settings import Settings
from starter.accounts.audit_log import AuditLog
from starter.accounts.identities import Identities
from starter.accounts.links import SignInLinks
from starter.accounts.passkeys import Passkeys
from starter.accounts.passwords import Passwords
from starter.accounts.pending_sign_ins import PendingSignIns
from starter.accounts.second_factors import SecondFactors
from starter.accounts.sessions import Sessions
from starter.accounts.signing_in import SigningIn
from starter.accounts.users import Users
from starter.ops.approvals import Approvals
from starter.ops.attention import Attention
from starter.ops.backlog import Backlog
from starter.ops.deliveries import Deliveries
from starter.ops.kept_checkup import KeptCheckup
from starter.ops.pausing import Pausing
from starter.ops.previews import Previews
from starter.ops.repair import Repairs
from starter.ops.settings_shown import SettingsShown
from starter.ops.upkeep import Upkeep
from starter.reporting.analytics import Analytics
from starter.reporting.daily import DailyReports
from starter.reporting.delays import DelayReports
from starter.reporting.experiments import Experiments
from starter.reporting.messages import MessageReports
from starter.reporting.reports import Reports
from starter.reporting.revenue import Revenue
from starter.runtime.builds import Builds
from starter.runtime.components import database_address, temporal_address
from starter.runtime.readiness import ReadinessProbe
from starter.shops.connection_status import ConnectionStatus
from starter.shops.connections import Connections
from starter.shops.consents import Consents
from starter.shops.contacts import Contacts
from starter.shops.coupons import Coupons
from starter.shops.feeds import Feeds
from starter.shops.forecast import Forecasts
from starter.shops.keys import Keys
from starter.shops.people import People
from starter.shops.provider_webhooks import ProviderWebhooks
from starter.shops.revocations import Revocations
from starter.shops.shoppers import Shoppers
from starter.shops.stock import Stock
from starter.shops.stores import Stores
from starter.shops.webhook_secrets import WebhookSecrets
from starter.shops.webhooks import Webhooks
from starter.support.journeys import Journeys
from starter.support.replay import Paths
from starter.support.replays import Replays, TemporalPages
from starter.support.why import Why
from starter.versioning.bulk import BulkOperations
from starter.versioning.dry_run import DryRuns
from starter.versioning.publishing import Publishing
from starter.versioning.retiring import Retiring
from starter.versioning.reviewing import Reviewing
from starter.versioning.revisions import Revisions
from starter.versioning.versions import Versions
from starter.waitlists.back_population import BackPopulating
from starter.waitlists.calling_forward import CallingForward
from starter.waitlists.importing import WaitlistImports
from starter.waitlists.line_moves import LineMoving
from starter.waitlists.lines import WaitingLines
from starter.waitlists.successors import Successors
from starter.waitlists.waitlists import Waitlists
from worker import connect, history_archive

WEBHOOKS_SHARE = 4
"""A quarter of the connections is for webhooks: a storefront gives up after five seconds."""


@dataclass(frozen=True, slots=True)
class Services:
    """One field for each service; what each does is said where its class stands."""

    # what comes in
    webhooks: Webhooks
    provider_webhooks: ProviderWebhooks
    sign_ups: Entrances
    places_shown: PlacesShown
    proof_of_work: ProofOfWork
    events: Events
    views: Views
    consents: Consents
    coupons: Coupons
    stock: Stock
    forecasts: Forecasts
    stores: Stores
    connections: Connections
    connection_status: ConnectionStatus
    feeds: Feeds
    # conversations
    publishing: Publishing
    reviewing: Reviewing
    versions: Versions
    revisions: Revisions
    retiring: Retiring
    dry_runs: DryRuns
    bulk_operations: BulkOperations
    # people
    people: People
    contacts: Contacts
    revocations: Revocations
    shoppers: Shoppers
    journeys: Journeys
    paths: Paths
    replays: Replays
    why: Why
    reports: Reports
    analytics: Analytics
    daily_reports: DailyReports
    revenue: Revenue
    experiments: Experiments
    links: Links
    message_reports: MessageReports
    delays: DelayReports
    waitlists: Waitlists
    waiting_lines: WaitingLines
    calling_forward: CallingForward
    waitlist_imports: WaitlistImports
    line_moving: LineMoving
    successors: Successors
    back_population: BackPopulating
    # who may
    users: Users
    sessions: Sessions
    signing_in: SigningIn
    pending_sign_ins: PendingSignIns
    second_factors: SecondFactors
    passkeys: Passkeys
    identities: Identities
    sign_in_links: SignInLinks
    audit_log: AuditLog
    # ops
    attention: Attention
    checkup: KeptCheckup
    settings_shown: SettingsShown
    previews: Previews
    pausing: Pausing
    approvals: Approvals
    repairs: Repairs
    deliveries: Deliveries
    keys: Keys
    upkeep: Upkeep
    builds: Builds
    backlog: Backlog
    readiness: ReadinessProbe


def build_services(
    pool: Pool, client: Client, archive: Archive, settings: Settings, webhooks: Pool | None = None
) -> Services:
    """The services over what is open already; they close none of it.

    Args:
        webhooks: connections for webhooks alone, which wait for nothing else then.
    """
    # Long because every service is a line.
    intake, journeys = Intake(pool, settings.attribution), Journeys(pool)
    shops = Shops.from_settings(pool, settings)
    passwords = Passwords()
    delivered = Intake(webhooks, settings.attribution) if webhooks else intake
    return Services(
        webhooks=Webhooks(delivered, WebhookSecrets(webhooks or pool, shops.seal)),
        provider_webhooks=ProviderWebhooks(delivered, Feedback(webhooks or pool)),
        sign_ups=Entrances(pool),
        places_shown=PlacesShown(pool),
        proof_of_work=ProofOfWork(pool),
        events=(events := Events(pool, settings.attribution)),
        views=Views(pool, events),
        consents=Consents(pool),
        coupons=Coupons(pool),
        stock=Stock(pool, intake),
        forecasts=Forecasts(pool),
        stores=Stores(pool),
        connections=Connections(pool, shops, intake, list(Storefronts()), settings.public_url),
        connection_status=ConnectionStatus(pool, shops.apis, settings.public_url),
        feeds=Feeds(pool, intake, private_hosts=settings.webhook_private_hosts),
        publishing=Publishing(pool, settings.public_url),
        reviewing=Reviewing(pool, settings.public_url),
        versions=Versions(pool, settings.public_url),
        revisions=Revisions(pool),
        retiring=Retiring(pool),
        dry_runs=DryRuns(pool, client, archive),
        bulk_operations=BulkOperations(pool),
        people=People(pool),
        contacts=Contacts(pool),
        revocations=Revocations(pool),
        shoppers=Shoppers(pool),
        journeys=journeys,
        paths=(paths := Paths(journeys, client, archive)),
        replays=Replays(pool, journeys, paths, TemporalPages(settings.temporal_ui, settings.temporal_namespace)),
        why=Why(pool),
        reports=Reports(pool),
        analytics=Analytics(pool),
        daily_reports=DailyReports(pool),
        revenue=Revenue(pool),
        experiments=Experiments(pool),
        links=Links(pool),
        message_reports=MessageReports(pool),
        delays=DelayReports(pool),
        waitlists=Waitlists(pool),
        waiting_lines=WaitingLines(pool),
        calling_forward=CallingForward(pool),
        waitlist_imports=WaitlistImports(pool),
        line_moving=LineMoving(pool),
        successors=Successors(pool),
        back_population=BackPopulating(pool),
        users=(users := Users(pool, passwords)),
        sessions=Sessions(pool),
        signing_in=SigningIn(pool, passwords),
        pending_sign_ins=(pending := PendingSignIns(pool, shops.seal)),
        second_factors=SecondFactors(pool, passwords, shops.seal),
        passkeys=Passkeys(pool, passwords, pending),
        identities=Identities.from_settings(pool, users, settings),
        sign_in_links=SignInLinks(pool, passwords),
        audit_log=AuditLog(pool),
        attention=Attention(pool),
        checkup=KeptCheckup(settings),
        settings_shown=SettingsShown(settings),
        previews=Previews(pool, settings, Senders.from_settings),
        pausing=Pausing(pool),
        approvals=Approvals(pool),
        repairs=Repairs(pool, client, archive),
        deliveries=Deliveries(pool),
        keys=Keys(pool),
        upkeep=Upkeep(pool, client, archive, settings.temporal_task_queue),
        builds=Builds(pool, client, settings.deployment),
        backlog=Backlog(pool),
        readiness=ReadinessProbe(pool, client),
    )


@asynccontextmanager
async def open_services(settings: Settings, *, takes_webhooks: bool = False) -> AsyncGenerator[Services]:
    """Services from the settings. Temporal is connected at the first call that needs it: intake works without (P4).

    Args:
        takes_webhooks: a share of the connections is kept for webhooks alone, whatever else is asked.

    Raises:
        NotConfigured: no address of PostgreSQL or Temporal.
        DatabaseUnavailable: PostgreSQL cannot be used.
    """
    database, temporal = database_address(settings), temporal_address(settings)
    kept = settings.database_pool // WEBHOOKS_SHARE if takes_webhooks else 0
    async with AsyncExitStack() as opened:
        pool = await open_pool(database, settings.database_pool - kept)
        opened.push_async_callback(pool.close)
        webhooks = await open_pool(database, kept) if kept else pool
        opened.push_async_callback(webhooks.close)
        client = await connect(temporal, settings.temporal_namespace, TemporalAccess.from_settings(settings), lazy=True)
        services = build_services(pool, client, history_archive(settings, pool), settings, webhooks)
        opened.push_async_callback(services.connections.aclose)
        opened.push_async_callback(services.checkup.aclose)
        yield services
