"""The rehearsal world: a journey on a virtual clock, without I/O, as fast as the machine can think.

What happens and when is given beforehand; what deliver answers is given as a function.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from schemas.journey import Deliver, JourneyStart, JourneyState, Leave, PlaceGiven, Say
from schemas.outcome import Outcome
from schemas.path import JourneyPath
from schemas.reasons import Reason
from workflows.interpreter.journey import Ended, Journey


@dataclass(order=True, frozen=True, slots=True)
class Happening:
    """A signal that reaches the journey at a moment of the virtual clock."""

    at: datetime
    signal: PlaceGiven | Say | Leave = field(compare=False)


class Rehearsal:
    """A World whose clock jumps from one happening to the next."""

    def __init__(
        self, start: datetime, happenings: Iterable[Happening], answer: Callable[[Deliver, datetime], Outcome]
    ) -> None:
        self._now = start
        self._ahead = sorted(happenings)
        self._answer = answer
        self.rests: list[JourneyState] = []
        self.delivered: list[tuple[datetime, Deliver]] = []

    def now(self) -> datetime:
        return self._now

    def rest(self, state: JourneyState) -> None:
        self.rests.append(state)

    async def sleep(self, until: datetime) -> Leave | None:
        happening = self._next(until, lambda signal: isinstance(signal, Leave))
        return happening if isinstance(happening, Leave) else None

    async def stand_in_line(self, until: datetime, after_claim: int) -> PlaceGiven | Say | Leave | None:
        return self._next(until, lambda signal: not isinstance(signal, PlaceGiven) or signal.claim_id > after_claim)

    def _next(
        self, until: datetime, counts: Callable[[PlaceGiven | Say | Leave], bool]
    ) -> PlaceGiven | Say | Leave | None:
        """The next happening that counts, and the clock at it; or the clock at `until`."""
        for happening in self._ahead:
            if happening.at > max(until, self._now):
                break
            if counts(happening.signal):
                self._ahead.remove(happening)
                self._now = max(self._now, happening.at)
                return happening.signal
        self._now = max(self._now, until)
        return None

    async def deliver(self, request: Deliver) -> Outcome:
        self.delivered.append((self._now, request))
        return self._answer(request, self._now)

    async def step_out(self, reason: Reason) -> int | None:
        return None


def rehearse(start: JourneyStart, world: Rehearsal) -> tuple[Ended, JourneyPath]:
    """Live a whole journey now. Returns how it ended and its path."""

    async def live() -> tuple[Ended, JourneyPath]:
        journey = Journey(start, world)
        return await journey.live(), journey.path

    return asyncio.run(live())
