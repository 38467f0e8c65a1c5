"""The walk: one thread's steps, from wherever it stands.

The loop is short on purpose: it matches on the step's kind and asks the World for everything outside.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

from schemas.alerts import AlertEvent
from schemas.ids import StepId
from schemas.journey import ContactEvent, Deliver, JourneyStart, JourneyState, Leave, Move, Skip
from schemas.outcome import Deferred, Held, Outcome, Refused, Sent, Stopped, Then, Unknown
from schemas.path import PathEntry, Why
from schemas.program import (
    AddTag,
    AddToList,
    CallWebhook,
    Decide,
    Exit,
    GoTo,
    Program,
    Send,
    SetAttribute,
    Split,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
    entry_question,
)
from schemas.reasons import Reason
from workflows.interpreter.trail import Trail
from workflows.interpreter.world import Awaited, Woken, World, awaits_nothing

PROVIDER_PATIENCE = timedelta(hours=24)
"""How long an unreachable provider is waited for: a day's outage is survived, a week-old alert is no longer news."""

StepT = TypeVar("StepT", Send, Wait, WaitUntil, WaitFor, CallWebhook)

BROADCAST = "broadcast/"
"""Before the message's name: the step under which a broadcast appears in a path."""


class Left(Exception):
    """The journey is over early: it was asked to leave, or may not be written to."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class BackInLine(Exception):
    """The claim was given back; the journey stands in line again, at its old place."""


class ThreadEnded(Exception):
    """Somebody let the journey pass over the rest of the thread."""


class Thread:
    """Where the walk stands, and the path behind it.

    Args:
        state: the whole journey's state now; what a rest may continue as new with.
    """

    def __init__(self, start: JourneyStart, world: World, state: Callable[[], JourneyState]) -> None:
        self._start = start
        self._world = world
        self._state = state
        self._event: AlertEvent | None = None
        self.program: Program = start.program
        self.at = start.state.at
        self.rest_until = start.state.rest_until
        self.round = start.state.round
        self.moving: Move | None = start.state.moving
        self.resting_at: str | None = None
        self.trail = Trail(start.state.path, start.state.left_out, world.now)

    @property
    def path(self) -> tuple[PathEntry, ...]:
        return self.trail.path

    @property
    def under_way(self) -> bool:
        """Whether a thread was begun and has not ended."""
        return self.at is not None

    @property
    def under_broadcast(self) -> str | None:
        """The message that is being broadcast to those in line, if the journey rests in the middle of that."""
        resting = self.trail.open_entry
        return resting.message if resting is not None and resting.step.startswith(BROADCAST) else None

    async def answer(self, event: AlertEvent) -> None:
        """Walk the thread that answers an alert's event, or go on with the one under way. Nothing, if none answers.

        Raises:
            Left, BackInLine: as they say.
        """
        await self.enter(f"{self._start.alert_id}.{event}", event)

    async def enter(self, name: str, event: AlertEvent | None = None) -> None:
        """Walk the first thread on the event of this name whose criteria hold, or go on with the one under way.

        Raises:
            Left, BackInLine: as they say.
        """
        self._event = event
        if self.at is None:
            self.at = await self._door(name)
            self.round += 1
        try:
            while self.at is not None:
                self.at = await self._take(self.program.steps[self.at])
        except ThreadEnded:
            self.at = None

    async def _door(self, name: str) -> StepId | None:
        doors = self.program.doors(name)
        if not any(door.asks for door in doors):
            return doors[0].first if doors else None
        chosen = await self._world.decide(entry_question(name))
        return None if chosen is None else doors[chosen].first

    async def _take(self, step: Step) -> StepId | None:
        """Do what the step says; the step after it, None at the thread's end."""
        match step:
            case Send():
                await self._send(step)
                return self._here(step).next
            case Wait():
                await self.rest(step.id, step.length)
                return self._here(step).next
            case WaitUntil():
                self.trail.enter(step.id, step.kind)
                until = self.rest_until or await self._world.find_moment(step.until)
                await self._rest_out(step.id, until)
                return self._here(step).next
            case WaitFor():
                return await self._wait_for(step)
            case Decide():
                return await self._decide(step)
            case Split():
                arm = step.arms[choose_arm(self._start.contact_id, self.program.conversation, step)]
                self.trail.pass_through(step.id, step.kind, Why.DECIDED, arm.name)
                return arm.next
            case SetAttribute() | AddTag() | AddToList():
                self.trail.enter(step.id, step.kind)
                await self._world.change_contact(step, self.round)
                self.trail.leave(Why.DONE)
                return step.next
            case CallWebhook():
                await self._call_webhook(step)
                return self._here(step).next
            case GoTo():
                self.trail.pass_through(step.id, step.kind, Why.DONE)
                return step.next
            case Exit():
                self.trail.pass_through(step.id, step.kind, Why.EXIT)
                return None
            case _:
                assert_never(step)

    def _here(self, step: StepT) -> StepT:
        """The same step in the version lived by now: a move during its rest changes what comes after it."""
        here = self.program.steps.get(step.id)
        return here if isinstance(here, type(step)) else step

    async def _wait_for(self, step: WaitFor) -> StepId | None:
        self.trail.enter(step.id, step.kind)
        until = self.rest_until or self._world.now() + step.window
        woken = await self._rest_at(step.id, until, lambda: frozenset(self._here(step).events))
        here = self._here(step)
        match woken:
            case ContactEvent(event=event):
                self.trail.leave(Why.HAPPENED, event=event)
                return here.happened
            case Skip():
                self.trail.leave(Why.SKIPPED)
            case _:
                self.trail.leave(Why.TIME_PASSED)
        return here.did_not

    async def _decide(self, step: Decide) -> StepId | None:
        self.trail.enter(step.id, step.kind)
        chosen = await self._world.decide(step.id)
        if chosen is None:
            self.trail.leave(Why.DECIDED)
            return step.otherwise
        branch = step.branches[chosen]
        self.trail.leave(Why.DECIDED, branch=branch.name)
        return branch.next

    async def _call_webhook(self, step: CallWebhook) -> None:
        self.trail.enter(step.id, step.kind)
        while not await self._world.call_webhook(step, self.round):
            if not step.required:
                self.trail.leave(Why.FAILED)
                return
            self.trail.note(Stopped(reason=Reason.WEBHOOK_FAILED))
            if await self._held_up(step, None, Reason.WEBHOOK_FAILED):
                return
        self.trail.leave(Why.DONE)

    async def _send(self, step: Send) -> None:
        match await self._deliver(step, self._event, self.round):
            case Refused(then=Then.BACK_IN_LINE) if self._event is AlertEvent.ALERT:
                self.at = None
                raise BackInLine
            case Refused(then=Then.END_THREAD):
                raise ThreadEnded
            case Refused(then=Then.LEAVE, reason=reason):
                raise Left(reason)
            case _:
                return

    async def broadcast(self, step: Send) -> None:
        """Send one message to someone who stands in line, once, however often it is asked.

        Raises:
            Left: they may not be written to.
        """
        try:
            outcome = await self._deliver(step, None, 0)
        except ThreadEnded:
            return
        if isinstance(outcome, Refused) and outcome.then is Then.LEAVE:
            raise Left(outcome.reason)

    async def _deliver(self, step: Send, event: AlertEvent | None, round_: int) -> Outcome | None:
        """Deliver one message, resting for as long as its check defers it, or it waits for somebody.

        Returns:
            What became of it; None when somebody let the journey pass over it.
        """
        self.trail.enter(step.id, "send", step.message)
        if self.rest_until is not None and await self._held_up(step, self.rest_until, None):
            return None
        while True:
            outcome = await self._world.deliver(
                Deliver(
                    journey_id=self._start.journey_id,
                    event=event,
                    version=self.program.version,
                    step=step,
                    round=round_,
                    give_up_at=self._world.now() + PROVIDER_PATIENCE,
                )
            )
            match outcome:
                case Deferred(until=until, reason=cause):
                    pass
                case Held():
                    until, cause = None, Reason.AWAITING_APPROVAL
                case Stopped(reason=cause):
                    until = None
                case Sent() | Refused() | Unknown():
                    self.trail.leave(Why.ANSWERED, outcome)
                    return outcome
                case _:
                    assert_never(outcome)
            self.trail.note(outcome)
            if await self._held_up(step, until, cause):
                return None
            step = self._here(step)

    async def _held_up(self, step: Send | CallWebhook, until: datetime | None, cause: Reason | None) -> bool:
        """Rest until it may be tried again; whether somebody let the journey pass over it."""
        if not isinstance(await self._rest_at(step.id, until, cause=cause), Skip):
            return False
        self.trail.leave(Why.SKIPPED)
        return True

    async def rest(self, step: str, length: timedelta) -> None:
        """Rest for `length` from entering; a rest that was begun before continuing as new is not begun again.

        Raises:
            Left: asked to leave meanwhile.
            ThreadEnded: somebody let the journey pass over all that follows.
        """
        self.trail.enter(step, "wait")
        await self._rest_out(step, self.rest_until or self._world.now() + length)

    async def _rest_out(self, step: str, until: datetime) -> None:
        skipped = isinstance(await self._rest_at(step, until), Skip)
        self.trail.leave(Why.SKIPPED if skipped else Why.TIME_PASSED)

    async def _rest_at(
        self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing, *, cause: Reason | None = None
    ) -> Woken | None:
        """Rest at a step; what woke the journey before its time.

        Raises:
            Left: asked to leave meanwhile.
            ThreadEnded: somebody let it pass over the rest of the thread.
        """
        self.rest_until = until
        await self.arrive(step)
        await self._world.stand(StepId(step), cause)
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

    def abandon(self) -> None:
        """Leave the thread under way; nothing more of it is said."""
        self.at = None
        self.rest_until = None

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


def choose_arm(contact_id: str, conversation: str, step: Split) -> int:
    """The arm a contact goes, counted from 0: by chance, but the same for this contact in every version."""
    total = sum(arm.share for arm in step.arms)
    digest = hashlib.sha256(f"{conversation}/{step.id}/{contact_id}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") % total
    for index, arm in enumerate(step.arms):
        point -= arm.share
        if point < 0:
            return index
    raise AssertionError("the point lies below the total of the shares")
