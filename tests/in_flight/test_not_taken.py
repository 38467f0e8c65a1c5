"""A journey that Temporal takes no call for does not keep the others from being asked."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.postgres.pool import Pool
from activities.temporal import SEARCH_ATTRIBUTES, Temporal
from activities.waitlist.claims import Waitlist
from schemas.ids import StepId
from schemas.journey.signals import Wake
from schemas.responses.operations import Choice
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox
from starter.devstack.temporal_cli import find_temporal
from starter.versioning.bulk import BulkOperations
from tests.in_flight.decided import operation
from tests.in_flight.test_moving import reworded
from tests.product import PATIENCE, Product, next_change, running_product, starter_document

MOST_SIGNALS = 2
"""That this server takes for one workflow; by default it takes ten thousand."""


@pytest.fixture
async def product(pool: Pool, mailbox: Mailbox) -> AsyncGenerator[Product]:
    # The SDK leaves the type of a search attribute's values open.
    environment = await WorkflowEnvironment.start_local(  # pyright: ignore[reportUnknownMemberType]
        dev_server_existing_path=str(await find_temporal(Settings(), print)),
        dev_server_extra_args=["--dynamic-config-value", f"history.maximumSignalsPerExecution={MOST_SIGNALS}"],
        search_attributes=SEARCH_ATTRIBUTES,
        data_converter=pydantic_data_converter,
    )
    async with environment, running_product(pool, environment.client, mailbox, "full", starter_document()) as running:
        yield running


async def test_the_others_are_asked_and_the_operation_stays_open_for_the_one(product: Product) -> None:
    await product.shop.sells("v")
    ann, ben = await product.shop.signs_up("ann", "ben")
    await product.settled()
    temporal, waitlist = Temporal(product.client, product.settings.temporal_task_queue), Waitlist(product.pool)
    (start,) = (await waitlist.starts([ann])).values()
    for _ in range(MOST_SIGNALS):
        assert await temporal.intervene(start, Wake(step=StepId("nowhere")))
    number = await operation(product.pool, reworded("Look, it is here"), Choice.MOVE)
    async with asyncio.timeout(PATIENCE):
        while (report := await BulkOperations(product.pool).show(number)).done == 0:
            await next_change(product.pool)
    assert (report.asked, report.done, report.left_over, report.finished_at) == (1, 1, 1, None)
    assert await product.pool.fetchval("select version_id from journeys where id = $1", ben) == "back-in-stock@2"


async def test_one_whose_program_this_release_cannot_read_is_not_taken_for_asked(product: Product) -> None:
    await product.shop.sells("v")
    ann, ben = await product.shop.signs_up("ann", "ben")
    await product.settled()
    await product.pool.execute(
        """
        insert into versions (id, conversation, number, content_hash, document, program)
        select 'back-in-stock@9', conversation, 9, 'of a newer release', document, '{"steps": {"x": {"kind": "sing"}}}'
        from versions"""
    )
    await product.pool.execute("update journeys set version_id = 'back-in-stock@9' where id = $1", ann)
    number = await operation(product.pool, reworded("Look, it is here"), Choice.END)
    await product.until(ben, lambda report: report.ended_at is not None)
    async with asyncio.timeout(PATIENCE):
        while (report := await BulkOperations(product.pool).show(number)).asked == 0:
            await next_change(product.pool)
    assert (report.asked, report.left_over, report.finished_at) == (1, 1, None)
    assert (await product.journeys.show(ann)).ended_at is None


async def test_as_many_as_a_batch_that_are_not_taken_hold_up_nobody_behind_them(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.journeys.bulk.ASKED_AT_ONCE", 1)
    await test_the_others_are_asked_and_the_operation_stays_open_for_the_one(product)
