"""Calls into Temporal: start a journey, signal it, have a shelf look. All idempotent by workflow id."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import Priority as PriorityMessage
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import (
    Priority,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from schemas.ids import JourneyId, Subject, bulk_workflow_id, journey_workflow_id, shelf_workflow_id
from schemas.journey.names import Signal, Workflow
from schemas.journey.shelf import Look, ShelfStart
from schemas.journey.signals import Broadcast, ContactEvent, Intervene, Leave, Move, PlaceGiven, Skip, Wake
from schemas.journey.state import JourneyStart
from schemas.model import Model
from schemas.priority import PriorityKey
from schemas.reasons import Reason
from schemas.responses.operations import RunBulk

STORE = SearchAttributeKey.for_keyword("ShelftalkStore")
SUBJECT = SearchAttributeKey.for_keyword("ShelftalkSubject")
CONVERSATION = SearchAttributeKey.for_keyword("ShelftalkConversation")
CONTACT = SearchAttributeKey.for_keyword("ShelftalkContact")
SEARCH_ATTRIBUTES = (STORE, SUBJECT, CONVERSATION, CONTACT)
"""Set at the start of every workflow, so that ops can find it in Temporal's own tools."""

RPC_LIMIT = timedelta(seconds=10)
"""A frontend that has not answered by then is in trouble; the outbox or the activity tries again."""

MOST_FAIRNESS_BYTES = 64
"""Temporal refuses longer keys."""

TROUBLE = frozenset(
    (
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
    )
)
"""Status codes of a Temporal in trouble, whatever the call; also the client's, when no answer comes in time."""


def is_trouble(answer: object) -> bool:
    """Whether the same call may succeed later."""
    return isinstance(answer, RPCError) and answer.status in TROUBLE


class Temporal:
    """Shelftalk's side of one Temporal namespace.

    Args:
        eager: whether a journey that is started here may begin with the worker of this process. Not where workers of
            two builds run: Temporal would not ask which of them is current.
    """

    def __init__(self, client: Client, task_queue: str, *, eager: bool = True) -> None:
        self._client = client
        self._task_queue = task_queue
        self._eager = eager

    async def start_journey(self, start: JourneyStart) -> None:
        """Start a journey's workflow; one that runs or has ended is left alone."""
        await self._start_journey(start)

    async def leave(self, start: JourneyStart, leave: Leave) -> bool:
        """Signal a journey to leave, starting its workflow if need be. False when that has ended already."""
        if start.late:
            await self._raise_priority(start.journey_id)
        return await self._start_journey(start, Signal.LEAVE, leave)

    async def broadcast(self, start: JourneyStart, broadcast: Broadcast) -> None:
        """Signal a journey that waits in line to send a message."""
        await self._start_journey(start, Signal.BROADCAST, broadcast)

    async def tell(self, start: JourneyStart, event: ContactEvent) -> None:
        """Signal a journey what its contact did, starting its workflow if need be."""
        if start.late:
            await self._raise_priority(start.journey_id)
        await self._start_journey(start, Signal.CONTACT_EVENT, event)

    async def intervene(self, start: JourneyStart, intervention: Wake | Skip | Move) -> bool:
        """Signal an intervention to a journey, starting its workflow if need be. False when that has ended already."""
        if start.late and not isinstance(intervention, Move):  # many are moved at once, and nobody waits for one
            await self._raise_priority(start.journey_id)
        return await self._start_journey(start, Signal.INTERVENE, Intervene(intervention=intervention))

    async def notify_claims(
        self, claims: Mapping[JourneyId, PlaceGiven], late: Collection[JourneyId]
    ) -> list[JourneyId]:
        """Signal each of these journeys that it has a claim. Returns those of which no workflow runs.

        What is needed to start one is much to read and to send, and nearly all were started when they entered.

        Args:
            late: those that entered late, and so have a low priority until now.
        """
        await asyncio.gather(*(self._raise_priority(journey_id) for journey_id in late))
        reached = await asyncio.gather(
            *(self._signal(journey_id, Signal.PLACE_GIVEN, place) for journey_id, place in claims.items())
        )
        return [journey_id for journey_id, there in zip(claims, reached, strict=True) if not there]

    async def start_with_claims(self, claims: Sequence[tuple[JourneyStart, PlaceGiven]]) -> list[JourneyId]:
        """Start each of these journeys with the signal that it has a claim. Returns those that have ended already."""
        reached = await asyncio.gather(
            *(self._start_journey(start, Signal.PLACE_GIVEN, place) for start, place in claims)
        )
        return [start.journey_id for (start, _), there in zip(claims, reached, strict=True) if not there]

    async def running_journeys(self) -> AsyncGenerator[JourneyId]:
        """Every journey whose workflow runs on our task queue, as the visibility store has it."""
        query = (
            f"WorkflowType = '{Workflow.JOURNEY}' and ExecutionStatus = 'Running' and TaskQueue = '{self._task_queue}'"
        )
        async for execution in self._client.list_workflows(query):
            yield JourneyId(execution.id.removeprefix(journey_workflow_id(JourneyId(""))))

    async def is_running(self, journey_id: JourneyId) -> bool | None:
        """Whether a journey's workflow runs; False when it has ended, None when Temporal knows of none."""
        try:
            described = await self._client.get_workflow_handle(journey_workflow_id(journey_id)).describe(
                rpc_timeout=RPC_LIMIT
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return described.status is WorkflowExecutionStatus.RUNNING

    async def dismiss(self, journey_id: JourneyId, reason: Reason) -> None:
        """Signal a running workflow to leave; one that ended meanwhile is left alone."""
        await self._signal(journey_id, Signal.LEAVE, Leave(reason=reason))

    async def look_again(self, subject: Subject) -> None:
        """Signal the subject's shelf to look for work, starting it if it is not running."""
        await self._client.start_workflow(
            Workflow.SHELF,
            ShelfStart(subject=subject),
            id=shelf_workflow_id(subject),
            task_queue=self._task_queue,
            start_signal=Signal.LOOK_AGAIN,
            start_signal_args=[Look()],
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(STORE, subject.store_id), SearchAttributePair(SUBJECT, str(subject))]
            ),
            # Alerts of several lists may watch the subject.
            priority=priority(PriorityKey.URGENT, subject.store_id),
            rpc_timeout=RPC_LIMIT,
        )

    async def run_bulk(self, operation_id: int) -> None:
        """Start the workflow of a bulk operation; safe to repeat, also for one that is done."""
        with suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                Workflow.BULK,
                RunBulk(operation_id=operation_id),
                id=bulk_workflow_id(operation_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                priority=priority(PriorityKey.BACKGROUND),
                rpc_timeout=RPC_LIMIT,
            )

    async def _start_journey(
        self, start: JourneyStart, signal: Signal | None = None, argument: Model | None = None
    ) -> bool:
        """Whether the workflow runs now, started just here or before."""
        try:
            await self._client.start_workflow(
                Workflow.JOURNEY,
                start,
                id=journey_workflow_id(start.journey_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                start_signal=signal,
                start_signal_args=[argument] if argument is not None else [],
                # The answer brings the first workflow task to the worker of this process, if it has a slot: neither
                # queue nor poll. What is done in bulk queues all the same, behind what somebody waits for.
                request_eager_start=self._eager and signal is None and not start.late,
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(key, value)
                        for key, value in (
                            (STORE, start.subject.store_id if start.subject else start.store_id),
                            (SUBJECT, str(start.subject) if start.subject else None),
                            (CONVERSATION, start.program.conversation),
                            (CONTACT, start.contact_id),
                        )
                        if value is not None
                    ]
                ),
                priority=_journey_priority(start, signal),
                rpc_timeout=RPC_LIMIT,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _signal(self, journey_id: JourneyId, signal: Signal, argument: Model) -> bool:
        """False when no workflow of this journey runs."""
        try:
            await self._client.get_workflow_handle(journey_workflow_id(journey_id)).signal(
                signal, argument, rpc_timeout=RPC_LIMIT
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def _raise_priority(self, journey_id: JourneyId) -> None:
        """Make a journey that entered late urgent, if its workflow runs.

        Others were started with a sufficient priority, and are spared the call and the event in their history.
        """
        try:
            await self._client.workflow_service.update_workflow_execution_options(
                UpdateWorkflowExecutionOptionsRequest(
                    namespace=self._client.namespace,
                    workflow_execution=WorkflowExecution(workflow_id=journey_workflow_id(journey_id)),
                    workflow_execution_options=WorkflowExecutionOptions(
                        priority=PriorityMessage(priority_key=PriorityKey.URGENT)
                    ),
                    update_mask=FieldMask(paths=["priority.priority_key"]),
                ),
                timeout=RPC_LIMIT,
            )
        except RPCError as error:
            # Not started yet, or ended; or a server that cannot do it: then it keeps its priority.
            if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.UNIMPLEMENTED):
                raise


def priority(key: PriorityKey, fairness_key: str | None = None) -> Priority:
    """The priority to start a workflow with. A fairness key that is too long for Temporal is cut."""
    cut = fairness_key and fairness_key.encode()[:MOST_FAIRNESS_BYTES].decode(errors="ignore")
    return Priority(priority_key=key, fairness_key=cut)


def _journey_priority(start: JourneyStart, signal: Signal | None) -> Priority:
    if signal in (Signal.PLACE_GIVEN, Signal.LEAVE, Signal.CONTACT_EVENT):
        key = PriorityKey.URGENT
    else:
        key = PriorityKey.BACKGROUND if start.late else PriorityKey.ORDINARY
    return priority(key, start.list_code or start.program.conversation)
