"""Rounds of many journeys at once: how fast they start, are told and end, on either side."""

import time
from dataclasses import dataclass

from activities.postgres.queries import load_queries
from bench.processor import Processor, processor_time
from bench.servers import PATIENCE_SECONDS, Engines, Servers, quiet, until
from schemas.ids import JourneyId, journey_workflow_id

SQL = load_queries("bench", "queries.sql")


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one side, per second.

    Attributes:
        started: from the first call, or the committed outbox, to the last journey at its first rest.
        told: ours only, from the webhook to the last mail accepted. The baseline has no mail: what it is held
            against is its `ended`.
        ended: from the first signal, or the webhook, to the last workflow completed.
        start_cost, tell_cost: milliseconds of processor time of one journey, until it rests and from there to its end.
    """

    started: float
    told: float
    ended: float
    start_cost: Processor
    tell_cost: Processor


async def bare_round(engines: Engines, name: str, count: int) -> Round:
    """The baseline: its own client starts and signals, as many calls in flight as one client does best."""
    counts, pid = engines.bare.counts, engines.bare.part.pid
    tasks, completed = await counts.tasks(), await counts.completed()
    idle = processor_time(pid)
    began = time.monotonic()
    await engines.bare.obey(f"start {name} {count}")
    started = await until(counts.tasks, tasks + count) - began
    await quiet()
    rested = processor_time(pid)
    began = time.monotonic()
    engines.bare.part.tell(f"signal {name} {count}")
    ended = await until(counts.completed, completed + count) - began
    await engines.bare.part.hear(PATIENCE_SECONDS)
    await quiet()
    start_cost, tell_cost = rested.since(idle, count), processor_time(pid).since(rested, count)
    return Round(count / started, count / ended, count / ended, start_cost, tell_cost)


async def our_round(servers: Servers, engines: Engines, count: int) -> Round:
    """Shelftalk: `count` sign-ups lie committed in the outbox; then one webhook says there are units for all."""
    counts, pid = engines.ours.counts, engines.ours.part.pid
    variant = await servers.shop.new_variant()
    tasks, completed, mails = await counts.tasks(), await counts.completed(), len(servers.sink.accepted)
    idle = processor_time(pid)
    began = time.monotonic()
    await servers.shop.wait_in_line(variant, count, start=True)
    started = await until(counts.tasks, tasks + count) - began
    await quiet()
    rested = processor_time(pid)
    began = time.monotonic()
    await servers.shop.has(variant, count)
    told = await servers.sink.until(mails + count) - began
    ended = await until(counts.completed, completed + count) - began
    await quiet()
    start_cost, tell_cost = rested.since(idle, count), processor_time(pid).since(rested, count)
    return Round(count / started, count / told, count / ended, start_cost, tell_cost)


@dataclass(frozen=True, slots=True)
class Rounds:
    """All rounds, the last workflows of the baseline, and how many events one history has in the end."""

    bare: list[Round]
    ours: list[Round]
    bare_ids: list[str]
    bare_events: list[int]
    our_events: list[int]


async def measure_rates(
    servers: Servers, engines: Engines, count: int, rounds: int, warm_up: int, *, name: str = "round"
) -> Rounds:
    """Rounds in turn, A B A B, after a small one of each that does not count. `name` begins the baseline's ids."""
    await bare_round(engines, f"{name}-warm-up", warm_up)
    await our_round(servers, engines, warm_up)
    bare: list[Round] = []
    ours: list[Round] = []
    for number in range(rounds):
        bare.append(await bare_round(engines, f"{name}-{number}", count))
        ours.append(await our_round(servers, engines, count))
    told: list[JourneyId] = await SQL.ended_last.values(servers.pool, most=HISTORIES)
    bare_ids = [f"{name}-{rounds - 1}-{number}" for number in range(count)]
    return Rounds(
        bare,
        ours,
        bare_ids,
        [await _events(servers, each) for each in bare_ids[:HISTORIES]],
        [await _events(servers, journey_workflow_id(journey)) for journey in told],
    )


HISTORIES = 20
"""Of those told last, whose events are counted."""


async def _events(servers: Servers, workflow_id: str) -> int:
    history = await servers.client.get_workflow_handle(workflow_id).fetch_history()
    return len(history.events)
