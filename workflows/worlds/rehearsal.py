"""The rehearsal world: a journey on a virtual clock, without I/O.

What happens and when is given beforehand, or added while it runs; all answers come from one `Outside`.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeAlias, TypeVar

from schemas.document.steps import CallWebhook, ContactChange
from schemas.ids import StepId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Outcome
from schemas.journey.path import JourneyPath
from schemas.journey.program import Program
from schemas.journey.signals import CONFIRMED, Broadcast, ContactEvent, Leave, Move, PlaceGiven, Skip, Wake
from schemas.journey.state import JourneyStart, JourneyState
from schemas.reasons import Reason
from schemas.time.moments import Until, next_moment
from workflows.interpreter.journey import Ended, Journey
from workflows.interpreter.world import Awaited, Woken, awaits_nothing

WokenT = TypeVar("WokenT")
Signal: TypeAlias = PlaceGiven | Broadcast | Leave | ContactEvent | Wake | Skip | Move


@dataclass(order=True, frozen=True, slots=True)
class Happening:
    """A signal that reaches the journey at a moment of the virtual clock."""

    at: datetime
    signal: Signal = field(compare=False)


class Outside(Protocol):
    """Answers what the journey asks of its World. `now` is the virtual clock."""

    async def deliver(self, request: Deliver, now: datetime) -> Outcome: ...

    def decide(self, criteria_id: str, now: datetime) -> int | None: ...

    def time_zone(self) -> str: ...

    def change_contact(self, step: ContactChange, now: datetime) -> None: ...

    def call_webhook(self, step: CallWebhook, now: datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class Answering:
    """An Outside made of functions; by default no criteria hold and every webhook is accepted."""

    deliveries: Callable[[Deliver, datetime], Outcome]
    decisions: Callable[[str, datetime], int | None] = lambda _question, _now: None
    calls: Callable[[CallWebhook, datetime], bool] = lambda _step, _now: True
    zone: str = "UTC"

    async def deliver(self, request: Deliver, now: datetime) -> Outcome:
        return self.deliveries(request, now)

    def decide(self, criteria_id: str, now: datetime) -> int | None:
        return self.decisions(criteria_id, now)

    def time_zone(self) -> str:
        return self.zone

    def change_contact(self, step: ContactChange, now: datetime) -> None:
        pass

    def call_webhook(self, step: CallWebhook, now: datetime) -> bool:
        return self.calls(step, now)


class Rehearsal:
    """A World whose clock jumps from one happening to the next."""

    def __init__(self, start: datetime, happenings: Iterable[Happening], outside: Outside) -> None:
        self._now = start
        self._ahead = sorted(happenings)
        self._outside = outside
        self._move: Callable[[Move], Move | None] = lambda _: None
        self.program: Program | None = None
        """The version that the journey was moved to last; None: it runs the one it started with."""
        self.rests: list[JourneyState] = []
        self.delivered: list[tuple[datetime, Deliver]] = []

    def bind(self, journey: Journey) -> None:
        """Set the journey that moves are for."""
        self._move = journey.move

    def add(self, happening: Happening) -> None:
        """Something more will happen, not earlier than now."""
        self._ahead = sorted([*self._ahead, happening])

    def now(self) -> datetime:
        return self._now

    def rest(self, state: Callable[[], JourneyState]) -> None:
        self.rests.append(state())

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        def counts(signal: Signal) -> Woken | None:
            match signal:
                case Leave():
                    return signal
                case ContactEvent(event=event):
                    return signal if event in awaited() else None
                case Wake(step=at) | Skip(step=at):
                    return signal if at == step else None
                case _:
                    return None

        woken = self._next(lambda: until, counts, kept=(PlaceGiven, Broadcast))
        if isinstance(woken, ContactEvent):
            # Events of the same moment are one happening under several names.
            self._ahead = [
                ahead for ahead in self._ahead if ahead.at > self._now or not isinstance(ahead.signal, ContactEvent)
            ]
        return woken

    async def stand_in_line(
        self, until: Callable[[], datetime], after_claim: int
    ) -> PlaceGiven | Broadcast | Leave | None:
        def counts(signal: Signal) -> PlaceGiven | Broadcast | Leave | None:
            match signal:
                case PlaceGiven(claim_id=claim_id):
                    return signal if claim_id > after_claim else None
                case Leave() | Broadcast():
                    return signal
                case _:
                    return None

        # Of what came before this rest, a place counts before a broadcast, as it does in the workflow.
        for happening in self._ahead:
            if happening.at <= self._now and isinstance(happening.signal, PlaceGiven) and counts(happening.signal):
                self._pass(happening)
                return happening.signal
        return self._next(until, counts, kept=(PlaceGiven,))

    def _next(
        self,
        until: Callable[[], datetime | None],
        counts: Callable[[Signal], WokenT | None],
        kept: tuple[type[Signal], ...],
    ) -> WokenT | None:
        """The next happening that counts, and the clock at it; or the clock at `until`.

        Of those that do not count, the `kept` and a yes stay ahead; the others are dropped.
        """
        for happening in tuple(self._ahead):
            if (ends := until()) is not None and happening.at > max(ends, self._now):
                break
            if isinstance(happening.signal, Move):
                self._pass(happening)
                if (made := self._move(happening.signal)) is not None:
                    self.program = made.program
            elif (woken := counts(happening.signal)) is not None:
                self._pass(happening)
                return woken
            elif not isinstance(happening.signal, kept) and not _is_yes(happening.signal):
                self._ahead.remove(happening)
        if (ends := until()) is None:
            raise Unending
        self._now = max(self._now, ends)
        return None

    def _pass(self, happening: Happening) -> None:
        self._ahead.remove(happening)
        self._now = max(self._now, happening.at)

    async def deliver(self, request: Deliver) -> Outcome:
        self.delivered.append((self._now, request))
        return await self._outside.deliver(request, self._now)

    async def leave_waitlist(self, reason: Reason) -> int | None:
        return None

    async def decide(self, criteria_id: str) -> int | None:
        return self._outside.decide(criteria_id, self._now)

    async def find_moment(self, until: Until) -> datetime:
        return next_moment(until, self._now, self._outside.time_zone()).astimezone(UTC)

    async def change_contact(self, step: ContactChange, round_: int) -> None:
        self._outside.change_contact(step, self._now)

    async def call_webhook(self, step: CallWebhook, round_: int) -> bool:
        return self._outside.call_webhook(step, self._now)

    async def record_position(self, step: StepId, cause: Reason | None) -> None:
        pass

    async def moved(self, move: Move) -> None:
        self.program = move.program


def _is_yes(signal: Signal) -> bool:
    return isinstance(signal, ContactEvent) and signal.event == CONFIRMED


class Unending(Exception):
    """The journey rests until an operator does something, and none does."""


def rehearse(start: JourneyStart, world: Rehearsal) -> tuple[Ended | None, JourneyPath]:
    """Run a whole journey now. Returns how it ended, None if it rests for ever, and its path."""

    async def run() -> tuple[Ended | None, JourneyPath]:
        journey = Journey(start, world)
        world.bind(journey)
        try:
            return await journey.run(), journey.path
        except Unending:
            return None, journey.path

    return asyncio.run(run())
