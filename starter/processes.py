"""The processes of Shelftalk: what runs in each.

A part that fails takes its process with it, for a supervisor to start anew.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

import structlog
from temporalio.client import Client

from activities.connections.keeping_true import KeepingTrue
from activities.connections.shops import Shops
from activities.intake.feeds import FeedReader
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.responses.builds import BuildStatus
from schemas.settings import Settings
from starter.runtime.builds import Builds
from starter.runtime.components import NotConfigured, Say, opened_components, opened_pool, require_migrated
from starter.runtime.dispatcher import Dispatcher
from starter.runtime.endpoints import web_noted
from starter.runtime.heartbeat import heartbeat, heartbeat_file
from starter.runtime.process import beside
from starter.runtime.schedules import ARCHIVING, RECONCILIATION, RETENTION
from starter.services import Services, open_services
from worker import Running, build_of, running_worker

log = structlog.get_logger()


@asynccontextmanager
async def running_engine(settings: Settings, pool: Pool, client: Client) -> AsyncGenerator[Running]:
    """Temporal worker and dispatcher, from entry to exit; what they have begun is finished first.

    Raises:
        NotConfigured: no mail server.
        ValueError: a setting of e-mail is missing, or SHELFTALK_SENDER is not an address.
    """
    if settings.email_provider == "smtp" and settings.smtp_host is None:
        raise NotConfigured("SHELFTALK_SMTP_HOST", ": without a mail server nobody can be told")
    shops = Shops.from_settings(pool, settings)
    async with aclosing(shops), running_worker(settings, pool, client) as running:
        if settings.deployment is not None:
            status = await Builds(pool, client, settings.deployment).begin(build := build_of(settings))
            if status is not BuildStatus.CURRENT:
                log.warning("build not current", build=build, deployment=settings.deployment)
        dispatcher = Dispatcher(
            pool,
            running.waitlist,
            running.temporal,
            keep_deliveries=timedelta(days=settings.inbox_days),
            zero_price_holds=timedelta(minutes=settings.zero_price_minutes),
            feeds=FeedReader(pool, Intake(pool, settings.attribution), private_hosts=settings.webhook_private_hosts),
        )
        keeping_true = KeepingTrue(pool, shops, Intake(pool, settings.attribution), settings.public_url)
        await RECONCILIATION.ensure_schedule(client, settings.temporal_task_queue)
        every = timedelta(minutes=settings.archive_minutes)
        await ARCHIVING.ensure_schedule(client, settings.temporal_task_queue, every)
        await RETENTION.ensure_schedule(client, settings.temporal_task_queue)
        async with beside(dispatcher.run()), beside(running.replying.run()), beside(keeping_true.run()):
            yield running


@asynccontextmanager
async def worker_process(settings: Settings, say: Say) -> AsyncGenerator[None]:
    """All that `shelftalk worker` runs, from entry to exit, on components that are waited for.

    Raises:
        NotConfigured, DatabaseUnavailable, TemporalUnavailable, MigrationRefused, NotPrepared: as they say.
    """
    async with (
        opened_components(settings, say) as components,
        running_engine(settings, components.pool, components.client),
        heartbeat(heartbeat_file(settings.data_dir)),
    ):
        yield


@asynccontextmanager
async def web_process(settings: Settings, say: Say) -> AsyncGenerator[str]:
    """All that `shelftalk serve` runs, from entry to exit. Gives its address.

    Raises:
        NotConfigured, DatabaseUnavailable, MigrationRefused, NotPrepared: as they say.
        CannotStart: the port is taken or not allowed.
    """
    async with opened_pool(settings, say) as pool:
        await require_migrated(pool)
    async with open_services(settings, takes_webhooks=True) as services, running_web(settings, services) as url:
        with web_noted(settings.data_dir, url):
            yield url


@asynccontextmanager
async def running_web(settings: Settings, services: Services) -> AsyncGenerator[str]:
    """The web server, from entry to exit; requests under way are answered first. Gives its address.

    Raises:
        CannotStart: the port is taken or not allowed.
    """
    # Imported here, for every command would wait for it: most ask one question and serve nothing.
    from starter.http.app import create_app
    from starter.http.server import serving

    await services.connection_status.note_public_address()
    async with serving(create_app(services, settings), settings.http_host, settings.http_port) as served:
        yield served.url
