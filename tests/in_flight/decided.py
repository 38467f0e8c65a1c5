"""The words of these tests: publishing with a decision about those under way, and what came of it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId
from schemas.journey.path import JourneyPath
from schemas.responses.operations import Choice, OperationReport
from starter.versioning.bulk import BulkOperations, Decision
from starter.versioning.publishing import publish
from tests.conversations.test_story import rests_at
from tests.conversations.told import agrees, did, entered, talk, thread
from tests.product import PATIENCE, Product, next_change

PATIENCE_SECONDS = PATIENCE


def quiz(*steps: Mapping[str, Any], **rest: Any) -> ConversationDocument:
    """A conversation that is entered on `custom.quiz`, with these steps."""
    return talk("quiz", thread("custom.quiz", *steps), **rest)


def waits(event: str, *happened: Mapping[str, Any]) -> dict[str, Any]:
    """Wait for a custom event; the step's id is `wait-for-custom-` and its name."""
    return {"wait_for": [f"custom.{event}"], "within": "30 days", "id": f"wait-{event}", "happened": list(happened)}


async def under_way(product: Product, document: ConversationDocument, at: str) -> JourneyId:
    """Ann's journey through a quiz that is published, once it rests at this step."""
    await publish(product.pool, document)
    await agrees(product.pool, "ann")
    ann = entered(await did(product.pool, "custom", name="quiz"))
    await rests_at(product, ann, at)
    return ann


async def decide(pool: Pool, document: ConversationDocument, choice: Choice, by: str = "ada") -> int | None:
    """Publish with a decision; the operation it takes."""
    published = await publish(pool, document, Decision(choice, by, "test"))
    assert (published.operation is None) == (choice is Choice.STAY)
    return published.operation


async def operation(pool: Pool, document: ConversationDocument, choice: Choice) -> int:
    """The same, of a choice that takes one."""
    begun = await decide(pool, document, choice)
    assert begun is not None
    return begun


async def settled(pool: Pool, number: int, left_over: int = 0, within: float = PATIENCE_SECONDS) -> OperationReport:
    """The operation's report once all were asked and only so many are left over."""
    async with asyncio.timeout(within):
        while (report := await BulkOperations(pool).show(number)).finished_at is None or report.left_over > left_over:
            await next_change(pool)
    return report


async def version_of(pool: Pool, journey: JourneyId) -> str:
    return await pool.fetchval("select version_id from journeys where id = $1", journey)


async def path_of(product: Product, journey: JourneyId) -> JourneyPath:
    return await product.path(journey)


def subjects(product: Product) -> list[str]:
    return [str(mail.read()["Subject"]) for mail in product.mailbox.mails]
