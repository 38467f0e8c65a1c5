"""What Temporal has lost of an operation, the reconciliation has carried out once more."""

from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest

from activities.temporal import Temporal
from schemas.ids import JourneyId, journey_workflow_id
from schemas.responses.operations import Choice
from starter.runtime.schedules import RECONCILIATION
from starter.versioning.bulk import BulkOperations
from tests.conversations.test_story import has_ended, rests_at
from tests.conversations.told import did
from tests.in_flight.decided import operation, quiz, settled, subjects, under_way, waits
from tests.product import Product, next_change
from tests.reconciliation.test_reconciliation import LOSE_CALLS


async def reconciled(product: Product) -> None:
    await RECONCILIATION.run_now(product.client, product.settings.temporal_task_queue, timedelta(0))


async def temporal_loses(product: Product, journey: JourneyId) -> None:
    """As if its database had been lost."""
    workflow = WorkflowExecution(workflow_id=journey_workflow_id(journey))
    request = DeleteWorkflowExecutionRequest(namespace=product.client.namespace, workflow_execution=workflow)
    await product.client.workflow_service.delete_workflow_execution(request)
    temporal = Temporal(product.client, product.settings.temporal_task_queue)
    while await temporal.is_running(journey) is not None:
        await next_change(product.pool)


async def test_an_operation_whose_call_was_lost_is_carried_out(product: Product) -> None:
    await under_way(product, quiz(waits("go", {"send": "old"})), "wait-go")
    await product.pool.execute(LOSE_CALLS)
    number = await operation(product.pool, quiz(waits("go", {"send": "new"})), Choice.MOVE)
    await product.pool.execute("drop trigger lose_calls on outbox")
    await reconciled(product)
    assert (await settled(product.pool, number)).done == 1
    await reconciled(product)
    await product.settled()
    assert (await BulkOperations(product.pool).show(number)).done == 1


async def test_a_journey_that_was_asked_by_a_workflow_that_is_lost_is_asked_again(product: Product) -> None:
    ann = await under_way(product, quiz(waits("one"), waits("two", {"send": "old"})), "wait-one")
    number = await operation(product.pool, quiz(waits("two", {"send": "new"})), Choice.MOVE)
    await settled(product.pool, number, left_over=1)
    await temporal_loses(product, ann)
    await reconciled(product)
    assert (await settled(product.pool, number, left_over=1)).asked == 1
    await rests_at(product, ann, "wait-one")
    await did(product.pool, "custom", name="one")
    assert (await settled(product.pool, number)).done == 1
    await did(product.pool, "custom", name="two")
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: new"]
