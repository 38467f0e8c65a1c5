"""The product in one process, for tests: the words of the shop, on real components."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError

from activities.archive.postgres import PostgresArchive
from activities.intake.events import Events
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId, StoreId, Subject, journey_workflow_id, shelf_workflow_id
from schemas.incoming.events import Event, EventKind
from schemas.incoming.facts import ContactErasureFact, ProductFact, ProductGoneFact, StoreFact, VariantFact
from schemas.journey.outcome import Deferred
from schemas.journey.path import JourneyPath
from schemas.reasons import Ending, Reason
from schemas.responses.journeys import JourneyReport
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox, is_to
from starter.documents import load_document
from starter.runtime.dispatcher import Dispatcher
from starter.shops.consents import Consents
from starter.shops.stock import Stock
from starter.support.journeys import Journeys
from starter.support.replay import HistoryGone
from starter.versioning.publishing import publish
from tests.history import PATIENCE, replayed_path, told_path
from tests.strict_mail import PUBLIC_URL
from worker import running_worker

STORE = StoreId("example.myshopify.com")
_BUSY = """
select exists (select from outbox)
    or exists (select from claims where state = 'given')
    or exists (
        select from waiting w join journeys j on j.id = w.journey_id where w.state = 'left' and j.ended_at is null)
    or exists (select from yields y join journeys j on j.id = y.journey_id where j.ended_at is null)"""
_events = count(1)


BY_HAND = "where actor not in ('unknown', 'storefront', 'test')"
"""Of the audit: without what tests themselves put in."""


def starter_document(wait: str = "2 days", **alert: object) -> ConversationDocument:
    """The starter conversation, with another wait before its reminder or other terms of its alert."""
    document = _starter_waiting(wait)
    changed = document.alerts["back-in-stock"].model_copy(update=alert)
    return document.model_copy(update={"alerts": {"back-in-stock": changed}})


@cache
def _starter_waiting(wait: str) -> ConversationDocument:
    text = files("starter").joinpath("conversations/back-in-stock.yaml").read_text(encoding="utf-8")
    return load_document(text.replace("wait: 2 days", f"wait: {wait}"), "back-in-stock.yaml")


@dataclass(frozen=True)
class Shop:
    """A shop whose stock the test moves, over the same intake that webhooks use, and the people who come to it."""

    pool: Pool
    intake: Intake

    @classmethod
    async def opened(cls, pool: Pool, document: ConversationDocument | None = None) -> "Shop":
        """One with a conversation, the starter if none is given, that has run out of the variant `v`."""
        await publish(pool, document or starter_document())
        shop = cls(pool, Intake(pool))
        await shop.sells("v")
        return shop

    async def sells(self, *variants: str, units: int = 0, on_sale: bool = True, price: str | None = None) -> None:
        """Product `p` with these variants, each with `units` in all."""
        await self.tells(*(_variant(name, quantity=units, price=price) for name in variants), on_sale=on_sale)

    async def tells(self, *variants: VariantFact, on_sale: bool = True, only: bool = False) -> None:
        """A product message of `p` that shows these variants; `only`: it has no others."""
        shown = frozenset(variant.variant_id for variant in variants)
        fact = ProductFact(
            product_id="p",
            title="Blue kettle",
            handle="blue-kettle",
            on_sale=on_sale,
            variants=variants,
            all_variant_ids=shown if only else None,
            observed_at=datetime.now(UTC),
        )
        await self.intake.observe(STORE, "shopify", [fact])

    async def charges_in(self, currency: str) -> None:
        """Its prices are in this currency from now on."""
        await self.intake.observe(STORE, "shopify", [StoreFact(currency=currency, observed_at=datetime.now(UTC))])

    async def has(self, variant: str, units: int, at: str = "warehouse") -> None:
        """The variant has this many units now at this location, the only one unless others were named."""
        await Stock(self.pool, self.intake).set_stock(subject(variant), units, "test", at)

    async def asks(self, price: str, *variants: str) -> None:
        """These variants, `v` if none is named, cost this now; of their units the message does not speak."""
        await self.tells(*(_variant(name, price=price) for name in variants or ("v",)))

    async def unpublishes(self) -> None:
        """Product `p` is a draft again, with all it has."""
        await self.tells(on_sale=False)

    async def publishes(self) -> None:
        await self.tells(on_sale=True)

    async def discontinues(self) -> None:
        """Product `p` is deleted."""
        await self.intake.observe(STORE, "shopify", [ProductGoneFact(product_id="p", observed_at=datetime.now(UTC))])

    async def signs_up(
        self, *names: str, for_: str = "v", list_code: str | None = None, wants: int | None = None
    ) -> list[JourneyId]:
        """These contacts ask for a variant, or for so many units of it, one after the other."""
        enlisting = Entrances(self.pool)
        entered = [
            await enlisting.sign_up(address(name), STORE, for_, "test", list_code=list_code, quantity=wants)
            for name in names
        ]
        assert all(isinstance(each, Entered) for each in entered), entered
        return [each.journey_id for each in entered if isinstance(each, Entered)]

    async def sees(self, *names: str, variant: str = "v") -> list[JourneyId]:
        """These contacts, who may be written to, look at a variant; the journeys that began or go on because of it."""
        return await self._did(EventKind.VIEWED_PRODUCT, names, variant)

    async def carts(self, *names: str, variant: str = "v") -> list[JourneyId]:
        """Likewise, they put it in the cart."""
        return await self._did(EventKind.ADDED_TO_CART, names, variant)

    async def buys(self, name: str) -> None:
        """They order product `p`."""
        number = next(_events)
        event = Event(
            id=f"e-{number}",
            store=STORE,
            kind=EventKind.ORDERED,
            email=address(name),
            product="p",
            order=f"o-{number}",
        )
        await Events(self.pool).take(event)

    async def opts_out(self, name: str) -> None:
        """They no longer agree to be written to."""
        await self._consents(name, granted=False)

    async def is_erased(self, name: str) -> None:
        """They asked to be forgotten."""
        fact = ContactErasureFact(email=address(name), observed_at=datetime.now(UTC))
        await self.intake.observe(STORE, "shopify", [fact])

    async def bounces(self, name: str) -> None:
        """A provider said that nothing can be delivered to them; no sender tells so yet."""
        await self.pool.execute(
            "insert into suppressions (channel, address, reason) values ('email', $1, 'bounced')", address(name)
        )

    async def ended(
        self, *journeys: JourneyId, ending: Ending = Ending.COMPLETED, reason: Reason | None = None
    ) -> None:
        """These journeys are over as far as the database knows, or all that are open."""
        rows = await self.pool.fetch("select id from journeys where ended_at is null order by id")
        for journey in journeys or [JourneyId(row["id"]) for row in rows]:
            await Waitlist(self.pool).close(journey, ending, reason)

    async def _did(self, kind: EventKind, names: tuple[str, ...], variant: str) -> list[JourneyId]:
        entered: list[JourneyId] = []
        for name in names:
            event = Event(
                id=f"e-{next(_events)}", store=STORE, kind=kind, email=address(name), product="p", variant=variant
            )
            outcome = await Events(self.pool).take(event)
            await self._consents(name, granted=True)
            entered += [alert.journey for alert in outcome.effect.alerts if alert.journey is not None]
        return entered

    async def _consents(self, name: str, granted: bool) -> None:
        await Consents(self.pool).record(address(name), "test", granted=granted, by="test")


def _variant(name: str, *, quantity: int | None = None, price: str | None = None) -> VariantFact:
    return VariantFact(
        variant_id=name,
        inventory_item_id=f"item-{name}",
        title=name,
        quantity=quantity,
        price=Decimal(price) if price is not None else None,
    )


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

    async def held_up(self, journey_id: JourneyId) -> Deferred:
        """What holds the journey's message up, once its check has found something that does."""
        handle = self.client.get_workflow_handle(journey_workflow_id(journey_id))
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(RPCError):  # its workflow is not there yet
                    path = await handle.query("path", result_type=JourneyPath)
                    if path.entries and isinstance(deferred := path.entries[-1].outcome, Deferred):
                        return deferred
                await next_change(self.pool)

    async def path(self, journey_id: JourneyId) -> JourneyPath:
        """The path by replay: once its history tells anything, and of a journey that has ended the whole."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(HistoryGone):  # its workflow is not there yet
                    path = await replayed_path(self.client, self.archive, journey_id)
                    if path.ending is not None or (await self.journeys.show(journey_id)).ended_at is None:
                        return path
                await next_change(self.pool)

    async def told(self, journey_id: JourneyId) -> JourneyPath:
        """The path that its workflow answers with, which its replay tells just so."""
        return await told_path(self.client, journey_workflow_id(journey_id))

    @property
    def archive(self) -> PostgresArchive:
        """Where the worker puts closed histories."""
        return PostgresArchive(self.pool)

    async def settled(self) -> None:
        """Wait until nothing is left to do: no call in the outbox and no shelf at work."""
        async with asyncio.timeout(PATIENCE):
            while await self.pool.fetchval("select count(*) from outbox") or await self._shelves_at_work():
                await next_change(self.pool)

    async def at_rest(self) -> None:
        """Wait until everyone who can be told now has been: nothing to dispatch, no shelf at work, no claim in hand."""
        async with asyncio.timeout(PATIENCE):
            # The database is asked once more, for the shelves ended after it was asked first.
            while await self._busy() or await shelves_at_work(self.pool, self.client) or await self._busy():
                await next_change(self.pool)

    async def _busy(self) -> bool:
        return await self.pool.fetchval(_BUSY)

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
    pool: Pool,
    client: Client,
    mailbox: Mailbox,
    task_queue: str,
    document: ConversationDocument | None = None,
    **changed: object,
) -> AsyncGenerator[Product]:
    """Publish a conversation (the starter, if none is given) and run worker and dispatcher until the block ends.

    Args:
        changed: settings that are others than in most tests.
    """
    here = {
        "temporal_task_queue": task_queue,
        "smtp_host": mailbox.host,
        "smtp_port": mailbox.port,
        "public_url": PUBLIC_URL,
    }
    settings = Settings.model_validate(here | changed)
    await publish(pool, document or starter_document())
    intake = Intake(pool)
    async with running_worker(settings, pool, client) as running:
        dispatcher = Dispatcher(pool, running.waitlist, running.temporal, timedelta(days=30))
        task = asyncio.create_task(dispatcher.run())
        try:
            yield Product(pool, client, mailbox, settings, Shop(pool, intake), Journeys(pool), dispatcher)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await _clear_shelves(pool, client)


async def _clear_shelves(pool: Pool, client: Client) -> None:
    """Let every shelf finish: who runs the product again on the same Temporal has shelves of the same names."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while await shelves_at_work(pool, client):
                await next_change(pool)
    for shelf in await shelves_at_work(pool, client):
        await shelf.terminate("its test is over")


async def shelves_at_work(pool: Pool, client: Client) -> list[WorkflowHandle[Any, Any]]:
    """The shelves of this database that are at work, as Temporal itself has it, without the lag of its lists."""
    found: list[WorkflowHandle[Any, Any]] = []
    for row in await pool.fetch("select distinct store_id, subject from waiting"):
        shelf = client.get_workflow_handle(shelf_workflow_id(Subject.from_key(row["store_id"], row["subject"])))
        with suppress(RPCError):  # it was never started
            if (await shelf.describe()).status is WorkflowExecutionStatus.RUNNING:
                found.append(shelf)
    return found
