"""The product in one process, for tests: the words of the shop, on real components."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files

from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.waitlist.enlist import Enlisted, Enlisting
from activities.waitlist.intake import Intake
from schemas.conversation import ConversationDocument
from schemas.facts import ProductFact, VariantFact
from schemas.ids import JourneyId, StoreId, Subject
from schemas.reports import JourneyReport
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox, is_to
from starter.dispatcher import Dispatcher
from starter.documents import load_document
from starter.journeys import Journeys
from starter.publishing import publish
from starter.shelves import Shelves
from worker import email_sender, running_worker

STORE = StoreId("example.myshopify.com")
PATIENCE = 30.0
"""Seconds that anything may take on a loaded machine."""


def starter_document(wait: str = "2 days", **alert: object) -> ConversationDocument:
    """The starter conversation, with another wait before its reminder or other terms of its alert."""
    text = files("starter").joinpath("conversations/back-in-stock.yaml").read_text(encoding="utf-8")
    document = load_document(text.replace("wait: 2 days", f"wait: {wait}"), "back-in-stock.yaml")
    changed = document.alerts["back-in-stock"].model_copy(update=alert)
    return document.model_copy(update={"alerts": {"back-in-stock": changed}})


@dataclass(frozen=True)
class Shop:
    """A shop whose stock the test moves, over the same intake that webhooks use."""

    pool: Pool
    intake: Intake

    async def sells(self, *variants: str, units: int = 0, on_sale: bool = True) -> None:
        """Product `p` with these variants, each with `units` in all."""
        await self.intake.observe(
            STORE,
            "shopify",
            [
                ProductFact(
                    product_id="p",
                    title="Blue kettle",
                    handle="blue-kettle",
                    on_sale=on_sale,
                    variants=tuple(
                        VariantFact(variant_id=name, inventory_item_id=f"item-{name}", title=name, quantity=units)
                        for name in variants
                    ),
                    observed_at=datetime.now(UTC),
                )
            ],
        )

    async def has(self, variant: str, units: int) -> None:
        """The variant's only location has this many units now."""
        await Shelves(self.pool, self.intake).set_stock(subject(variant), units, "warehouse")

    async def signs_up(self, *names: str, for_: str = "v") -> list[JourneyId]:
        """These contacts ask for a variant, one after the other."""
        entered = [await Enlisting(self.pool).sign_up(address(name), STORE, for_, "test") for name in names]
        assert all(isinstance(each, Enlisted) for each in entered), entered
        return [each.journey_id for each in entered if isinstance(each, Enlisted)]


@dataclass(frozen=True)
class Product:
    """Everything that runs, and what a test asks of it."""

    pool: Pool
    client: Client
    mailbox: Mailbox
    settings: Settings
    shop: Shop
    journeys: Journeys
    dispatcher: Dispatcher

    async def mail_to(self, name: str, *, after: int = 0) -> str:
        """The subject of the next mail to this contact, beyond the first `after` mails of all."""
        mail = await self.mailbox.wait_for(is_to(address(name)), PATIENCE, after=after)
        return str(mail.read()["Subject"])

    async def until(self, journey_id: JourneyId, holds: Callable[[JourneyReport], bool]) -> JourneyReport:
        """The journey's report once this holds of it."""
        return await journey_where(self.journeys, journey_id, holds)

    async def settled(self) -> None:
        """Wait until nothing is left to do: no call in the outbox and no shelf at work."""
        async with asyncio.timeout(PATIENCE):
            while await self.pool.fetchval("select count(*) from outbox") or await self._shelves_at_work():
                await next_change(self.pool)

    async def _shelves_at_work(self) -> bool:
        queue = self.settings.temporal_task_queue
        query = f"WorkflowType = 'Shelf' and ExecutionStatus = 'Running' and TaskQueue = '{queue}'"
        return (await self.client.count_workflows(query)).count > 0


async def journey_where(
    journeys: Journeys, journey_id: JourneyId, holds: Callable[[JourneyReport], bool], within: float = PATIENCE
) -> JourneyReport:
    """The journey's report once this holds of it, within so many seconds."""
    async with asyncio.timeout(within):
        while not holds(report := await journeys.show(journey_id)):
            await next_change(journeys.pool)
    return report


async def next_change(pool: Pool) -> None:
    """Let the others work for a moment; PostgreSQL keeps the time, so a loaded machine gets more of it."""
    await pool.execute("select pg_sleep(0.02)")


def subject(variant: str) -> Subject:
    return Subject(store_id=STORE, id=variant)


def address(name: str) -> str:
    return f"{name}@example.com"


def addressees(mailbox: Mailbox) -> list[str]:
    """The names that were written to, in order."""
    return [mail.recipients[0].removesuffix("@example.com") for mail in mailbox.mails]


@asynccontextmanager
async def running_product(
    pool: Pool, client: Client, mailbox: Mailbox, task_queue: str, document: ConversationDocument | None = None
) -> AsyncGenerator[Product]:
    """Publish a conversation (the starter, if none is given) and run worker and dispatcher until the block ends."""
    settings = Settings(temporal_task_queue=task_queue)
    await publish(pool, document or starter_document())
    intake = Intake(pool)
    async with running_worker(settings, pool, client, email_sender(settings, mailbox.host, mailbox.port)) as running:
        dispatcher = Dispatcher(pool, running.waitlist, running.temporal, timedelta(days=30))
        task = asyncio.create_task(dispatcher.run())
        try:
            yield Product(pool, client, mailbox, settings, Shop(pool, intake), Journeys(pool), dispatcher)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
