"""Rests: until a moment, or until something wakes the journey; and the move to another version at a rest."""

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
from workflows.interpreter.path_recorder import PathRecorder
from workflows.interpreter.world import Awaited, Woken, World, awaits_nothing

StepT = TypeVar("StepT", bound=CompiledStep)


class Left(Exception):
    """The journey ends early: it was asked to leave, or the contact may not be written to."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class ThreadEnded(Exception):
    """An operator ended the thread: the journey goes on behind it."""


class RestingThread:
    """The position of a journey, the version it runs, and its path.

    Args:
        state: gives the whole journey's state now, which a rest may continue as new with.
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
        self.moved_at: datetime | None = None
        self.resting_at: str | None = None
        self.recorder = PathRecorder(start.state.path, start.state.left_out, world.now)

    @property
    def path(self) -> tuple[PathEntry, ...]:
        return self.recorder.path

    async def rest(self, step: str, length: timedelta) -> None:
        """Rest for `length` from entering; a rest that began before continue-as-new goes on.

        Raises:
            Left: asked to leave meanwhile.
            ThreadEnded: an operator ended the thread: the journey goes on behind it.
        """
        self.recorder.enter(step, "wait")
        await self.rest_out(step, self.rest_until or self._world.now() + length)

    async def rest_out(self, step: str, until: datetime) -> None:
        """Rest until this moment.

        Raises:
            Left, ThreadEnded: as `rest` says.
        """
        skipped = isinstance(await self.rest_at(step, until), Skip)
        self.recorder.leave(Why.SKIPPED if skipped else Why.TIME_PASSED)

    async def rest_at(
        self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing, *, cause: Reason | None = None
    ) -> Woken | None:
        """Rest at a step. Returns what woke the journey before `until`, if anything did.

        Raises:
            Left: asked to leave meanwhile.
            ThreadEnded: an operator ended the thread: the journey goes on behind it.
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
                self.recorder.leave(Why.LEFT)
                raise Left(reason)
            case Skip(to_end=True):
                self.recorder.leave(Why.SKIPPED)
                raise ThreadEnded
            case _:
                return woken

    async def arrive(self, step: str) -> None:
        """The journey comes to rest; a move that is pending is made here if the other version has the same step."""
        self.resting_at = step
        if self.moving is not None and (move := self.move(self.moving)) is not None:
            await self._world.moved(move)

    def move(self, move: Move) -> Move | None:
        """Move to another version: now, if it has the step the journey rests at; otherwise at the first later rest
        whose step it has.


        Returns:
            The move, if it was made just now: then the caller records it with `World.moved`.
        """
        self.moving = move
        place = self.resting_at
        if place is None or not self.program.shares_rest(move.program, place, self._start.alert_id):
            return None
        self.moving = None
        if move.program.version != self.program.version:
            self.recorder.note_move(move.program.version)
            self.moved_at = self._world.now()
        self.program = move.program
        return move

    def here(self, step: StepT) -> StepT:
        """The same step in the version that is run now: a move during its rest changes what follows it."""
        here = self.program.steps.get(step.id)
        return here if isinstance(here, type(step)) else step
