"""RetentionWorkflow: run by a Temporal Schedule, and by hand."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.journey.names import Workflow
    from schemas.responses.retention import Retain, RetentionReport

from workflows import policies


@workflow.defn(name=Workflow.RETAIN)
class RetentionWorkflow:
    """Forgets what is older than the settings say."""

    @workflow.run
    async def run(self, request: Retain) -> RetentionReport:
        return await policies.retain(request)
