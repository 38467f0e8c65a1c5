"""What runs on a schedule, and by hand: the reconciliation, the archiving and retention."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.journeys.reconciliation import SQL
from activities.postgres.pool import Pool
from activities.temporal import priority
from schemas.journey.names import Workflow
from schemas.priority import PriorityKey
from schemas.responses.archive import ArchiveHistories, ArchiveReport
from schemas.responses.reconciliation import LastReconciliation, Reconcile, Reconciliation
from schemas.responses.retention import Retain, RetentionReport

Report = TypeVar("Report", ArchiveReport, Reconciliation, RetentionReport)

PRIORITY = priority(PriorityKey.BACKGROUND)


@dataclass(frozen=True, slots=True)
class ScheduledWork(Generic[Report]):
    """A workflow that is run again and again.

    Attributes:
        request: its input when it runs by itself.
        longest: one run with all its attempts.
        every: how often it runs, unless the settings say.
    """

    name: str
    workflow: Workflow
    request: ArchiveHistories | Reconcile | Retain
    report: type[Report]
    longest: timedelta
    every: timedelta

    def schedule_id(self, task_queue: str) -> str:
        """One schedule per installation that shares a namespace."""
        return f"{self.name}/{task_queue}"

    async def ensure_schedule(self, client: Client, task_queue: str, every: timedelta | None = None) -> None:
        """Make the schedule if there is none. One that an operator changed is left as it is.

        Args:
            every: how often the settings say; a schedule that is there runs as often from now on.
        """
        schedule_id = self.schedule_id(task_queue)
        action = ScheduleActionStartWorkflow(
            self.workflow,
            self.request,
            id=schedule_id,
            task_queue=task_queue,
            execution_timeout=self.longest,
            priority=PRIORITY,
        )
        spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every or self.every)])
        policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP)
        try:
            await client.create_schedule(schedule_id, Schedule(action=action, spec=spec, policy=policy))
        except ScheduleAlreadyRunningError:
            if every is not None:
                await client.get_schedule_handle(schedule_id).update(lambda found: _as_often(found, spec))

    async def run_now(
        self, client: Client, task_queue: str, young: timedelta | None = None, **otherwise: object
    ) -> Report:
        """Run it once now and wait for its report. A worker must be at work.

        Args:
            young: what is younger is left alone; as scheduled, if not given.
            otherwise: what else of the request is another than scheduled.
        """
        if young is not None:
            otherwise["young"] = young
        return await client.execute_workflow(
            self.workflow,
            self.request.model_copy(update=otherwise),
            id=f"{self.schedule_id(task_queue)}/by-hand",
            task_queue=task_queue,
            result_type=self.report,
            execution_timeout=self.longest,
            priority=PRIORITY,
        )


RECONCILIATION = ScheduledWork(
    "reconcile",
    Workflow.RECONCILE,
    Reconcile(),
    Reconciliation,
    longest=timedelta(hours=1),
    every=timedelta(minutes=15),  # Nothing should ever be found; what is found should not wait for long.
)
ARCHIVING = ScheduledWork(
    "archive",
    Workflow.ARCHIVE,
    ArchiveHistories(),
    ArchiveReport,
    longest=timedelta(hours=2),
    every=timedelta(hours=1),
)
RETENTION = ScheduledWork(
    "retention",
    Workflow.RETAIN,
    Retain(),
    RetentionReport,
    longest=timedelta(hours=4),
    every=timedelta(days=1),
)


def _as_often(found: ScheduleUpdateInput, spec: ScheduleSpec) -> ScheduleUpdate | None:
    schedule = found.description.schedule
    if [each.every for each in schedule.spec.intervals] == [each.every for each in spec.intervals]:
        return None
    schedule.spec = spec
    return ScheduleUpdate(schedule=schedule)


async def last_reconciliation(pool: Pool) -> LastReconciliation | None:
    """The newest report; None when none was finished yet."""
    return await SQL.last_report.row(pool, LastReconciliation)
