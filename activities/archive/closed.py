"""Reads from Temporal the history of a journey that PostgreSQL has as ended: of its last run, if that has closed."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from schemas.ids import JourneyId, journey_workflow_id

RPC_LIMIT = timedelta(seconds=10)
"""A frontend that has not answered by then is in trouble; the next archiving run tries again."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The history of the last run. It holds the whole path, also of a journey that continued as new."""

    run_id: str
    history: WorkflowHistory


@dataclass(frozen=True, slots=True)
class StillRunning:
    """The workflow has not closed yet."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Temporal has no such workflow, or no longer."""


@dataclass(frozen=True, slots=True)
class TooLarge:
    """It is larger than `largest`, so it was not read."""

    run_id: str
    events: int


class ClosedHistories:
    """Reads closed histories of one namespace."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, journey_id: JourneyId, largest: int) -> Closed | StillRunning | Gone | TooLarge:
        """The history of a journey that should have ended.

        Args:
            largest: bytes, by Temporal's own count.

        Raises:
            RPCError: Temporal does not answer as it should.
        """
        workflow_id = journey_workflow_id(journey_id)
        try:
            described = await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_LIMIT)
            if described.status is WorkflowExecutionStatus.RUNNING:
                return StillRunning()
            info = described.raw_description.workflow_execution_info
            if info.history_size_bytes > largest:
                return TooLarge(described.run_id, info.history_length)
            run = self._client.get_workflow_handle(workflow_id, run_id=described.run_id)
            return Closed(described.run_id, await run.fetch_history(rpc_timeout=RPC_LIMIT))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Gone()
            raise
