"""How far a history is settled: what a workflow has decided, before what it is deciding now."""

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

FOR_THE_NEXT_TASK = frozenset(
    (
        EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
        EventType.EVENT_TYPE_TIMER_FIRED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
    )
)
"""Events of a workflow task that is scheduled or running, and signals it will read: no earlier task caused them."""


def is_answering(history: WorkflowHistory) -> bool:
    """Whether a workflow task is running or due: what it decides is in no path yet."""
    return not history.events or history.events[-1].event_type in FOR_THE_NEXT_TASK


def settled(history: WorkflowHistory) -> WorkflowHistory | None:
    """The history up to the last completed workflow task and its commands; None when none was completed.

    The decisions of the next task are not known yet, nor their time by the workflow's clock; and the replay of a task
    that decides to continue as new never ends.
    """
    events = list(history.events)
    while events and events[-1].event_type in FOR_THE_NEXT_TASK:
        events.pop()
    begun = any(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED for event in events)
    return WorkflowHistory(history.workflow_id, events) if begun else None
