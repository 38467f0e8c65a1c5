"""A workflow whose tasks fail stands still in silence; the list of what is held up has it."""

import asyncio

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from activities.archive.postgres import PostgresArchive
from activities.postgres.pool import Pool
from schemas.responses.repair import FailingTask
from starter.ops.failing_tasks import failing_tasks
from starter.ops.repair import Repairs
from tests.history import PATIENCE
from tests.product import next_change

pytestmark = pytest.mark.timeout(300)


@workflow.defn(name="Torn", sandboxed=False)
class Torn:
    @workflow.run
    async def run(self) -> None:
        raise RuntimeError("torn")


async def test_a_workflow_whose_tasks_fail_again_and_again_is_listed(pool: Pool, client: Client) -> None:
    repairs = Repairs(pool, client, PostgresArchive(pool))
    assert (await repairs.stuck()).failing_tasks == ()
    async with Worker(client, task_queue="torn", workflows=[Torn]):
        torn = await client.start_workflow("Torn", id="torn-1", task_queue="torn")
        async with asyncio.timeout(PATIENCE):
            while not (found := (await repairs.stuck()).failing_tasks):
                await next_change(pool)
        await torn.terminate()
    assert found == (FailingTask(workflow="torn-1", cause="WorkflowWorkerUnhandledFailure"),)


async def test_a_temporal_that_cannot_be_asked_is_said_to_be_that() -> None:
    nowhere = await Client.connect("127.0.0.1:1", lazy=True)
    assert await failing_tasks(nowhere) is None
