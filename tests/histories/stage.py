"""What the recorded shapes are played on, and the words that all of them use."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from temporalio.client import Client, WorkflowHistory

from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId, journey_workflow_id
from schemas.journey.path import JourneyPath
from starter.devstack.mailbox import Mailbox
from tests.product import Product, Shop, running_product

IDENTITY = "recorder"
"""Stands in every event; by default it would be the process and the name of the machine."""
CONTACT = "ada.lovelace"
"""What must not be found in any history."""
_queues = count(1)


@dataclass(frozen=True)
class Ran:
    """A workflow that ended, and the path that it told when it was asked; a shelf has none."""

    workflow_id: str
    path: JourneyPath | None
    history: WorkflowHistory | None = None
    """Where it is not the last run's, on the stage's own server."""


@dataclass(frozen=True)
class SimulatedShop:
    """The servers, and a database of the shape's own."""

    pool: Pool
    client: Client
    mailbox: Mailbox

    async def shop(self, document: ConversationDocument) -> Shop:
        """A shop that has sold out of `v`, before anything runs."""
        return await Shop.opened(self.pool, document)

    @asynccontextmanager
    async def at_work(self, document: ConversationDocument, queue: str | None = None) -> AsyncGenerator[Product]:
        """Everything at work for as long as it takes; on the same queue once more, it goes on where it stopped."""
        queue = queue or f"recorded-{next(_queues)}"
        async with running_product(self.pool, self.client, self.mailbox, queue, document) as product:
            yield product

    @asynccontextmanager
    async def sold_out(self, document: ConversationDocument) -> AsyncGenerator[Product]:
        """Such a shop, with everything at work."""
        await self.shop(document)
        async with self.at_work(document) as product:
            yield product


async def ended(product: Product, journey: JourneyId) -> Ran:
    await product.until(journey, lambda report: report.ended_at is not None)
    handle = product.client.get_workflow_handle(journey_workflow_id(journey))
    await handle.result()
    # Asked of the worker that ran it, not replayed: the test compares the two.
    return Ran(handle.id, await handle.query("path", result_type=JourneyPath))


async def rests_at(stage: SimulatedShop, journey: JourneyId) -> str | None:
    return await stage.pool.fetchval("select at_step from journeys where id = $1", journey)
