"""The archiving's schedule, and running it by hand."""

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
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.temporal import priority
from schemas.journey.names import Workflow
from schemas.priority import PriorityKey
from schemas.responses.archive import ArchiveHistories, ArchiveReport

PRIORITY = priority(PriorityKey.BACKGROUND)
LONGEST = timedelta(hours=2)
"""One run with all its attempts."""


def archive_schedule_id(task_queue: str) -> str:
    """One schedule per installation that shares a namespace."""
    return f"archive/{task_queue}"


async def ensure_archive_schedule(client: Client, task_queue: str, every: timedelta) -> None:
    """Make the schedule if there is none; else let it run as often as is set. One that is paused stays so."""
    schedule_id = archive_schedule_id(task_queue)
    action = ScheduleActionStartWorkflow(
        Workflow.ARCHIVE,
        ArchiveHistories(),
        id=schedule_id,
        task_queue=task_queue,
        execution_timeout=LONGEST,
        priority=PRIORITY,
    )
    spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)])
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP)
    try:
        await client.create_schedule(schedule_id, Schedule(action=action, spec=spec, policy=policy))
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(schedule_id).update(lambda found: _as_often(found, spec))


def _as_often(found: ScheduleUpdateInput, spec: ScheduleSpec) -> ScheduleUpdate | None:
    schedule = found.description.schedule
    if [each.every for each in schedule.spec.intervals] == [each.every for each in spec.intervals]:
        return None
    schedule.spec = spec
    return ScheduleUpdate(schedule=schedule)


async def archive_now(client: Client, task_queue: str, young: timedelta | None = None) -> ArchiveReport:
    """Run it once now and wait for its report. A worker must be at work.

    Args:
        young: who ended less than this ago is left alone; as scheduled, if not given.
    """
    request = ArchiveHistories() if young is None else ArchiveHistories(young=young)
    return await client.execute_workflow(
        Workflow.ARCHIVE,
        request,
        id=f"{archive_schedule_id(task_queue)}/by-hand",
        task_queue=task_queue,
        result_type=ArchiveReport,
        execution_timeout=LONGEST,
        priority=PRIORITY,
    )
