"""What the tests of the archive do: let journeys close, archive them, and have Temporal forget them."""

from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.archive.archive import Archive
from activities.archive.archiving import Archiving
from activities.archive.closed import ClosedHistories
from activities.archive.sealed import LARGEST
from schemas.ids import JourneyId, journey_workflow_id
from schemas.responses.archive import ArchiveHistories, ArchiveReport
from tests.history import is_known
from tests.product import Product, next_change

AT_ONCE = timedelta(0)
"""Who ended here did so just now."""


async def archived(product: Product, archive: Archive, *, largest: int = LARGEST, most: int = 20_000) -> ArchiveReport:
    """One run of the activity, over an archive of the test's choice."""
    archiving = Archiving(product.pool, archive, ClosedHistories(product.client), largest)
    return await ActivityEnvironment().run(archiving.archive, ArchiveHistories(young=AT_ONCE, most=most))


async def closed(product: Product, *names: str) -> list[JourneyId]:
    """These contacts' journeys, told, and their workflows closed."""
    await product.shop.sells("v")
    journeys = await product.shop.signs_up(*names)
    await product.settled()
    await product.shop.has("v", len(names))
    for journey in journeys:
        await product.until(journey, lambda report: report.told_at is not None)
        await product.journeys.cancel(journey, "test")
        await product.client.get_workflow_handle(journey_workflow_id(journey)).result()
    return journeys


async def forget(client: Client, *journeys: JourneyId) -> None:
    """What retention does: Temporal deletes the workflows with their histories."""
    for journey in journeys:
        execution = WorkflowExecution(workflow_id=journey_workflow_id(journey))
        await client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
        )


async def forgotten(product: Product, *journeys: JourneyId) -> None:
    """Wait until it has."""
    await forget(product.client, *journeys)
    for journey in journeys:
        while await is_known(product.client, journey):
            await next_change(product.pool)
