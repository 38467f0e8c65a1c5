"""BulkWorkflow: one operation on many journeys. What it does is one activity, which resumes where it was killed."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.journey import Workflow
    from schemas.operations import CarryOut

from workflows import policies


@workflow.defn(name=Workflow.BULK)
class BulkWorkflow:
    """One operation, until every journey has been asked."""

    @workflow.run
    async def run(self, request: CarryOut) -> None:
        await policies.carry_out(request)
