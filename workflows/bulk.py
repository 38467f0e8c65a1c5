"""BulkWorkflow: one operation on many journeys. What it does is one activity, which resumes where it was killed."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.journey.names import Workflow
    from schemas.responses.operations import RunBulk

from workflows import policies


@workflow.defn(name=Workflow.BULK)
class BulkWorkflow:
    """One operation, until every journey of it has been signalled."""

    @workflow.run
    async def run(self, request: RunBulk) -> None:
        await policies.run_bulk(request)
