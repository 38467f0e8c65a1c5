"""The reconciliation's schedule, and running it by hand."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from activities.journeys.reconciliation import SQL
from activities.postgres.pool import Pool
from activities.temporal import priority
from schemas.journey.names import Workflow
from schemas.priority import PriorityKey
from schemas.responses.reconciliation import LastReconciliation, Reconcile, Reconciliation

EVERY = timedelta(minutes=15)
"""Nothing should ever be found; what is found should not wait for long."""
PRIORITY = priority(PriorityKey.BACKGROUND)
LONGEST = timedelta(hours=1)


def schedule_id(task_queue: str) -> str:
    """One schedule per installation that shares a namespace."""
    return f"reconcile/{task_queue}"


async def ensure_schedule(client: Client, task_queue: str) -> None:
    """Make the schedule, if there is none yet. One that an operator changed is left as it is."""
    action = ScheduleActionStartWorkflow(
        Workflow.RECONCILE,
        Reconcile(),
        id=schedule_id(task_queue),
        task_queue=task_queue,
        execution_timeout=LONGEST,
        priority=PRIORITY,
    )
    try:
        await client.create_schedule(
            schedule_id(task_queue),
            Schedule(
                action=action,
                spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
                policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
            ),
        )
    except ScheduleAlreadyRunningError:
        return


async def reconcile_now(client: Client, task_queue: str, young: timedelta | None = None) -> Reconciliation:
    """Run one now and wait for its report. A worker must be at work.

    Args:
        young: what is younger is left alone; as scheduled, if not given.
    """
    request = Reconcile() if young is None else Reconcile(young=young)
    return await client.execute_workflow(
        Workflow.RECONCILE,
        request,
        id=f"{schedule_id(task_queue)}/by-hand",
        task_queue=task_queue,
        result_type=Reconciliation,
        execution_timeout=LONGEST,
        priority=PRIORITY,
    )


async def last_reconciliation(pool: Pool) -> LastReconciliation | None:
    """The newest report; None when none was finished yet."""
    return await SQL.last_report.row(pool, LastReconciliation)
