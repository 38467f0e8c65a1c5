"""ArchiveWorkflow: run by a Temporal Schedule, and by hand."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.journey.names import Workflow
    from schemas.responses.archive import ArchiveHistories, ArchiveReport

from workflows import policies


@workflow.defn(name=Workflow.ARCHIVE)
class ArchiveWorkflow:
    """Archives the histories of journeys that have ended since the last run."""

    @workflow.run
    async def run(self, request: ArchiveHistories) -> ArchiveReport:
        return await policies.archive(request)
