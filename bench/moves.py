"""Moving many open journeys to another version: how fast, and what it costs each in events."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from activities.postgres.queries import load_queries
from bench.process import Part
from bench.servers import Engines, Servers, report, running_engine, until
from bench.shop import moved_conversation
from schemas.ids import JourneyId, VersionId, journey_workflow_id
from schemas.journey.path import JourneyPath
from schemas.responses.operations import Choice
from starter.versioning.bulk import BulkOperations, Decision
from starter.versioning.publishing import publish

SQL = load_queries("bench", "queries.sql")

SAMPLES = 20
"""Journeys whose events are counted before and after."""
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
        killed_seconds: to move them all back, by an engine that was killed in the middle and one started after it; None
            where that was not done.
    """

    journeys: int
    seconds: float
    events: int
    killed_seconds: float | None

    @property
    def per_second(self) -> float:
        return self.journeys / self.seconds


async def measure_moves(servers: Servers, engines: Engines, count: int, *, killed: bool) -> Moves:
    """Open `count` journeys that stand in line, publish another version and move them all; then back, if `killed`.

    It ends our engine, if `killed`.

    Raises:
        NotMoved: as it says.
    """
    await publish(servers.pool, moved_conversation("Before"))
    variant, tasks = await servers.shop.new_variant(), await engines.ours.counts.tasks()
    await servers.shop.wait_to_be_moved(variant, count)
    await until(engines.ours.counts.tasks, tasks + count, within=OPEN_LIMIT_SECONDS)
    samples: list[JourneyId] = await SQL.some_moved.values(servers.pool, most=SAMPLES)
    before = await _events(servers, samples)
    report(f"    {count} are open; moving them")
    seconds = await _move(servers, "After", count, samples)
    after = await _events(servers, samples)
    events = max(b - a for a, b in zip(before, after, strict=True))
    killed_seconds = None
    if killed:
        report(f"    moving {count} back, with a kill in the middle")
        killed_seconds = await _move(servers, "Before", count, samples, killing=engines.ours.part)
    return Moves(count, seconds, events, killed_seconds)


async def _move(
    servers: Servers, name: str, count: int, samples: Sequence[JourneyId], *, killing: Part | None = None
) -> float:
    """Publish a version of this name and move everyone; the seconds until the last has confirmed.

    With `killing`, this engine is killed when half have been asked, and another goes on.

    Raises:
        NotMoved: as it says.
    """
    began = time.monotonic()
    published = await publish(servers.pool, moved_conversation(name), Decision(Choice.MOVE, "bench"))
    if (operation := published.operation) is None:
        raise NotMoved("no operation was begun")
    async with asyncio.timeout(OPEN_LIMIT_SECONDS), AsyncExitStack() as exits:
        if killing is not None:
            while (await BulkOperations(servers.pool).show(operation)).asked < count // 2:
                await asyncio.sleep(POLL_SECONDS)
            await killing.kill()
            if (asked := (await BulkOperations(servers.pool).show(operation)).asked) == count:
                raise NotMoved("the engine was killed too late: all had been asked")
            report(f"    killed after {asked} were asked")
            await exits.enter_async_context(running_engine(servers, "ours"))
        while await SQL.unconfirmed.value(servers.pool, operation=operation):
            await asyncio.sleep(POLL_SECONDS)
        ended = time.monotonic()
        await _none_is_lost(servers, operation, published.version_id, count, samples)
    return ended - began


async def _none_is_lost(
    servers: Servers, operation: int, version: VersionId, count: int, samples: Sequence[JourneyId]
) -> None:
    """Everyone has confirmed and lives by the version, and rests where they rested, by their own path.

    Raises:
        NotMoved: somebody does not.
    """
    if (done := (await BulkOperations(servers.pool).show(operation)).done) != count:
        raise NotMoved(f"{done} of {count} have confirmed")
    moved = await SQL.count_of_version.value(servers.pool, version=version)
    if moved != count:
        raise NotMoved(f"{moved} of {count} live by {version}")
    for journey in samples:
        handle = servers.client.get_workflow_handle(journey_workflow_id(journey))
        path = await handle.query("path", result_type=JourneyPath)
        if [(entry.kind, entry.moved_to, entry.left_at) for entry in path.entries] != [("waiting", version, None)]:
            raise NotMoved(f"{journey} does not stand in line any more: {path}")


async def _events(servers: Servers, journeys: Sequence[JourneyId]) -> list[int]:
    handles = [servers.client.get_workflow_handle(journey_workflow_id(journey)) for journey in journeys]
    return [len((await handle.fetch_history()).events) for handle in handles]
