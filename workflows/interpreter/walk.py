"""The walk: one thread's steps, from wherever it stands, and the path that is written on the way.

The loop is short on purpose: it matches on the step's kind and asks the World for everything outside.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never

from schemas.alerts import AlertEvent
from schemas.journey import Deliver, JourneyStart, JourneyState
from schemas.outcome import Deferred, Outcome, Refused, Sent, Then, Unknown
from schemas.path import PathEntry, PathKind, Why
from schemas.program import Exit, Send, Wait
from schemas.reasons import Reason
from workflows.interpreter.world import World

PROVIDER_PATIENCE = timedelta(hours=24)
"""How long an unreachable provider is waited for: a day's outage is survived, a week-old alert is no longer news."""

ONCE = "once/"
"""Before the message's name: the step under which a message said once appears in a path."""


class Left(Exception):
    """The journey is over early: it was asked to leave, or may not be written to."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class BackInLine(Exception):
    """The claim was given back; the journey stands in line again, at its old place."""


class Thread:
    """Where the walk stands, and the path behind it.

    Args:
        state: the whole journey's state now; what a rest may continue as new with.
    """

    def __init__(self, start: JourneyStart, world: World, state: Callable[[], JourneyState]) -> None:
        self._start = start
        self._world = world
        self._state = state
        self.at = start.state.at
        self.rest_until = start.state.rest_until
        self.round = start.state.round
        self._path = list(start.state.path)

    @property
    def path(self) -> tuple[PathEntry, ...]:
        return tuple(self._path)

    @property
    def under_way(self) -> bool:
        """Whether a thread was begun and has not ended."""
        return self.at is not None

    @property
    def being_said(self) -> str | None:
        """The message that is being said to someone who stands in line, if the journey rests in the middle of that."""
        last = self._path[-1] if self._path else None
        resting = last is not None and last.left_at is None and last.step.startswith(ONCE)
        return last.message if last is not None and resting else None

    async def answer(self, event: AlertEvent) -> None:
        """Walk the thread that answers this event, or go on with the one under way. Nothing, if none answers it.

        Raises:
            Left, BackInLine: as they say.
        """
        if self.at is None:
            name = f"{self._start.alert_id}.{event}"
            self.at = next((entry.first for entry in self._start.program.entries if entry.event == name), None)
            self.round += 1
        while self.at is not None:
            step = self._start.program.steps[self.at]
            match step:
                case Send():
                    await self._send(step, event)
                    self.at = step.next
                case Wait():
                    await self.rest(step.id, step.length)
                    self.at = step.next
                case Exit():
                    self.enter(step.id, "exit")
                    self.leave(Why.EXIT)
                    self.at = None
                case _:
                    assert_never(step)

    async def _send(self, step: Send, event: AlertEvent) -> None:
        match await self._deliver(step, event, self.round):
            case Refused(then=Then.BACK_IN_LINE) if event is AlertEvent.ALERT:
                self.at = None
                raise BackInLine
            case Refused(then=Then.LEAVE, reason=reason):
                raise Left(reason)
            case Sent() | Unknown() | Refused():
                return

    async def say(self, step: Send) -> None:
        """Say one message to someone who stands in line; the same message is said once, however often it is asked.

        Raises:
            Left: they may not be written to.
        """
        outcome = await self._deliver(step, None, 0)
        if isinstance(outcome, Refused) and outcome.then is Then.LEAVE:
            raise Left(outcome.reason)

    async def _deliver(self, step: Send, event: AlertEvent | None, round_: int) -> Sent | Refused | Unknown:
        """Deliver one message, resting for as long as its check defers it."""
        self.enter(step.id, "send", step.message)
        while True:
            if self.rest_until is not None:
                await self._sleep(self.rest_until)
            outcome = await self._world.deliver(
                Deliver(
                    journey_id=self._start.journey_id,
                    event=event,
                    version=self._start.program.version,
                    step=step,
                    round=round_,
                    give_up_at=self._world.now() + PROVIDER_PATIENCE,
                )
            )
            if not isinstance(outcome, Deferred):
                self.leave(Why.ANSWERED, outcome)
                return outcome
            self._amend(outcome=outcome)
            self.rest_until = outcome.until

    async def rest(self, step: str, length: timedelta) -> None:
        """Rest for `length` from entering; a rest that was begun before continuing as new is not begun again.

        Raises:
            Left: asked to leave meanwhile.
        """
        self.enter(step, "wait")
        await self._sleep(self.rest_until or self._world.now() + length)
        self.leave(Why.TIME_PASSED)

    async def _sleep(self, until: datetime) -> None:
        self.rest_until = until
        self._world.rest(self._state())
        leave = await self._world.sleep(until)
        self.rest_until = None
        if leave is not None:
            self.leave(Why.LEFT)
            raise Left(leave.reason)

    def enter(self, step: str, kind: PathKind, message: str | None = None) -> None:
        """Open an entry of the path, unless it was found open: then the journey rests here already."""
        if self._path and self._path[-1].left_at is None:
            return
        self._path.append(PathEntry(step=step, kind=kind, entered_at=self._world.now(), message=message))

    def leave(self, why: Why, outcome: Outcome | None = None) -> None:
        """Close the open entry."""
        self._amend(left_at=self._world.now(), why=why)
        if outcome is not None:
            self._amend(outcome=outcome)

    def _amend(self, **changes: object) -> None:
        self._path[-1] = self._path[-1].model_copy(update=changes)
