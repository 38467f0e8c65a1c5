"""The only way for a test to read a workflow's history, or the path it tells: not before its task is over.

PostgreSQL knows of a message or of an end a moment before Temporal does: activities write there while the task that
called them is still under way. A test that waits for the database and reads the history next would now and then read
too early. Here the history is asked for until nothing is under way in it; tests/test_settled_histories.py sees to it
that no test reads one in another way.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from activities.archive.archive import Archive
from activities.archive.postgres import PostgresArchive
from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId, journey_workflow_id
from schemas.journey.path import JourneyPath
from schemas.responses.dry_run import DryRunReport
from starter.support.replay import Replayed, replay_history, replay_path, replay_paths
from starter.support.settled import is_answering
from starter.versioning.dry_run import AT_ONCE, MOST_LISTED, DryRuns

PATIENCE = 300.0
"""Seconds that anything may take on a loaded machine."""
BETWEEN_LOOKS = 0.02
"""Seconds; another process has no event to wait on."""

Handle = WorkflowHandle[Any, Any]


async def settled_history(client: Client, workflow_id: str, run_id: str | None = None) -> WorkflowHistory:
    """The history of a workflow, of its last run if none is named, once no task and no activity is at work.

    An activity that failed and is tried again later is not at work meanwhile.

    Raises:
        RPCError: there is no such workflow.
    """
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    async with asyncio.timeout(PATIENCE):
        # What was at work before this was called is seen by the first look, or its answer is in the history.
        while await _activity_at_work(handle) or is_answering(history := await handle.fetch_history()):
            await asyncio.sleep(BETWEEN_LOOKS)
    return history


async def told_path(client: Client, workflow_id: str) -> JourneyPath:
    """The path that the workflow answers with when it is asked, which is the one that its replay tells.

    Raises:
        RPCError: there is no such workflow.
    """
    handle = client.get_workflow_handle(workflow_id)
    while True:
        before = await settled_history(client, workflow_id)
        told = await handle.query("path", result_type=JourneyPath)
        if await settled_history(client, workflow_id) == before:  # else something happened in between
            assert told == await replay_history(before, client.data_converter)
            return told


async def replayed_path(client: Client, archive: Archive, journey: JourneyId) -> JourneyPath:
    """The path by replay: of Temporal's history once it is settled, or else of the archive's.

    Raises:
        HistoryGone, HistoryCorrupt, ArchiveUnavailable, ReplayFailed: as they say.
    """
    await _settled(client, journey)
    return await replay_path(client, archive, journey)


async def replayed_paths(client: Client, archive: Archive, journeys: Sequence[JourneyId]) -> AsyncGenerator[Replayed]:
    """The paths of many, likewise."""
    for journey in journeys:
        await _settled(client, journey)
    async for each in replay_paths(client, archive, journeys):
        yield each


async def settled_dry_run(
    pool: Pool,
    client: Client,
    document: ConversationDocument,
    against: int = 500,
    *,
    archive: Archive | None = None,
    most_listed: int = MOST_LISTED,
    at_once: int = AT_ONCE,
) -> DryRunReport:
    """The dry run of a document over the newest journeys, once the histories of all are settled."""
    for row in await pool.fetch("select id from journeys"):
        await _settled(client, JourneyId(row["id"]))
    archive = PostgresArchive(pool) if archive is None else archive
    return await DryRuns(pool, client, archive, most_listed=most_listed, at_once=at_once).run(document, against)


async def is_known(client: Client, journey: JourneyId) -> bool:
    """Whether Temporal has a history of this journey."""
    try:
        await client.get_workflow_handle(journey_workflow_id(journey)).fetch_history()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def _settled(client: Client, journey: JourneyId) -> None:
    """Wait until it is; one that Temporal does not know, or has forgotten, is."""
    if await is_known(client, journey):
        await settled_history(client, journey_workflow_id(journey))


async def _activity_at_work(handle: Handle) -> bool:
    pending = (await handle.describe()).raw_description.pending_activities
    return any(each.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED for each in pending)
