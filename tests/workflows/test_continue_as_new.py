"""A journey whose history has grown long goes on in a new one, and nobody can tell from its path."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.postgres.pool import Pool
from activities.temporal import SEARCH_ATTRIBUTES
from activities.waitlist.claims import Waitlist
from schemas.ids import JourneyId, journey_workflow_id
from schemas.journey.names import Signal
from schemas.journey.path import JourneyPath, Why
from schemas.journey.signals import ContactEvent
from schemas.journey.state import JourneyState
from schemas.reasons import Ending, Reason
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox
from starter.devstack.temporal_cli import find_temporal
from tests.history import settled_history
from tests.product import PATIENCE, Product, addressees, next_change, running_product, starter_document

LONG = 5
"""Events after which this server suggests a new history; by default it does so after thousands."""


@pytest.fixture
async def product(pool: Pool, mailbox: Mailbox) -> AsyncGenerator[Product]:
    """Everything at work on a server that finds any history long."""
    # The SDK leaves the type of a search attribute's values open.
    environment = await WorkflowEnvironment.start_local(  # pyright: ignore[reportUnknownMemberType]
        dev_server_existing_path=str(await find_temporal(Settings(), print)),
        dev_server_extra_args=["--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={LONG}"],
        search_attributes=SEARCH_ATTRIBUTES,
        data_converter=pydantic_data_converter,
    )
    async with environment:
        document = starter_document(wait="1 second")
        async with running_product(pool, environment.client, mailbox, "long", document) as running:
            yield running


async def _history(product: Product, journey: JourneyId) -> WorkflowHistory:
    """Of the last run."""
    return await settled_history(product.client, journey_workflow_id(journey))


async def test_a_journey_goes_on_in_a_new_history_while_it_waits(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.settled()
    await product.shop.has("v", 1)
    await product.until(journey, lambda report: report.ended_at is not None)
    begun = (await _history(product, journey)).events[0]
    assert begun.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
    assert begun.workflow_execution_started_event_attributes.continued_execution_run_id
    path = await product.told(journey)
    assert [entry.step for entry in path.entries] == [
        "waiting-list",
        "it-is-back",
        "pause",
        "still-here",
        "exit",
    ]
    wait = path.entries[2]
    assert wait.left_at is not None
    assert timedelta(seconds=1) <= wait.left_at - wait.entered_at < timedelta(seconds=30)
    assert path.ending is Ending.COMPLETED
    assert addressees(product.mailbox) == ["first", "first"]
    contact = (await product.journeys.show(journey)).contact_id
    async with asyncio.timeout(PATIENCE):
        while (await product.client.count_workflows(f"ShelftalkContact = '{contact}'")).count < 2:
            await next_change(product.pool)  # both runs are found by it, the server's index willing


async def test_who_was_asked_to_leave_in_the_old_history_leaves_in_the_new_one(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.settled()
    (start,) = (await Waitlist(product.pool).starts([journey])).values()
    asked = start.model_copy(update={"state": JourneyState(leaving=Reason.CANCELLED)})
    handle = await product.client.start_workflow("Journey", asked, id="asked", task_queue="long")
    await handle.result()
    path = await handle.query("path", result_type=JourneyPath)
    assert (path.ending, path.reason) == (Ending.EXITED, Reason.CANCELLED)
    assert [entry.why for entry in path.entries] == [Why.LEFT]
    assert path.entries[0].entered_at <= datetime.now(UTC)


async def test_what_comes_during_one_rest_does_not_grow_its_history_without_end(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.settled()
    handle = product.client.get_workflow_handle(journey_workflow_id(journey))
    for number in range(4 * LONG):
        await handle.signal(Signal.CONTACT_EVENT, ContactEvent(event_id=str(number), event="viewed_product"))
        path = await product.told(journey)
        assert [(entry.step, entry.left_at) for entry in path.entries] == [("waiting-list", None)]
    begun = (await _history(product, journey)).events[0].workflow_execution_started_event_attributes
    assert begun.continued_execution_run_id
    await product.shop.has("v", 1)
    await product.until(journey, lambda report: report.ended_at is not None)
    assert addressees(product.mailbox) == ["first", "first"]
