"""Resting: until a moment, or until something wakes the journey; and living by another version from there on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from schemas.document.steps import CompiledStep
from schemas.ids import StepId
from schemas.journey.path import PathEntry, Why
from schemas.journey.program import Program
from schemas.journey.signals import Leave, Move, Skip
from schemas.journey.state import JourneyStart, JourneyState
from schemas.reasons import Reason
from workflows.interpreter.path_recorder import Trail
from workflows.interpreter.world import Awaited, Woken, World, awaits_nothing

StepT = TypeVar("StepT", bound=CompiledStep)


class Left(Exception):
    """The journey is over early: it was asked to leave, or may not be written to."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class ThreadEnded(Exception):
    """Somebody let the journey pass over the rest of the thread."""


class Rests:
    """Where a journey stands and rests, by which version, and the path behind it.

    Args:
        state: the whole journey's state now; what a rest may continue as new with.
    """

    def __init__(self, start: JourneyStart, world: World, state: Callable[[], JourneyState]) -> None:
        self._start = start
        self._world = world
        self._state = state
        self.program: Program = start.program
        self.at = start.state.at
        self.rest_until = start.state.rest_until
        self.round: int = start.state.round
        self.moving: Move | None = start.state.moving
        self.resting_at: str | None = None
        self.trail = Trail(start.state.path, start.state.left_out, world.now)

    @property
    def path(self) -> tuple[PathEntry, ...]:
        return self.trail.path

    async def rest(self, step: str, length: timedelta) -> None:
        """Rest for `length` from entering; a rest that was begun before continuing as new is not begun again.

        Raises:
            Left: asked to leave meanwhile.
            ThreadEnded: somebody let the journey pass over all that follows.
        """
        self.trail.enter(step, "wait")
        await self.rest_out(step, self.rest_until or self._world.now() + length)

    async def rest_out(self, step: str, until: datetime) -> None:
        """Rest until this moment.

        Raises:
            Left, ThreadEnded: as `rest` says.
        """
        skipped = isinstance(await self.rest_at(step, until), Skip)
        self.trail.leave(Why.SKIPPED if skipped else Why.TIME_PASSED)

    async def rest_at(
        self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing, *, cause: Reason | None = None
    ) -> Woken | None:
        """Rest at a step; what woke the journey before its time.

        Raises:
            Left: asked to leave meanwhile.
            ThreadEnded: somebody let it pass over the rest of the thread.
        """
        self.rest_until = until
        await self.arrive(step)
        await self._world.record_position(StepId(step), cause)
        self._world.rest(self._state)
        woken = await self._world.sleep(step, until, awaited)
        self.rest_until = None
        self.resting_at = None
        match woken:
            case Leave(reason=reason):
                self.trail.leave(Why.LEFT)
                raise Left(reason)
            case Skip(to_end=True):
                self.trail.leave(Why.SKIPPED)
                raise ThreadEnded
            case _:
                return woken

    async def arrive(self, step: str) -> None:
        """The journey comes to rest: the place where it moves to another version that has the same step."""
        self.resting_at = step
        if self.moving is not None and (move := self.move(self.moving)) is not None:
            await self._world.moved(move)

    def move(self, move: Move) -> Move | None:
        """Live by another version, if the journey rests where that has the same step; or else at the next such rest.

        Returns:
            The move, if it was made just now: then the World is to be told.
        """
        self.moving = move
        place = self.resting_at
        if place is None or not self.program.shares_rest(move.program, place, self._start.alert_id):
            return None
        self.moving = None
        if move.program.version != self.program.version:
            self.trail.note_move(move.program.version)
        self.program = move.program
        return move

    def here(self, step: StepT) -> StepT:
        """The same step in the version lived by now: a move during its rest changes what comes after it."""
        here = self.program.steps.get(step.id)
        return here if isinstance(here, type(step)) else step
