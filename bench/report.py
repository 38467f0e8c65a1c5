"""The result: one line of JSON for programs, a table for people, and whether the targets were reached."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.intake import IntakeRates
from bench.moves import Moves
from bench.processor import Processor
from bench.rates import Rounds
from bench.rehearsals import Rehearsals
from bench.replays import Replays
from bench.waits import FirstMessages, Memory

MOST_EVENTS = 15
LEAST_TOLD_RATIO = 0.7
MOST_RESTOCK_GROWTH = 1.5
MOST_FIRST_MESSAGE_SECONDS = 1.0
MOST_REPLAY_SECONDS = 0.2
"""What a page of a console may wait for."""
MOST_REHEARSED_YEAR_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        return cls(min(figures), statistics.median(figures), max(figures))

    def json(self) -> list[float]:
        return [round(figure, 4) for figure in (self.least, self.median, self.most)]

    def text(self, digits: int) -> str:
        return f"{self.median:.{digits}f} ({self.least:.{digits}f}–{self.most:.{digits}f})"


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was measured."""

    rounds: Rounds
    first: FirstMessages
    restocks: dict[int, list[float]]
    memory: Memory
    intake: IntakeRates
    replays: Replays
    moves: Moves
    rehearsals: Rehearsals
    at_once: int
    seconds: float

    @property
    def started(self) -> tuple[Spread, Spread]:
        """Journeys started per second: ours, bare."""
        return Spread.of([r.started for r in self.rounds.ours]), Spread.of([r.started for r in self.rounds.bare])

    @property
    def told(self) -> tuple[Spread, Spread]:
        """Contacts told per second, against bare workflows completed."""
        return Spread.of([r.told for r in self.rounds.ours]), Spread.of([r.ended for r in self.rounds.bare])

    @property
    def ended(self) -> tuple[Spread, Spread]:
        """Journeys ended per second, against bare workflows completed: stricter, for the end is written too."""
        return Spread.of([r.ended for r in self.rounds.ours]), Spread.of([r.ended for r in self.rounds.bare])

    def ratio(self, of: str) -> Spread:
        """Each of our rounds against the bare round just before it."""
        pairs = list(zip(self.rounds.ours, self.rounds.bare, strict=True))
        match of:
            case "started":
                return Spread.of([ours.started / bare.started for ours, bare in pairs])
            case "told":
                return Spread.of([ours.told / bare.ended for ours, bare in pairs])
            case "ended":
                return Spread.of([ours.ended / bare.ended for ours, bare in pairs])
            case _:
                raise ValueError(of)

    def cost(self, of: str) -> tuple[Processor, Processor]:
        """Milliseconds of processor time of one journey: ours, bare; the round with the median total."""
        ours, bare = (
            sorted((r.start_cost if of == "started" else r.tell_cost for r in rounds), key=lambda cost: cost.total)
            for rounds in (self.rounds.ours, self.rounds.bare)
        )
        return ours[len(ours) // 2], bare[len(bare) // 2]

    @property
    def restock_growth(self) -> float:
        """How much longer a restock takes with the longest line than with the shortest; medians."""
        counts = sorted(self.restocks)
        return statistics.median(self.restocks[counts[-1]]) / statistics.median(self.restocks[counts[0]])

    @property
    def moves_ratio(self) -> float:
        """Journeys moved per second, against bare workflows signalled and completed."""
        return self.moves.per_second / statistics.median(r.ended for r in self.rounds.bare)

    @property
    def replays_ratio(self) -> Spread:
        """Paths from the archive per second, against bare histories that lie in memory."""
        return Spread.of([ours / bare for ours, bare in zip(self.replays.ours, self.replays.bare, strict=True)])

    @property
    def rehearsed_ratio(self) -> Spread:
        """Years rehearsed, against years of the machine alone."""
        return Spread.of([bare / ours for ours, bare in zip(self.rehearsals.ours, self.rehearsals.bare, strict=True)])

    def json(self) -> str:
        """One line."""
        (starts, bare_starts), (told, bare_told), (ended, _) = self.started, self.told, self.ended
        restocks = {str(count): Spread.of(figures) for count, figures in self.restocks.items()}
        first, bare_first = Spread.of(self.first.ours), Spread.of(self.first.bare)
        webhooks, sign_ups = Spread.of(self.intake.webhooks), Spread.of(self.intake.sign_ups)
        return json.dumps(
            {
                "starts_ratio": round(self.ratio("started").median, 3),
                "told_ratio": round(self.ratio("told").median, 3),
                "ended_ratio": round(self.ratio("ended").median, 3),
                "events_per_told_journey": max(self.rounds.our_events),
                "restock_seconds": {count: round(spread.median, 4) for count, spread in restocks.items()},
                "restock_growth": round(self.restock_growth, 3),
                "first_message_seconds": round(first.median, 4),
                "starts_per_second": round(starts.median, 1),
                "told_per_second": round(told.median, 1),
                "signups_per_second": round(sign_ups.median, 1),
                "webhooks_per_second": round(webhooks.median, 1),
                "moves_ratio": round(self.moves_ratio, 3),
                "moves_per_second": round(self.moves.per_second, 1),
                "moved_journeys": self.moves.journeys,
                "move_seconds": round(self.moves.seconds, 2),
                "events_per_move": self.moves.events,
                "killed_move_seconds": self.moves.killed_seconds and round(self.moves.killed_seconds, 2),
                "replays_ratio": round(self.replays_ratio.median, 3),
                "replays_per_second": round(Spread.of(self.replays.ours).median, 1),
                "replay_alone_seconds": round(Spread.of(self.replays.alone).median, 4),
                "replayed_journeys": self.replays.journeys,
                "rehearsed_year_seconds": round(Spread.of(self.rehearsals.ours).median, 4),
                "rehearsed_year_ratio": round(self.rehearsed_ratio.median, 3),
                "memory_mb_per_1000_journeys": round(self.memory.ours * 1000 / 1e6, 2),
                "processor_ms_per_start": self.cost("started")[0].json(),
                "processor_ms_per_told": self.cost("told")[0].json(),
                "bare": {
                    "events": max(self.rounds.bare_events),
                    "starts_per_second": round(bare_starts.median, 1),
                    "ended_per_second": round(bare_told.median, 1),
                    "processor_ms_per_start": self.cost("started")[1].json(),
                    "processor_ms_per_ended": self.cost("told")[1].json(),
                    "first_seconds": round(bare_first.median, 4),
                    "memory_mb_per_1000_workflows": round(self.memory.bare * 1000 / 1e6, 2),
                },
                "spread": {
                    "starts_ratio": self.ratio("started").json(),
                    "told_ratio": self.ratio("told").json(),
                    "ended_ratio": self.ratio("ended").json(),
                    "starts_per_second": starts.json(),
                    "told_per_second": told.json(),
                    "ended_per_second": ended.json(),
                    "bare_starts_per_second": bare_starts.json(),
                    "bare_ended_per_second": bare_told.json(),
                    "restock_seconds": {count: spread.json() for count, spread in restocks.items()},
                    "first_message_seconds": first.json(),
                    "bare_first_seconds": bare_first.json(),
                    "replays_per_second": Spread.of(self.replays.ours).json(),
                    "replay_alone_seconds": Spread.of(self.replays.alone).json(),
                    "rehearsed_year_seconds": Spread.of(self.rehearsals.ours).json(),
                    "signups_per_second": sign_ups.json(),
                    "webhooks_per_second": webhooks.json(),
                },
                "journeys_at_once": self.at_once,
                "seconds": round(self.seconds),
            }
        )

    def _killed_row(self) -> list[tuple[str, str, str, str, str]]:
        """Nothing where no engine was killed."""
        seconds = self.moves.killed_seconds
        return [] if seconds is None else [("… back, the engine killed in the middle, s", f"{seconds:.0f}", "", "", "")]

    def table(self) -> str:
        """For people: median (least–most), ours and bare, and the target where there is one."""
        (starts, bare_starts), (told, bare_told), (ended, bare_ended) = self.started, self.told, self.ended
        first, bare_first = Spread.of(self.first.ours), Spread.of(self.first.bare)
        told_ratio = self.ratio("told")
        events = max(self.rounds.our_events)
        rows = [
            ("", "Shelftalk", "bare", "ratio", "to reach"),
            ("started / s", starts.text(0), bare_starts.text(0), self.ratio("started").text(2), ""),
            (
                "told / s (webhook → mail)",
                told.text(0),
                bare_told.text(0),
                told_ratio.text(2),
                _target(f"≥ {LEAST_TOLD_RATIO}", told_ratio.median >= LEAST_TOLD_RATIO),
            ),
            ("ended / s", ended.text(0), bare_ended.text(0), self.ratio("ended").text(2), ""),
            _cost_row("processor ms to start one", *self.cost("started")),
            _cost_row("processor ms to tell one", *self.cost("told")),
            (
                "events of a told journey",
                str(events),
                str(max(self.rounds.bare_events)),
                "",
                _target(f"≤ {MOST_EVENTS}", events <= MOST_EVENTS),
            ),
            (
                "first message, s",
                first.text(3),
                bare_first.text(3),
                "",
                _target(f"≤ {MOST_FIRST_MESSAGE_SECONDS:g}", first.median <= MOST_FIRST_MESSAGE_SECONDS),
            ),
            *(
                (f"restock of 10, {count} in line *, s", Spread.of(figures).text(3), "", "", "")
                for count, figures in self.restocks.items()
            ),
            (
                "… longest line / shortest",
                f"{self.restock_growth:.2f}",
                "",
                "",
                _target(f"≤ {MOST_RESTOCK_GROWTH}", self.restock_growth <= MOST_RESTOCK_GROWTH),
            ),
            ("webhooks in / s", Spread.of(self.intake.webhooks).text(0), "", "", ""),
            ("sign-ups in / s", Spread.of(self.intake.sign_ups).text(0), "", "", ""),
            (
                f"moved / s ({self.moves.journeys} open, {self.moves.events} events each)",
                f"{self.moves.per_second:.0f} in {self.moves.seconds:.0f} s",
                Spread.of([r.ended for r in self.rounds.bare]).text(0),
                f"{self.moves_ratio:.2f}",
                "",
            ),
            *self._killed_row(),
            (
                "replays of the archive / s",
                Spread.of(self.replays.ours).text(0),
                Spread.of(self.replays.bare).text(0),
                self.replays_ratio.text(2),
                "",
            ),
            (
                "one replay alone, s",
                Spread.of(self.replays.alone).text(3),
                "",
                "",
                _target(f"≤ {MOST_REPLAY_SECONDS:g}", Spread.of(self.replays.alone).median <= MOST_REPLAY_SECONDS),
            ),
            (
                "a year rehearsed, s",
                Spread.of(self.rehearsals.ours).text(4),
                Spread.of(self.rehearsals.bare).text(4),
                self.rehearsed_ratio.text(2),
                _target(
                    f"≤ {MOST_REHEARSED_YEAR_SECONDS:g}",
                    Spread.of(self.rehearsals.ours).median <= MOST_REHEARSED_YEAR_SECONDS,
                ),
            ),
            (
                "MB per 1,000 open journeys",
                f"{self.memory.ours * 1000 / 1e6:.1f}",
                f"{self.memory.bare * 1000 / 1e6:.1f}",
                "",
                "",
            ),
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join(
            [
                *lines,
                "",
                f"Median (least–most); {self.at_once} journeys at once; a ratio compares neighbouring rounds.",
                "* Those in line are rows put there by SQL; workflows are started only for those who are told,",
                "  by signal-with-start. Measured from the committed webhook to the tenth mail accepted.",
            ]
        )


def _cost_row(name: str, ours: Processor, bare: Processor) -> tuple[str, str, str, str, str]:
    """The ratio as those above: bare work in the time of one of ours."""

    def text(cost: Processor) -> str:
        return f"{cost.total:.1f} (engine {cost.engine:.1f})"

    return name, text(ours), text(bare), f"{bare.total / ours.total:.2f}", ""


def _target(text: str, reached: bool) -> str:
    return f"{text} {'reached' if reached else 'MISSED'}"
