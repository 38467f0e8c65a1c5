"""Who goes first at Temporal: what the workflows are started with, and that the server goes by it."""

from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest
from temporalio.client import Client, ScheduleActionStartWorkflow
from temporalio.common import Priority

from activities.temporal import MOST_FAIRNESS_BYTES, Temporal, priority
from activities.waitlist.entrances import Entrances
from schemas.ids import JourneyId, Subject, bulk_workflow_id, journey_workflow_id, shelf_workflow_id
from schemas.journey.path import JourneyPath
from schemas.journey.signals import Leave, PlaceGiven
from schemas.journey.state import JourneyStart
from schemas.priority import PriorityKey
from schemas.reasons import Reason
from starter.runtime.schedules import ARCHIVING, RECONCILIATION
from tests.history import settled_history
from tests.product import Product, addressees
from tests.waitlist.late import RED, SCARF, SHOP, LateShop, days_ago, rows

LIST = "default"
"""The starter conversation's."""
MANY = 30
"""Tasks in a backlog."""


async def _signed_up(shop: LateShop) -> JourneyStart:
    await Entrances(shop.pool).sign_up("today@shop.example", SHOP, RED, "test")
    return await _start(shop, "today")


async def _entered_late(shop: LateShop) -> JourneyStart:
    await shop.imports(rows(("late@shop.example", RED, days_ago(3))))
    return await _start(shop, "late")


async def _start(shop: LateShop, name: str) -> JourneyStart:
    journey = await shop.pool.fetchval(
        "select j.id from journeys j join contacts c on c.id = j.contact_id where c.email = $1", f"{name}@shop.example"
    )
    return (await shop.waitlist.starts([JourneyId(journey)]))[journey]


async def _priority(client: Client, workflow_id: str) -> Priority:
    described = await client.get_workflow_handle(workflow_id).describe()
    told = described.raw_description.workflow_execution_info.priority
    return Priority(told.priority_key, told.fairness_key or None)


@pytest.fixture
def temporal_of(client: Client) -> Temporal:
    """Calls to a task queue where nobody works."""
    return Temporal(client, "nobody")


async def test_who_signs_up_is_ordinary_who_enters_late_comes_last_and_each_list_has_its_turn(
    shop: LateShop, client: Client, temporal_of: Temporal
) -> None:
    today, late = await _signed_up(shop), await _entered_late(shop)
    for start, key in ((today, PriorityKey.ORDINARY), (late, PriorityKey.BACKGROUND)):
        await temporal_of.start_journey(start)
        assert await _priority(client, journey_workflow_id(start.journey_id)) == priority(key, LIST)


async def test_a_shelf_goes_first_and_an_operation_on_many_last(client: Client, temporal_of: Temporal) -> None:
    subject = Subject(store_id=SHOP, id=RED)
    await temporal_of.look_again(subject)
    assert await _priority(client, shelf_workflow_id(subject)) == priority(PriorityKey.URGENT, SHOP)
    await temporal_of.run_bulk(7)
    assert (await _priority(client, bulk_workflow_id(7))).priority_key == PriorityKey.BACKGROUND


async def test_who_is_called_forward_or_leaves_before_their_workflow_was_started_goes_first(
    shop: LateShop, client: Client, temporal_of: Temporal
) -> None:
    today, late = await _signed_up(shop), await _entered_late(shop)
    place = PlaceGiven(claim_id=1)
    assert await temporal_of.notify_claims({late.journey_id: place}, [late.journey_id]) == [late.journey_id]
    assert await temporal_of.start_with_claims([(late, place)]) == []
    await temporal_of.leave(today, Leave(reason=Reason.CANCELLED))
    for start in (today, late):
        found = await _priority(client, journey_workflow_id(start.journey_id))
        assert found == priority(PriorityKey.URGENT, LIST)


async def test_who_entered_late_and_waits_goes_first_once_called_forward(
    shop: LateShop, client: Client, temporal_of: Temporal
) -> None:
    late = await _entered_late(shop)
    await temporal_of.start_journey(late)
    assert await temporal_of.notify_claims({late.journey_id: PlaceGiven(claim_id=1)}, [late.journey_id]) == []
    found = await _priority(client, journey_workflow_id(late.journey_id))
    assert found == priority(PriorityKey.URGENT, LIST)


async def test_what_gives_the_priority_is_not_part_of_the_history(
    shop: LateShop, client: Client, temporal_of: Temporal
) -> None:
    start = await _entered_late(shop)
    assert start.late
    assert start.list_code == LIST
    await temporal_of.start_journey(start)
    # No worker takes its first task, so it is ended before its history is read.
    await client.get_workflow_handle(journey_workflow_id(start.journey_id)).terminate()
    history = await settled_history(client, journey_workflow_id(start.journey_id))
    written = history.events[0].workflow_execution_started_event_attributes.input.payloads[0].data
    assert b"list_code" not in written


async def test_who_entered_late_is_told_and_their_path_is_replayed_with_the_change_of_priority(
    product: Product,
) -> None:
    shop = LateShop.over(product.pool)
    await shop.sells(SCARF, RED)
    start = await _entered_late(shop)
    await product.settled()
    await shop.sells(SCARF, RED, units=1)
    await product.mailbox.wait_for_count(1, 60)
    assert addressees(product.mailbox) == ["late@shop.example"]
    handle = product.client.get_workflow_handle(journey_workflow_id(start.journey_id))
    asked = await handle.query("path", result_type=JourneyPath)
    assert [entry.step for entry in asked.entries][:2] == ["waiting-list", "it-is-back"]
    kinds = [event.event_type for event in (await settled_history(product.client, handle.id)).events]
    assert EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED in kinds
    assert await product.path(start.journey_id) == asked


@pytest.mark.usefixtures("scheduling_temporal")
async def test_the_scheduled_work_comes_last(client: Client) -> None:
    await RECONCILIATION.ensure_schedule(client, "nobody")
    await ARCHIVING.ensure_schedule(client, "nobody", timedelta(hours=1))
    for schedule in (RECONCILIATION.schedule_id("nobody"), ARCHIVING.schedule_id("nobody")):
        described = await client.get_schedule_handle(schedule).describe()
        action = described.schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert action.priority.priority_key == PriorityKey.BACKGROUND


async def test_the_embedded_server_hands_out_a_shelf_before_the_many_that_came_earlier(
    shop: LateShop, client: Client
) -> None:
    await shop.imports(rows(*((f"n{number}@shop.example", RED, days_ago(3)) for number in range(MANY))))
    journeys = await shop.pool.fetch("select id from journeys")
    temporal, subject = Temporal(client, "backlog"), Subject(store_id=SHOP, id=RED)
    for start in (await shop.waitlist.starts([JourneyId(row["id"]) for row in journeys])).values():
        await temporal.start_journey(start)
    await temporal.look_again(subject)
    earlier = 0
    while await _next_task(client, "backlog") != shelf_workflow_id(subject):
        earlier += 1
    # None, but for those that the server hands out before it has read the last from its database.
    assert earlier < MANY / 2


async def _next_task(client: Client, task_queue: str) -> str:
    """The workflow of the next task in a queue, as a worker gets it."""
    answer = await client.workflow_service.poll_workflow_task_queue(
        PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=task_queue), identity="test")
    )
    return answer.workflow_execution.workflow_id


@pytest.mark.parametrize(("key", "cut"), [("l" * 65, "l" * 64), ("ü" * 40, "ü" * 32), ("", ""), (None, None)])
def test_a_fairness_key_is_never_longer_than_temporal_takes(key: str | None, cut: str | None) -> None:
    found = priority(PriorityKey.ORDINARY, key).fairness_key
    assert found == cut
    assert len((found or "").encode()) <= MOST_FAIRNESS_BYTES
