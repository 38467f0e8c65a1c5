"""History replay: a journey's path, made anew by replaying its workflow's history on today's code."""

from temporalio import workflow
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    Replayer,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from schemas.ids import JourneyId, journey_workflow_id
from schemas.path import JourneyPath
from worker import WORKFLOWS, sandbox
from workflows.journey import JourneyWorkflow


class HistoryGone(Exception):
    """Temporal has no history of this journey to tell of: not begun yet, or past the namespace's retention."""


class ReplayFailed(Exception):
    """The history does not replay on this code."""


async def replay_path(client: Client, journey_id: JourneyId) -> JourneyPath:
    """The path of a running or closed journey. Replays its history; asks no worker.

    Raises:
        HistoryGone, ReplayFailed: as they say.
    """
    try:
        history = await client.get_workflow_handle(journey_workflow_id(journey_id)).fetch_history()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise HistoryGone(journey_id) from None
        raise
    return await replay_history(history)


async def replay_history(history: WorkflowHistory) -> JourneyPath:
    """The path that one history tells.

    Raises:
        HistoryGone, ReplayFailed: as they say.
    """
    keeper = _PathKeeper()
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=sandbox(),
        interceptors=[keeper],
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure is not None:
        raise ReplayFailed(str(result.replay_failure)) from result.replay_failure
    if keeper.path is None:
        raise HistoryGone("the history has no workflow task yet")
    return keeper.path


class _PathKeeper(Interceptor):
    """Keeps the path as it stands when the replay ends, be it at the journey's end or in the middle of a wait."""

    def __init__(self) -> None:
        self.path: JourneyPath | None = None

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        keeper = self

        class Inbound(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> object:
                try:
                    return await self.next.execute_workflow(input)
                finally:
                    journey = workflow.instance()
                    if isinstance(journey, JourneyWorkflow) or hasattr(journey, "path"):
                        keeper.path = journey.path()

        return Inbound
