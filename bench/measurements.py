"""The parts of the benchmark: each measures one thing, gives its figures, and needs none of the others to be run."""

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from enum import StrEnum
from typing import Self, assert_never

from bench.bursts import measure_bursts
from bench.console import measure_console
from bench.feeds import measure_feeds
from bench.intake import PACE, measure_intake
from bench.messages import figures_of_messages, measure_messages
from bench.moves import Moves, measure_moves
from bench.processor import Processor
from bench.rates import Round, Rounds, measure_rates
from bench.reads import Reads
from bench.rehearsals import measure_rehearsals
from bench.replays import measure_replays
from bench.report import Figure, Spread, ratio
from bench.servers import Engines, Servers, quiet, running_engines, running_servers
from bench.sizes import Sizes
from bench.waits import measure_first_messages, measure_memory, measure_restocks

INTAKE_ROUNDS = 3
MOST_WEBHOOK_SECONDS = 0.25
"""Beside a burst of sign-ups; a storefront gives up after five."""
MOST_PACED_SECONDS = 0.05
REPLAY_ROUNDS = 3
REHEARSED_YEARS = 30

MOST_EVENTS = 13
LEAST_STARTS_RATIO = 0.95
LEAST_TOLD_RATIO = 1.0
MOST_MEMORY_MB = 80.0
MOST_GROWTH = 1.2
"""Of a restock, and of what is asked, with the longest line against the shortest."""
MOST_BEHIND_IMPORT = 2.0
LEAST_LEVELS_OF_MANY = 100
LEAST_FEED_ROWS = 2000
MOST_FEED_AGAIN = 0.1
MOST_FEED_MEMORY_MB = 200.0
MOST_FIRST_MESSAGE_SECONDS = 1.0
MOST_REPLAY_SECONDS = 0.2
"""What a page of a console may wait for."""
MOST_REHEARSED_YEAR_SECONDS = 0.05


class Measurement(StrEnum):
    """What can be measured by itself, in the order of a whole run."""

    REHEARSALS = "rehearsals"
    MESSAGES = "messages"
    INTAKE = "intake"
    BURSTS = "bursts"
    FEEDS = "feeds"
    CONSOLE = "console"
    MEMORY = "memory"
    RATES = "rates"
    FIRST_MESSAGES = "first-messages"
    RESTOCKS = "restocks"
    REPLAYS = "replays"
    MOVES = "moves"


class Measuring:
    """Measures one after the other. Servers and engines are started when they are needed, and kept for the next."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._exits = AsyncExitStack()
        self._servers: Servers | None = None
        self._engine_exits = AsyncExitStack()
        self._engines: Engines | None = None
        self._rounds: Rounds | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.stop_engines()
        finally:
            await self._exits.aclose()

    async def measure(self, what: Measurement) -> list[Figure]:
        """Measure one thing. It may raise whatever went wrong; then call `stop_engines` before the next."""
        match what:
            case Measurement.REHEARSALS:
                return await self._rehearsals()
            case Measurement.MESSAGES:
                sizes = self._sizes
                return figures_of_messages(await measure_messages(sizes.messages, sizes.rounds, sizes.warm_up))
            case Measurement.INTAKE:
                return await self._intake()
            case Measurement.BURSTS:
                return await self._bursts()
            case Measurement.FEEDS:
                return await self._feeds()
            case Measurement.CONSOLE:
                return await measure_console(await self._started_servers(), *self._sizes.console)
            case Measurement.MEMORY:
                return await self._memory()
            case Measurement.RATES:
                return await self._rates()
            case Measurement.FIRST_MESSAGES:
                return await self._first_messages()
            case Measurement.RESTOCKS:
                return await self._restocks()
            case Measurement.REPLAYS:
                return await self._replays()
            case Measurement.MOVES:
                return await self._moves()
            case _:
                assert_never(what)

    async def stop_engines(self) -> None:
        """The next that needs engines gets fresh ones."""
        self._engines = None
        await self._engine_exits.aclose()

    async def _started_servers(self) -> Servers:
        if self._servers is None:
            self._servers = await self._exits.enter_async_context(running_servers())
        return self._servers

    async def _with_engines(self) -> tuple[Servers, Engines]:
        servers = await self._started_servers()
        if self._engines is None:
            self._engines = await self._engine_exits.enter_async_context(running_engines(servers))
            await quiet()  # They finish what a failed part has left behind.
        return servers, self._engines

    async def _rehearsals(self) -> list[Figure]:
        # In a thread of its own: a rehearsal runs a loop of its own.
        measured = await asyncio.to_thread(measure_rehearsals, REHEARSED_YEARS)
        return [
            Figure(
                "rehearsed_year_seconds",
                "a year rehearsed, s",
                Spread.of(measured.ours),
                digits=4,
                bare=Spread.of(measured.bare),
                ratio=ratio(measured.bare, measured.ours),
                ratio_name="rehearsed_year_ratio",
                at_most=MOST_REHEARSED_YEAR_SECONDS,
            )
        ]

    async def _intake(self) -> list[Figure]:
        rounds = min(self._sizes.rounds, INTAKE_ROUNDS)
        measured = await measure_intake(
            await self._started_servers(), self._sizes.requests, rounds, self._sizes.variants
        )
        return [
            Figure("webhooks_per_second", "webhooks in / s", Spread.of(measured.webhooks)),
            Figure(
                "paced_webhook_p50_seconds", f"… at {PACE} a second, p50, s", Spread.of(measured.paced_p50), digits=4
            ),
            Figure(
                "paced_webhook_p99_seconds",
                f"… at {PACE} a second, p99, s",
                Spread.of(measured.paced_p99),
                digits=3,
                at_most=MOST_PACED_SECONDS,
            ),
            Figure("signups_per_second", "sign-ups in / s", Spread.of(measured.sign_ups)),
            Figure(
                "levels_of_many_per_second",
                f"levels in / s, of a product of {self._sizes.variants}",
                Spread.of(measured.levels_of_many),
                at_least=LEAST_LEVELS_OF_MANY,
            ),
        ]

    async def _bursts(self) -> list[Figure]:
        at_once, rounds = self._sizes.requests, min(self._sizes.rounds, INTAKE_ROUNDS)
        measured = await measure_bursts(await self._started_servers(), at_once, rounds)
        return [
            Figure("burst_taken", f"of {at_once} sign-ups at once, taken", Spread.of([e.taken for e in measured]), 3),
            Figure("burst_seconds", "… until all are answered, s", Spread.of([e.seconds for e in measured]), digits=1),
            Figure(
                "burst_webhook_p99_seconds",
                "… webhooks beside, p99, s",
                Spread.of([each.webhook_p99 for each in measured]),
                digits=3,
                at_most=MOST_WEBHOOK_SECONDS,
            ),
        ]

    async def _feeds(self) -> list[Figure]:
        measured = await measure_feeds(await self._started_servers(), self._sizes.feed_rows)
        first = Spread.of([measured.rows / measured.first_seconds])
        again = Spread.of([measured.again_seconds])
        share = Spread.of([measured.again_processor / measured.first_processor])
        memory = Spread.of([measured.memory])
        label = f"feed of {measured.rows}"
        return [
            Figure("feed_rows_per_second", f"{label}, rows / s", first, at_least=LEAST_FEED_ROWS),
            Figure("feed_again_seconds", "… again, 1 % changed, s", again, digits=1),
            Figure("feed_again_share", "… of the first time's processor", share, digits=2, at_most=MOST_FEED_AGAIN),
            Figure("feed_memory_mb", "… most memory, MB", memory, at_most=MOST_FEED_MEMORY_MB),
        ]

    async def _memory(self) -> list[Figure]:
        await self.stop_engines()  # What fresh ones grow by is measured.
        measured = await measure_memory(*await self._with_engines(), self._sizes.cached)
        await self.stop_engines()
        ours, bare = (Spread.of([each * 1000 / 1e6]) for each in (measured.ours, measured.bare))
        return [
            Figure(
                "memory_mb_per_1000_journeys",
                "MB per 1,000 open journeys",
                ours,
                digits=1,
                bare=bare,
                at_most=MOST_MEMORY_MB,
            )
        ]

    async def _rates(self) -> list[Figure]:
        sizes = self._sizes
        self._rounds = await measure_rates(*await self._with_engines(), sizes.at_once, sizes.rounds, sizes.warm_up)
        return _figures_of_rates(self._rounds, sizes.at_once)

    async def _first_messages(self) -> list[Figure]:
        measured = await measure_first_messages(*await self._with_engines(), self._sizes.first_messages)
        return [
            Figure(
                "first_message_seconds",
                "first message, s",
                Spread.of(measured.ours),
                digits=3,
                bare=Spread.of(measured.bare),
                at_most=MOST_FIRST_MESSAGE_SECONDS,
            )
        ]

    async def _restocks(self) -> list[Figure]:
        sizes = self._sizes
        restocks = await measure_restocks(*await self._with_engines(), sizes.waiting, sizes.restocks, sizes.imported)
        measured = restocks.by_line
        behind = statistics.median(restocks.behind_import) / statistics.median(measured[min(measured)])
        growth = statistics.median(measured[max(measured)]) / statistics.median(measured[min(measured)])
        return [
            *(
                Figure(f"restock_seconds_{count}", f"restock of 10, {count} in line *, s", Spread.of(seconds), digits=3)
                for count, seconds in measured.items()
            ),
            Figure(
                "restock_growth",
                "… longest line / shortest",
                Spread.of([growth]),
                digits=2,
                at_most=MOST_GROWTH,
            ),
            Figure(
                "restock_behind_import",
                f"… behind {sizes.imported} imported / idle",
                Spread.of([behind]),
                digits=2,
                at_most=MOST_BEHIND_IMPORT,
            ),
            *_figures_of_reads(restocks.reads, min(measured), max(measured)),
        ]

    async def _replays(self) -> list[Figure]:
        sizes = self._sizes
        servers, engines = await self._with_engines()
        # What the rates have left behind is replayed; without them it is made here.
        rounds = self._rounds or await measure_rates(
            servers, engines, sizes.at_once, -(-sizes.replayed // sizes.at_once), sizes.warm_up, name="to-replay"
        )
        measured = await measure_replays(servers, rounds.bare_ids, sizes.replayed, min(sizes.rounds, REPLAY_ROUNDS))
        return [
            Figure(
                "replays_per_second",
                f"replays of the archive / s, of {measured.journeys}",
                Spread.of(measured.ours),
                bare=Spread.of(measured.bare),
                ratio=ratio(measured.ours, measured.bare),
                ratio_name="replays_ratio",
            ),
            Figure(
                "replay_alone_seconds",
                "one replay alone, s",
                Spread.of(measured.alone),
                digits=3,
                at_most=MOST_REPLAY_SECONDS,
            ),
        ]

    async def _moves(self) -> list[Figure]:
        servers, engines = await self._with_engines()
        measured = await measure_moves(servers, engines, self._sizes.moved, killed=self._sizes.killed)
        await self.stop_engines()  # Ours may have been killed.
        return _figures_of_moves(measured, self._rounds.bare if self._rounds is not None else None)


def _figures_of_rates(rounds: Rounds, at_once: int) -> list[Figure]:
    ours, bare = rounds.ours, rounds.bare
    bare_ended = [each.ended for each in bare]
    return [
        _rate(
            "starts",
            f"started / s, {at_once} at once",
            [each.started for each in ours],
            [e.started for e in bare],
            LEAST_STARTS_RATIO,
        ),
        _rate("told", "told / s (webhook → mail)", [each.told for each in ours], bare_ended, LEAST_TOLD_RATIO),
        _rate("ended", "ended / s", [each.ended for each in ours], bare_ended),
        *_costs("start", [each.start_cost for each in ours], [each.start_cost for each in bare]),
        *_costs("tell", [each.tell_cost for each in ours], [each.tell_cost for each in bare]),
        Figure(
            "events_per_told_journey",
            "events of a told journey",
            Spread.of([max(rounds.our_events)]),
            bare=Spread.of([max(rounds.bare_events)]),
            at_most=MOST_EVENTS,
        ),
    ]


def _rate(what: str, label: str, ours: Sequence[float], bare: Sequence[float], at_least: float | None = None) -> Figure:
    return Figure(
        f"{what}_per_second",
        label,
        Spread.of(ours),
        bare=Spread.of(bare),
        ratio=ratio(ours, bare),
        ratio_name=f"{what}_ratio",
        ratio_at_least=at_least,
    )


def _middle(costs: Sequence[Processor]) -> Processor:
    """The one with the median total."""
    return sorted(costs, key=lambda each: each.total)[len(costs) // 2]


def _costs(what: str, of_ours: Sequence[Processor], of_bare: Sequence[Processor]) -> list[Figure]:
    """Milliseconds of processor time for one; the ratio as that of rates: bare work in the time of one of ours."""
    ours, bare = _middle(of_ours), _middle(of_bare)
    return [
        Figure(
            f"processor_ms_per_{what}",
            f"processor ms to {what} one",
            Spread.of([ours.total]),
            digits=1,
            bare=Spread.of([bare.total]),
            ratio=Spread.of([bare.total / ours.total]),
            ratio_name=f"processor_per_{what}_ratio",
        ),
        *(
            Figure(
                f"processor_ms_per_{what}_{part}",
                f"… of it {part}",
                Spread.of([ours.parts()[part]]),
                digits=1,
                bare=Spread.of([bare.parts()[part]]),
            )
            for part in ours.parts()
        ),
    ]


def _figures_of_reads(reads: Reads, few: int, many: int) -> list[Figure]:
    """Each with very many in line, and held against that with few."""
    figures: list[Figure] = []
    for what, seconds in reads.many.items():
        growth = statistics.median(seconds) / statistics.median(reads.few[what])
        label = what.replace("_", " ")
        figures += [
            Figure(f"{what}_seconds_{many}", f"{label}, {many} in line, s", Spread.of(seconds), digits=4),
            Figure(f"{what}_growth", f"… / with {few}", Spread.of([growth]), digits=2, at_most=MOST_GROWTH),
        ]
    return figures


def _figures_of_moves(moves: Moves, bare: Sequence[Round] | None) -> list[Figure]:
    """Held against bare workflows signalled and completed, where those were measured too."""
    bare_ended = Spread.of([each.ended for each in bare]) if bare else None
    figures = [
        Figure(
            "moves_per_second",
            f"moved / s, {moves.journeys} open",
            Spread.of([moves.per_second]),
            bare=bare_ended,
            ratio=Spread.of([moves.per_second / bare_ended.median]) if bare_ended else None,
            ratio_name="moves_ratio",
        ),
        Figure("move_seconds", "… in all, s", Spread.of([moves.seconds])),
        Figure("events_per_move", "… events of each", Spread.of([moves.events])),
    ]
    if moves.killed_seconds is not None:
        killed = Spread.of([moves.killed_seconds])
        figures.append(Figure("killed_move_seconds", "… back, the engine killed in the middle, s", killed))
    return figures
