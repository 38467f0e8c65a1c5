"""What a scenario tells is what happens: the same stories in a rehearsal and on everything that runs."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from importlib.resources import files
from typing import Any

from temporalio.testing import WorkflowEnvironment

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import ScenarioSection
from schemas.ids import JourneyId, journey_workflow_id
from schemas.journey.path import JourneyPath
from schemas.responses.journeys import JourneyReport
from starter.documents import load_document
from starter.rehearsing.run import RunTester
from tests.conversations.told import agrees, did, entered, orders
from tests.product import Product, next_change
from tests.story.conftest import in_time
from tests.workflows.conftest import hours, test_server

__all__ = ["hours", "in_time", "test_server"]
"""Fixtures that are shared with tests/story and tests/workflows."""

InTime = Callable[[ConversationDocument], AbstractAsyncContextManager[Product]]
DAY = timedelta(days=1)


def starter(name: str) -> ConversationDocument:
    """A conversation to begin with, awake all night: PostgreSQL keeps real time, whenever this runs."""
    text = files("starter").joinpath(f"conversations/{name}.yaml").read_text(encoding="utf-8")
    document = load_document(text, f"{name}.yaml")
    return document.model_copy(update={"list": document.list.model_copy(update={"quiet_hours": None})})


async def rehearsed(document: ConversationDocument, **scenario: object) -> list[tuple[object, ...]]:
    """What is told of a scenario; in a thread of its own, for a rehearsal has an event loop of its own."""
    section = ScenarioSection.model_validate({"name": "S", **scenario})
    return told((await asyncio.to_thread(RunTester(document).run, section)).path)


async def replayed(product: Product, journey: JourneyId) -> list[tuple[object, ...]]:
    """What is told of a journey that really was, once it has ended."""
    await product.until(journey, _has_ended)
    await product.client.get_workflow_handle(journey_workflow_id(journey)).result()
    return told(await product.path(journey))


def told(path: JourneyPath) -> list[tuple[object, ...]]:
    """All but ids and moments: these are the clock's, and the real one stands still for nobody."""
    apart = {"at", "until", "message_id"}
    steps: list[tuple[object, ...]] = [
        (
            entry.step,
            entry.message,
            entry.why,
            entry.branch,
            entry.event,
            entry.outcome.model_dump(exclude=apart) if entry.outcome is not None else None,
        )
        for entry in path.entries
    ]
    return [*steps, (path.ending, path.reason)]


def _has_ended(report: JourneyReport) -> bool:
    return report.ended_at is not None


async def rests_at(product: Product, journey: JourneyId, step: str) -> None:
    """Wait until the journey stands there."""
    while await product.pool.fetchval("select at_step from journeys where id = $1", journey) != step:
        await next_change(product.pool)


async def test_what_is_sold_out_again_is_not_spoken_of(in_time: InTime, hours: WorkflowEnvironment) -> None:
    document = starter("back-in-stock")
    async with in_time(document) as product:
        await product.shop.sells("v")
        (journey,) = await product.shop.signs_up("ann")
        await product.shop.has("v", 1)
        await rests_at(product, journey, "pause")
        await product.shop.has("v", 0)
        await hours.sleep(2 * DAY + timedelta(minutes=1))
        real = await replayed(product, journey)
    happens = [{"after": "1 day", "stock": 1}, {"after": "2 days", "stock": 0}]
    assert await rehearsed(document, happens=happens) == real


async def test_a_price_that_is_back_up_is_not_spoken_of(in_time: InTime, hours: WorkflowEnvironment) -> None:
    document = starter("price-drop-cart")
    async with in_time(document) as product:
        await product.shop.sells("v", units=3, price="40.00")
        await agrees(product.pool, "ann")
        (journey,) = await product.shop.carts("ann")
        await product.shop.asks("38.00")
        await rests_at(product, journey, "pause")
        await product.shop.asks("38.01")
        await hours.sleep(2 * DAY + timedelta(minutes=1))
        real = await replayed(product, journey)
    happens = [{"after": "1 day", "price": 38}, {"after": "2 days", "price": 38.01}]
    product_ = {"price": 40, "units": 3}
    assert await rehearsed(document, alert="in-the-cart", product=product_, happens=happens) == real


async def test_a_customer_is_welcomed_as_one_and_an_order_is_the_goal(
    in_time: InTime, hours: WorkflowEnvironment
) -> None:
    document = starter("welcome")
    async with in_time(document) as product:
        await agrees(product.pool, "ann")
        await orders(product.pool)
        joined: dict[str, Any] = {"list": "newsletter"}
        journey = entered(await did(product.pool, "joined_list", **joined))
        await rests_at(product, journey, "pause")
        for step, length in (("a-weekday-morning", 2 * DAY), ("longer-pause", 4 * DAY)):
            await hours.sleep(length + timedelta(minutes=1))
            await rests_at(product, journey, step)
        await orders(product.pool)
        real = await replayed(product, journey)
    profile = {"orders": {"count": 1, "last": "2026-02-20 12:00"}}
    assert await rehearsed(document, profile=profile, happens=[{"after": "4 days", "ordered": "another"}]) == real
