"""A move that waits for a rest that both versions have goes along into a new history."""

import asyncio

from schemas.ids import JourneyId, journey_workflow_id
from schemas.operations import Choice
from starter.publishing import publish
from tests.conversations.test_story import has_ended, rests_at
from tests.conversations.told import agrees, did, entered
from tests.product import PATIENCE, Product, next_change
from tests.under_way.decided import operation, path_of, quiz, settled, subjects, version_of, waits
from tests.workflows.test_continue_as_new import product

__all__ = ["product"]
"""A fixture that is shared: everything at work on a server that finds any history long."""


async def in_a_new_history(product: Product, journey: JourneyId) -> None:
    """Wait until the journey has gone on in one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            begun = (await product.client.get_workflow_handle(journey_workflow_id(journey)).fetch_history()).events[0]
            if begun.workflow_execution_started_event_attributes.continued_execution_run_id:
                return
            await next_change(product.pool)


async def test_a_move_that_is_still_to_come_is_not_lost_with_the_history(product: Product) -> None:
    await publish(product.pool, quiz(waits("one"), waits("two"), waits("three", {"send": "old"})))
    await agrees(product.pool, "ann")
    ann = entered(await did(product.pool, "custom", name="quiz"))
    await rests_at(product, ann, "wait-one")
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
