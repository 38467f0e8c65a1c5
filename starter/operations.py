"""Operations: what CLI, API and (later) console all call. One object per process over one database and one Temporal."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from activities.archive.archive import Archive
from activities.intake.events import Events
from activities.postgres.pool import Pool, open_pool
from activities.storefronts.storefront import DeliveryMalformed, NotOurs, PayloadMalformed, Storefront, WebhookAnswer
from activities.waitlist.enlist import Enlisted, Enlisting, NotEnlisted
from activities.waitlist.intake import Intake, Receipt
from schemas.conversation import ConversationDocument
from schemas.events import Event, EventOutcome
from schemas.facts import WebhookDelivery
from schemas.ids import JourneyId, StoreId
from schemas.operations import UnderWay
from schemas.path import JourneyPath
from schemas.settings import Settings
from starter.bulk import Decision
from starter.journeys import Journeys
from starter.keys import Keys
from starter.publishing import Published, program_of, publish
from starter.replay import HistoryGone, replay_path
from starter.shelves import Shelves
from starter.under_way import under_way
from worker import connect, history_archive

UNNAMED = "unknown"
"""The store and topic of a delivery whose headers do not name them."""


class NotConfigured(Exception):
    """A setting is missing; the text names it."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a webhook, and what its platform wants to read; None: nothing of its own."""

    receipt: Receipt
    answer: WebhookAnswer | None


@dataclass(frozen=True, slots=True)
class Operations:
    """Everything a person or a storefront can ask of Shelftalk."""

    pool: Pool
    client: Client
    intake: Intake
    enlisting: Enlisting
    journeys: Journeys
    shelves: Shelves
    keys: Keys
    archive: Archive

    async def receive_webhook(self, storefront: Storefront, body: bytes, headers: Mapping[str, str]) -> Received:
        """Verify, read and apply one webhook. When this returns, it is committed.

        Raises:
            SignatureWrong: nothing was read or kept.
            DeliveryMalformed: signed, but its headers do not say what it is; it is kept for inspection.
            PayloadMalformed: signed, but unreadable; it is kept for inspection.
        """
        try:
            delivery = storefront.verify(body, headers)
        except DeliveryMalformed as error:
            # Signed, so kept; but nothing says whose it is, only what it is.
            nameless = WebhookDelivery(
                store_id=UNNAMED, source=storefront.source, topic=UNNAMED, key=hashlib.sha256(body).hexdigest()
            )
            # Without its body, for it may be about people.
            await self.intake.keep_malformed(nameless, str(error), b"")
            raise
        try:
            facts = storefront.read(delivery, body)
        except PayloadMalformed as error:
            await self.intake.keep_malformed(delivery, f"{error.path}: {error.message}", body)
            raise
        if isinstance(facts, NotOurs):
            receipt = await self.intake.ignore(delivery)
        else:
            receipt = await self.intake.receive(delivery, facts)
        return Received(receipt, storefront.answer(delivery))

    async def sign_up(self, email: str, store_id: StoreId, variant_id: str, source: str) -> Enlisted | NotEnlisted:
        """Put a contact in line.

        Raises:
            UnknownVariant, NoAlert: as they say.
        """
        return await self.enlisting.sign_up(email, store_id, variant_id, source)

    async def take_event(self, event: Event) -> EventOutcome:
        """Record what a contact did and let it take effect, once."""
        return await Events(self.pool).take(event)

    async def path(self, journey_id: JourneyId) -> JourneyPath:
        """A journey's path, by replaying its history. Empty while its workflow has not been started.

        Raises:
            NoSuchJourney: as it says.
            HistoryGone: it has ended, and neither Temporal nor the archive has its history.
            HistoryCorrupt: what the archive has of it is damaged.
            ArchiveUnavailable: Temporal no longer has its history, and the archive cannot be asked.
            ReplayFailed: the history does not replay on this code.
        """
        report = await self.journeys.show(journey_id)
        try:
            return await replay_path(self.client, self.archive, journey_id)
        except HistoryGone:
            if report.ended_at is not None:
                raise
            return JourneyPath(journey_id=journey_id, version=report.version, entries=())

    async def under_way(self, document: ConversationDocument) -> UnderWay:
        """Who is under way on another version than this document's, and what publishing it would do to them."""
        return await under_way(self.pool, document.conversation, await program_of(self.pool, document))

    async def publish(
        self, document: ConversationDocument, decision: Decision | None = None, source: str | None = None
    ) -> Published:
        """Publish a conversation; without a decision those under way stay on their version.

        Args:
            source: the document as it was written; kept with a new version.

        Raises:
            AlertTaken: its alert is another conversation's already.
        """
        return await publish(self.pool, document, decision, source=source)


@asynccontextmanager
async def open_operations(settings: Settings) -> AsyncGenerator[Operations]:
    """Operations from the settings. Temporal is connected at the first call that needs it: intake works without (P4).

    Raises:
        NotConfigured: no address of PostgreSQL or Temporal.
        DatabaseUnavailable: PostgreSQL cannot be used.
    """
    if settings.database_url is None:
        raise NotConfigured("DATABASE_URL is not set, and no `shelftalk up` is running on this data folder.")
    if settings.temporal_address is None:
        raise NotConfigured(
            "SHELFTALK_TEMPORAL_ADDRESS is not set, and no `shelftalk up` is running on this data folder."
        )
    pool = await open_pool(settings.database_url.get_secret_value(), settings.database_pool)
    try:
        client = await connect(settings.temporal_address, settings.temporal_namespace, lazy=True)
        intake = Intake(pool)
        yield Operations(
            pool,
            client,
            intake,
            Enlisting(pool),
            Journeys(pool),
            Shelves(pool, intake),
            Keys(pool),
            history_archive(settings, pool),
        )
    finally:
        await pool.close()
