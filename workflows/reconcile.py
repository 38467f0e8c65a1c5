"""ReconcileWorkflow: run by a Temporal Schedule, and by hand."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.journey.names import Workflow
    from schemas.responses.reconciliation import Reconcile, Reconciliation

from workflows import policies


@workflow.defn(name=Workflow.RECONCILE)
class ReconcileWorkflow:
    """One comparison of PostgreSQL and Temporal."""

    @workflow.run
    async def run(self, request: Reconcile) -> Reconciliation:
        return await policies.reconcile(request)
