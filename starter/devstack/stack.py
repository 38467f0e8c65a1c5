"""The whole of Shelftalk in one process, for `up` and `demo`: every component in order, and down again in reverse.

What the settings name is used; what they leave open is embedded: PostgreSQL, Temporal, a mailbox.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from schemas.document.conversation import ConversationDocument
from schemas.responses.keys import Scope
from schemas.responses.operations import Choice
from schemas.settings import Settings
from starter.devstack.child import FolderLock
from starter.devstack.failures import DevstackError
from starter.devstack.mailbox import Mailbox
from starter.devstack.postgres import EmbeddedPostgres
from starter.devstack.programs import Say
from starter.devstack.temporal import EmbeddedTemporal
from starter.devstack.temporal_cli import find_temporal
from starter.documents import STARTER_CONVERSATION, load_document
from starter.processes import running_engine, running_web
from starter.runtime.components import opened_pool, prepare_database, prepare_temporal, reach_temporal
from starter.runtime.endpoints import Endpoints, remove_endpoints, with_secrets_key, write_endpoints, write_private
from starter.runtime.ports import WEB_PORT_SETTING, require_free
from starter.services import Services, open_services
from starter.shops.keys import Keys
from starter.versioning.bulk import Decision

KEY_NAME = "up"
PUBLISHER = "shelftalk up"
"""Who published what it publishes, for the list of versions."""
"""Of the API key made at the first start."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the embedded components listen; 0 is any free port, None is nowhere."""

    temporal: int = 0
    temporal_ui: int | None = None
    smtp: int = 0


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything, running.

    Attributes:
        settings: with nothing left open.
        mailbox: where messages end up; None when the settings name a mail server.
    """

    settings: Settings
    services: Services
    mailbox: Mailbox | None
    endpoints: Endpoints
    api_key_file: Path


@asynccontextmanager
async def running_stack(
    settings: Settings, ports: Ports, say: Say, conversation: ConversationDocument | None = None
) -> AsyncGenerator[Stack]:
    """Start everything, and stop it when the block ends.

    Args:
        conversation: published at the start; None: the starter conversation, if nothing is published.

    Raises:
        DevstackError: an embedded component cannot be had or started.
        DatabaseUnavailable, TemporalUnavailable, MigrationRefused, AlertTaken: as they say.
    """
    async with AsyncExitStack() as parts:
        _hold_folder(settings.data_dir, parts)
        if settings.http_port:
            # Before anything is started: whoever chose a port that is taken waits for nothing.
            require_free(settings.http_port, "The web server", WEB_PORT_SETTING, settings.http_host)
        found = await _with_postgres(with_secrets_key(settings, make=True), parts, say)
        pool = await parts.enter_async_context(opened_pool(found, say))
        applied = await prepare_database(pool)
        say(f"Migrations    {applied} applied" if applied else "Migrations    nothing to apply")
        found, ui_url = await _with_temporal(found, ports, parts, say)
        client = await reach_temporal(found, say)
        if added := await prepare_temporal(client):
            say(f"              search attributes added: {', '.join(added)}")
        found, mailbox = await _with_mail(found, ports, parts, say)
        services = await parts.enter_async_context(open_services(found, takes_webhooks=True))
        await _publish(services, conversation, say)
        await parts.enter_async_context(running_engine(found, pool, client))
        say("Worker        at work, with the dispatcher beside it")
        parts.callback(say, "Stopping the worker; it finishes what it has begun")
        web_url = await parts.enter_async_context(running_web(found, services))
        say(f"Web           {web_url}")
        parts.callback(say, "Stopping the web server")
        endpoints = _endpoints(found, web_url, ui_url, mailbox)
        key_file = await _keep_key(settings.data_dir, services.keys)
        write_endpoints(settings.data_dir, endpoints)
        parts.callback(remove_endpoints, settings.data_dir)
        yield Stack(found, services, mailbox, endpoints, key_file)


def api_key(file: Path) -> str:
    """The API key that `up` made at its first start."""
    return file.read_text(encoding="utf-8").strip()


def _hold_folder(data_dir: Path, parts: AsyncExitStack) -> None:
    lock = FolderLock(data_dir, "shelftalk")
    lock.take()
    parts.callback(lock.release)


async def _with_postgres(settings: Settings, parts: AsyncExitStack, say: Say) -> Settings:
    if settings.database_url is not None:
        say("PostgreSQL    the one of DATABASE_URL")
        return settings
    server = EmbeddedPostgres(settings.data_dir / "postgres")
    await parts.enter_async_context(server)
    say(f"PostgreSQL    embedded, in {settings.data_dir / 'postgres'}")
    parts.callback(say, "Stopping PostgreSQL")
    return settings.model_copy(update={"database_url": SecretStr(server.dsn())})


async def _with_temporal(
    settings: Settings, ports: Ports, parts: AsyncExitStack, say: Say
) -> tuple[Settings, str | None]:
    if settings.temporal_address is not None:
        say(f"Temporal      {settings.temporal_address}")
        return settings, None
    server = EmbeddedTemporal(
        await find_temporal(settings, say),
        settings.data_dir / "temporal",
        port=ports.temporal,
        ui_port=ports.temporal_ui,
        namespace=settings.temporal_namespace,
    )
    await parts.enter_async_context(server)
    say(f"Temporal      embedded, at {server.address}")
    parts.callback(say, "Stopping Temporal")
    here = {"temporal_address": server.address, "temporal_ui": settings.temporal_ui or server.ui_url}
    return settings.model_copy(update=here), server.ui_url


async def _with_mail(
    settings: Settings, ports: Ports, parts: AsyncExitStack, say: Say
) -> tuple[Settings, Mailbox | None]:
    if settings.email_provider != "smtp":
        say(f"Mail          by {settings.email_provider}")
        return settings, None
    if settings.smtp_host is not None:
        say(f"Mail          by SMTP to {settings.smtp_host}:{settings.smtp_port}")
        return settings, None
    folder = settings.data_dir / "mail"
    mailbox = Mailbox(folder, port=ports.smtp, port_setting="--smtp-port")
    await parts.enter_async_context(mailbox)
    say(f"Mail          delivered nowhere: SMTP to {mailbox.host}:{mailbox.port}, kept in {folder}")
    # What the settings say of another server's login does not hold for the mailbox.
    here = {"smtp_host": mailbox.host, "smtp_port": mailbox.port, "smtp_username": None, "smtp_password": None}
    return settings.model_copy(update={**here, "smtp_starttls": False, "smtp_tls": False}), mailbox


async def _publish(services: Services, conversation: ConversationDocument | None, say: Say) -> None:
    if conversation is None:
        if await services.publishing.anything_was_published():
            return
        conversation = load_document(STARTER_CONVERSATION.read_bytes(), STARTER_CONVERSATION.name)
    published = await services.publishing.publish(conversation, Decision(Choice.STAY, PUBLISHER))
    say(f"Conversation  {published.version_id} published")


async def _keep_key(data_dir: Path, keys: Keys) -> Path:
    """The file with an API key that this database takes; made where there is none, or only one of another database."""
    file = data_dir / "api-key"
    try:
        known = await keys.holder(api_key(file)) is not None
    except FileNotFoundError:
        known = False
    except OSError as error:
        raise DevstackError(
            f"{file} cannot be read ({error.strerror}): make it readable for this account, or remove it"
        ) from error
    if not known:
        # Names are not used twice, and a key whose file is gone cannot be shown again.
        name = f"{KEY_NAME} {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        write_private(file, await keys.create(name, f"shelftalk {KEY_NAME}", [Scope.ADMIN]) + "\n")
    return file


def _endpoints(settings: Settings, web_url: str, ui_url: str | None, mailbox: Mailbox | None) -> Endpoints:
    assert settings.database_url is not None
    assert settings.temporal_address is not None
    return Endpoints(
        pid=os.getpid(),
        database_url=settings.database_url.get_secret_value(),
        temporal_address=settings.temporal_address,
        temporal_namespace=settings.temporal_namespace,
        temporal_task_queue=settings.temporal_task_queue,
        email_provider=settings.email_provider,
        smtp_host=settings.smtp_host,
        smtp_port=settings.smtp_port,
        web_url=web_url,
        temporal_ui_url=ui_url,
        mail_folder=settings.data_dir / "mail" if mailbox is not None else None,
    )
