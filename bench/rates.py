"""Rounds of many journeys at once: how fast they start, are told and end, on either side."""

import time
from dataclasses import dataclass

from bench.stage import Engines, Stage, quiet, until


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one side, per second.

    Attributes:
        started: from the first call, or the committed outbox, to the last journey at its first rest.
        told: ours only, from the webhook to the last mail accepted. The baseline has no mail: what it is held
            against is its `ended`.
        ended: from the first signal, or the webhook, to the last workflow completed.
    """

    started: float
    told: float
    ended: float


async def bare_round(engines: Engines, name: str, count: int) -> Round:
    """The baseline: its own client starts and signals, as many calls in flight as one client does best."""
    counts = engines.bare.counts
    tasks, completed = await counts.tasks(), await counts.completed()
    began = time.monotonic()
    await engines.bare.obey(f"start {name} {count}")
    started = await until(counts.tasks, tasks + count) - began
    await quiet()
    began = time.monotonic()
    engines.bare.part.tell(f"signal {name} {count}")
    ended = await until(counts.completed, completed + count) - began
    await engines.bare.part.hear(ended + 1)
    return Round(count / started, count / ended, count / ended)


async def our_round(stage: Stage, engines: Engines, count: int) -> Round:
    """Shelftalk: `count` sign-ups lie committed in the outbox; then one webhook says there are units for all."""
    counts = engines.ours.counts
    variant = await stage.shop.new_variant()
    tasks, completed, mails = await counts.tasks(), await counts.completed(), len(stage.sink.accepted)
    began = time.monotonic()
    await stage.shop.wait_in_line(variant, count, start=True)
    started = await until(counts.tasks, tasks + count) - began
    await quiet()
    began = time.monotonic()
    await stage.shop.has(variant, count)
    told = await stage.sink.until(mails + count) - began
    ended = await until(counts.completed, completed + count) - began
    return Round(count / started, count / told, count / ended)


@dataclass(frozen=True, slots=True)
class Rounds:
    """All rounds, and how many events one history has in the end."""

    bare: list[Round]
    ours: list[Round]
    bare_events: list[int]
    our_events: list[int]


async def measure_rates(stage: Stage, engines: Engines, count: int, rounds: int, warm_up: int) -> Rounds:
    """Rounds in turn, A B A B, after a small one of each that does not count."""
    await bare_round(engines, "warm-up", warm_up)
    await our_round(stage, engines, warm_up)
    bare: list[Round] = []
    ours: list[Round] = []
    for number in range(rounds):
        await quiet()
        bare.append(await bare_round(engines, f"round-{number}", count))
        await quiet()
        ours.append(await our_round(stage, engines, count))
    await quiet()
    told = await stage.pool.fetch(
        "select id from journeys where ended_at is not null order by ended_at desc limit $1", HISTORIES
    )
    return Rounds(
        bare,
        ours,
        [await _events(stage, f"round-{rounds - 1}-{number}") for number in range(min(count, HISTORIES))],
        [await _events(stage, f"journey/{row['id']}") for row in told],
    )


HISTORIES = 20
"""Of those told last, whose events are counted."""


async def _events(stage: Stage, workflow_id: str) -> int:
    history = await stage.client.get_workflow_handle(workflow_id).fetch_history()
    return len(history.events)
