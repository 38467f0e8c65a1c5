"""What looking back costs: the paths of archived journeys, many in a row and one alone, against bare histories."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from activities.archive.postgres import PostgresArchive
from activities.archive.sealed import unseal
from activities.postgres.queries import load_queries
from bench.bare_workflow import Bare
from bench.servers import Servers
from schemas.ids import JourneyId
from schemas.journey.path import JourneyPath
from schemas.settings import Settings
from starter.runtime.schedules import ARCHIVING
from starter.support.replay import replay_histories, replay_history
from worker import sandbox

SQL = load_queries("bench", "queries.sql")

ALONE = 50
"""Replays timed one by one."""
BARE_HISTORIES = 50
"""Different ones of the baseline; each is replayed as often as it takes to come to the same number."""


class NotReplayed(Exception):
    """An archived history gave no path: the figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Replays:
    """Replays per second in each round, and seconds of one alone.

    Attributes:
        ours: from the archive in PostgreSQL: read, unpack, replay, path.
        bare: the baseline's histories, in memory already, by Temporal's replayer and nothing else.
        alone: one journey from the archive, with a replayer of its own, as the page of a console asks for it.
    """

    ours: list[float]
    bare: list[float]
    alone: list[float]
    journeys: int


async def measure_replays(servers: Servers, bare_ids: Sequence[str], most: int, rounds: int) -> Replays:
    """Archive what has ended, then replay up to `most` journeys in each round, in turn with as many bare ones.

    The engine must be at work: it archives.

    Raises:
        NotReplayed: as it says.
    """
    await ARCHIVING.run_now(servers.client, Settings().temporal_task_queue, timedelta(0))
    archive = PostgresArchive(servers.pool)
    journeys: list[JourneyId] = await SQL.some_archived.values(servers.pool, most=most)
    bare = [await servers.client.get_workflow_handle(id_).fetch_history() for id_ in bare_ids[:BARE_HISTORIES]]

    async def archived(ids: Sequence[JourneyId]) -> AsyncGenerator[WorkflowHistory]:
        for id_ in ids:
            content = await archive.get(id_)
            if content is None:
                raise NotReplayed(id_)
            yield unseal(id_, content)

    async def repeated() -> AsyncGenerator[WorkflowHistory]:
        for number in range(len(journeys)):
            yield bare[number % len(bare)]

    ours_rates: list[float] = []
    bare_rates: list[float] = []
    for _ in range(rounds):
        began = time.monotonic()
        replayer = Replayer(workflows=[Bare], workflow_runner=sandbox())
        async with aclosing(repeated()) as histories, replayer.workflow_replay_iterator(histories) as results:
            async for result in results:
                if result.replay_failure is not None:
                    raise NotReplayed(result.history.workflow_id)
        bare_rates.append(len(journeys) / (time.monotonic() - began))
        began = time.monotonic()
        async with aclosing(archived(journeys)) as histories, aclosing(replay_histories(histories)) as replayed:
            async for each in replayed:
                if not isinstance(each.told, JourneyPath):
                    raise NotReplayed(each.workflow_id) from each.told
        ours_rates.append(len(journeys) / (time.monotonic() - began))
    alone: list[float] = []
    for id_ in journeys[:ALONE]:
        began = time.monotonic()
        async with aclosing(archived([id_])) as histories:
            await replay_history(await anext(histories))
        alone.append(time.monotonic() - began)
    return Replays(ours_rates, bare_rates, alone, len(journeys))
