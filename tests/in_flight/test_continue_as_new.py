"""What a journey knows and has not answered goes along into a new history: a move that is still to come, and events."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from schemas.ids import JourneyId, journey_workflow_id
from schemas.journey.names import Signal
from schemas.journey.signals import ContactEvent
from schemas.responses.operations import Choice
from tests.conversations.test_story import has_ended, rests_at
from tests.conversations.told import did
from tests.history import settled_history
from tests.in_flight.decided import operation, path_of, quiz, settled, subjects, under_way, version_of, waits
from tests.product import PATIENCE, Product, next_change
from tests.workflows.test_continue_as_new import product

__all__ = ["product"]
"""A fixture that is shared: everything at work on a server that finds any history long."""


async def continued_from(product: Product, journey: JourneyId) -> str:
    """The run before the present one; empty where there is none."""
    begun = (await settled_history(product.client, journey_workflow_id(journey))).events[0]
    return begun.workflow_execution_started_event_attributes.continued_execution_run_id


async def in_a_new_history(product: Product, journey: JourneyId) -> None:
    """Wait until the journey has gone on in one."""
    async with asyncio.timeout(PATIENCE):
        while not await continued_from(product, journey):
            await next_change(product.pool)


async def test_a_move_that_is_still_to_come_is_not_lost_with_the_history(product: Product) -> None:
    ann = await under_way(product, quiz(waits("one"), waits("two"), waits("three", {"send": "old"})), "wait-one")
    number = await operation(product.pool, quiz(waits("three", {"send": "new"})), Choice.MOVE)
    await settled(product.pool, number, left_over=1)
    await did(product.pool, "custom", name="one")
    await rests_at(product, ann, "wait-two")
    await in_a_new_history(product, ann)
    assert await version_of(product.pool, ann) == "quiz@1"
    await did(product.pool, "custom", name="two")
    assert (await settled(product.pool, number)).done == 1
    await rests_at(product, ann, "wait-three")
    await did(product.pool, "custom", name="three")
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: new"]
    assert [(each.step, each.moved_to) for each in (await path_of(product, ann)).entries] == [
        ("wait-one", None),
        ("wait-two", None),
        ("wait-three", "quiz@2"),
        ("new", None),
    ]


async def test_what_happened_out_of_order_is_not_lost_with_the_history(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of two events was told first, and nothing waited for it yet. Of many the newest are kept."""
    monkeypatch.setattr("workflows.temporal_world.MOST_PENDING_EVENTS", 1)
    ann = await under_way(product, quiz(waits("one"), waits("two", {"send": "hello"})), "wait-one")
    handle, done = product.client.get_workflow_handle(journey_workflow_id(ann)), datetime.now(UTC)
    await handle.signal(
        Signal.CONTACT_EVENT, ContactEvent(event_id="2", event="custom.two", at=done + timedelta(seconds=2))
    )
    before = await continued_from(product, ann)
    async with asyncio.timeout(PATIENCE):
        while await continued_from(product, ann) == before:
            await handle.signal(Signal.CONTACT_EVENT, ContactEvent(event_id="0", event="custom.other", at=done))
    await handle.signal(
        Signal.CONTACT_EVENT, ContactEvent(event_id="1", event="custom.one", at=done + timedelta(seconds=1))
    )
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: hello"]
    assert [each.event for each in (await path_of(product, ann)).entries[:2]] == ["custom.one", "custom.two"]
