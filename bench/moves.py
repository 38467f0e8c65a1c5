"""Moving many open journeys to another version: how fast, and what it costs each in events."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.shop import moved_conversation
from bench.stage import Engines, Stage, report, until
from schemas.ids import JourneyId, journey_workflow_id
from schemas.operations import Choice
from starter.bulk import Decision, show_operation
from starter.publishing import publish

SAMPLES = 20
"""Journeys whose events are counted before and after."""
UNCONFIRMED = "select exists (select from operation_journeys where operation_id = $1 and done_at is null)"
POLL_SECONDS = 0.1
"""To count ten thousand more often would cost what is measured."""
OPEN_LIMIT_SECONDS = 1800.0
"""Ten thousand starts at the slowest rate that was ever seen here."""


class NotMoved(Exception):
    """A journey was lost, or has not confirmed: the figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Moves:
    """One operation on all of them.

    Attributes:
        per_second: from the committed publication until the last journey has confirmed that it lives by the new one.
        events: of one journey's history, that the move added; the most of the samples.
    """

    journeys: int
    seconds: float
    events: int

    @property
    def per_second(self) -> float:
        return self.journeys / self.seconds


async def measure_moves(stage: Stage, engines: Engines, count: int) -> Moves:
    """Open `count` journeys that stand in line, publish another version and move them all.

    Raises:
        NotMoved: as it says.
    """
    await publish(stage.pool, moved_conversation("Before"))
    variant, tasks = await stage.shop.new_variant(), await engines.ours.counts.tasks()
    await stage.shop.wait_to_be_moved(variant, count)
    await until(engines.ours.counts.tasks, tasks + count, within=OPEN_LIMIT_SECONDS)
    rows = await stage.pool.fetch("select id from journeys where conversation = 'moved' limit $1", SAMPLES)
    samples = [JourneyId(row["id"]) for row in rows]
    before = await _events(stage, samples)
    report(f"    {count} are open; moving them")
    began = time.monotonic()
    published = await publish(stage.pool, moved_conversation("After"), Decision(Choice.MOVE, "bench"))
    if published.operation is None:
        raise NotMoved("no operation was begun")
    async with asyncio.timeout(OPEN_LIMIT_SECONDS):
        while await stage.pool.fetchval(UNCONFIRMED, published.operation):
            await asyncio.sleep(POLL_SECONDS)
    ended = time.monotonic()
    if (done := (await show_operation(stage.pool, published.operation)).done) != count:
        raise NotMoved(f"{done} of {count} have confirmed")
    moved = await stage.pool.fetchval("select count(*) from journeys where version_id = $1", published.version_id)
    if moved != count:
        raise NotMoved(f"{moved} of {count} live by {published.version_id}")
    after = await _events(stage, samples)
    return Moves(count, ended - began, max(b - a for a, b in zip(before, after, strict=True)))


async def _events(stage: Stage, journeys: Sequence[JourneyId]) -> list[int]:
    handles = [stage.client.get_workflow_handle(journey_workflow_id(journey)) for journey in journeys]
    return [len((await handle.fetch_history()).events) for handle in handles]
