"""History replay: a journey's path, rebuilt by replaying its workflow's history on today's code.

The history comes from Temporal, and after its retention from the archive.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from activities.archive.archive import Archive, HistoryCorrupt
from activities.archive.sealed import unseal
from activities.postgres.audit import write_audit
from schemas.errors import DomainError, ErrorKind
from schemas.ids import JourneyId, StoreId, journey_workflow_id
from schemas.journey.path import JourneyPath
from schemas.journey.state import JourneyStart
from starter.support.journeys import Journeys
from starter.support.settled import settled
from worker import WORKFLOWS
from workflows.journey import JourneyWorkflow

READ_AHEAD = 8
"""Histories read together while others are replayed."""


class HistoryGone(DomainError):
    """There is no history of this journey: it has not begun yet, or is past the retention and not in the archive."""

    code = "history_gone"
    kind = ErrorKind.GONE
    advice = "How it ended is still on record: `shelftalk journey show`."

    def __init__(
        self, journey: str, why: str = "has ended, and neither Temporal nor the archive has its history"
    ) -> None:
        super().__init__(f"Journey {journey} {why}.", public=f"The journey {why}.")


class ReplayFailed(DomainError):
    """The history does not replay on this code."""

    code = "replay_failed"
    kind = ErrorKind.FAULT
    advice = "Please report it; `shelftalk journey show` still tells how the journey stands."

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The history does not replay on this release: {why}", public=f"The journey's path cannot be told: {why}."
        )


@dataclass(frozen=True, slots=True)
class Replayed:
    """One journey of many.

    Attributes:
        told: its path, or why there is none.
    """

    workflow_id: str
    told: JourneyPath | HistoryGone | HistoryCorrupt | ReplayFailed

    def path(self) -> JourneyPath:
        """The path.

        Raises:
            HistoryGone, HistoryCorrupt, ReplayFailed: there is none.
        """
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


class Paths:
    """The paths of journeys, running and closed."""

    def __init__(self, journeys: Journeys, client: Client, archive: Archive) -> None:
        self._journeys = journeys
        self._client = client
        self._archive = archive

    async def of(
        self, journey_id: JourneyId, by: str | None = None, stores: Sequence[StoreId] | None = None
    ) -> JourneyPath:
        """A journey's path, if it is of these stores. Empty while its workflow has not been started.

        Raises:
            NoSuchJourney: as it says.
            HistoryGone: it has ended, and neither Temporal nor the archive has its history.
            HistoryCorrupt: what the archive has of it is damaged.
            ArchiveUnavailable: Temporal no longer has its history, and the archive cannot be asked.
            ReplayFailed: the history does not replay on this code.
        """
        report = await self._journeys.show(journey_id, stores)
        if by is not None:
            await write_audit(self._journeys.pool, by, "read path", {"journey": journey_id})
        try:
            return await replay_path(self._client, self._archive, journey_id)
        except HistoryGone:
            if report.ended_at is not None:
                raise
            return JourneyPath(journey_id=journey_id, version=report.version, entries=())

    async def opened(self, payloads: Sequence[Payload], by: str) -> list[Payload]:
        """What Temporal keeps, as it was before it was encrypted for it; that it was read is on record.

        Raises:
            PayloadUnreadable: no key of ours opens one of them.
        """
        await write_audit(self._journeys.pool, by, "read history", {"payloads": len(payloads)})
        codec = self._client.data_converter.payload_codec
        return list(payloads) if codec is None else await codec.decode(payloads)


async def replay_path(client: Client, archive: Archive, journey_id: JourneyId) -> JourneyPath:
    """The path of a running or closed journey. Replays its history; asks no worker.

    Raises:
        HistoryGone, HistoryCorrupt, ArchiveUnavailable, ReplayFailed: as they say.
    """
    return await replay_history(await find_history(client, archive, journey_id), client.data_converter)


async def replay_paths(client: Client, archive: Archive, journey_ids: Sequence[JourneyId]) -> AsyncGenerator[Replayed]:
    """The paths of many journeys, each once, in about their order. One that has none does not stop the others.

    Raises:
        ArchiveUnavailable: as it says.
    """
    without: list[Replayed] = []

    async def found() -> AsyncGenerator[WorkflowHistory]:
        for begin in range(0, len(journey_ids), READ_AHEAD):
            batch = journey_ids[begin : begin + READ_AHEAD]
            histories = await asyncio.gather(*(_found(client, archive, journey_id) for journey_id in batch))
            for journey_id, history in zip(batch, histories, strict=True):
                if isinstance(history, WorkflowHistory):
                    yield history
                else:
                    without.append(Replayed(journey_workflow_id(journey_id), history))

    async with (
        aclosing(found()) as histories,
        aclosing(replay_histories(histories, client.data_converter)) as replayed,
    ):
        async for each in replayed:
            yield each
    for each in without:
        yield each


async def _found(
    client: Client, archive: Archive, journey_id: JourneyId
) -> WorkflowHistory | HistoryGone | HistoryCorrupt:
    try:
        return await find_history(client, archive, journey_id)
    except (HistoryGone, HistoryCorrupt) as error:
        return error


async def find_history(client: Client, archive: Archive, journey_id: JourneyId) -> WorkflowHistory:
    """A journey's history: Temporal's, or else the archive's.

    Raises:
        HistoryGone, HistoryCorrupt, ArchiveUnavailable: as they say.
    """
    try:
        return await client.get_workflow_handle(journey_workflow_id(journey_id)).fetch_history()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    content = await archive.get(journey_id)
    if content is None:
        raise HistoryGone(journey_id)
    return unseal(journey_id, content)


async def replay_history(history: WorkflowHistory, converter: DataConverter = pydantic_data_converter) -> JourneyPath:
    """The path of one history. `converter`: what opens its payloads.

    Raises:
        HistoryGone, ReplayFailed: as they say.
    """

    async def only() -> AsyncGenerator[WorkflowHistory]:
        yield history

    async with aclosing(replay_histories(only(), converter)) as replayed:
        return (await anext(replayed)).path()


async def replay_histories(
    histories: AsyncIterator[WorkflowHistory], converter: DataConverter = pydantic_data_converter
) -> AsyncGenerator[Replayed]:
    """The paths of many histories, in about their order, on one replayer: making one costs more than a replay."""
    keeper = _PathKeeper()
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
        interceptors=[keeper],
    )
    unbegun: list[WorkflowHistory] = []

    async def begun() -> AsyncGenerator[WorkflowHistory]:
        async for history in histories:
            if done := settled(history):
                yield done
            else:
                unbegun.append(history)

    async with aclosing(begun()) as ready, replayer.workflow_replay_iterator(ready) as results:
        async for result in results:
            path = keeper.take()
            if result.replay_failure is not None:
                told = ReplayFailed(str(result.replay_failure))
                told.__cause__ = result.replay_failure
            else:
                told = path or HistoryGone(result.history.workflow_id, "has a history that is none of a journey")
            yield Replayed(result.history.workflow_id, told)
    for history in unbegun:
        unclear = HistoryGone(history.workflow_id, "has a history without a workflow task")
        yield Replayed(history.workflow_id, await _path_before(history, converter) or unclear)


async def _path_before(history: WorkflowHistory, converter: DataConverter) -> JourneyPath | None:
    """The path that a run was given by the run before it; None of the journey's first run."""
    begun = history.events[0].workflow_execution_started_event_attributes
    (start,) = await converter.decode(begun.input.payloads, [JourneyStart])
    if not isinstance(start, JourneyStart) or not start.state.path:
        return None
    return JourneyPath(
        journey_id=start.journey_id,
        version=start.program.version,
        entries=start.state.path,
        left_out=start.state.left_out,
    )


class _PathKeeper(Interceptor):
    """Takes the path when a replay ends, whether the journey has ended or waits.

    One replay follows the other, and a workflow is evicted before the next, so there is one path at a time.
    """

    def __init__(self) -> None:
        self._path: JourneyPath | None = None

    def take(self) -> JourneyPath | None:
        """The path of the replay that ended last."""
        path, self._path = self._path, None
        return path

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        keeper = self

        class Inbound(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> object:
                try:
                    return await self.next.execute_workflow(input)
                finally:
                    journey = workflow.instance()
                    if isinstance(journey, JourneyWorkflow) or hasattr(journey, "path"):
                        keeper._path = journey.path()

        return Inbound
