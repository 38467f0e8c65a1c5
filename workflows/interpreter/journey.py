"""The state machine of one journey, pure. It asks a World for everything outside.

There are two machines, one inside the other. The phases: entered → waiting → alerted → following up → done, or
expired, exited, discontinued; before them unconfirmed, on a list with double opt-in. Each phase but that raises an
event of the alert, and a product that is sold out before the message leads back to waiting. And the walk of the thread
that is entered on that event (walk.py). The position is a step id, so a journey can continue as new, or be moved to
another version, at any rest.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send
from schemas.ids import StepId
from schemas.journey.outcome import Outcome, Refused, Sent, Unknown
from schemas.journey.path import JourneyPath, Why
from schemas.journey.program import Terms
from schemas.journey.signals import Broadcast, Leave, Move, PlaceGiven
from schemas.journey.state import JourneyStart, JourneyState, Phase
from schemas.reasons import Ending, Reason
from workflows.interpreter.still_waiting import SaidInLine
from workflows.interpreter.walk import BROADCAST_STEP, BackInLine, Left, ThreadEnded, ThreadWalk
from workflows.interpreter.world import World

WAITING_LIST = "waiting-list"
UNTIL_REMINDER = "until-reminder"
"""The names of the rests in line and before a reminder, in a path; no step can have one of these ids."""
NO_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended, and why it ended early."""

    ending: Ending
    reason: Reason | None = None


class Journey:
    """One journey over one World."""

    def __init__(self, start: JourneyStart, world: World) -> None:
        self._start = start
        self._world = world
        state = start.state
        self._phase, self._claim_id = state.phase, state.claim_id
        self._reminders = state.reminders
        self._thread = ThreadWalk(start, world, lambda: self.state)
        self._said_in_line = SaidInLine(start, world, self._thread)
        self._ended: Ended | None = None

    async def run(self) -> Ended:
        """Run from wherever the state is to the end."""
        while self._ended is None:
            try:
                self._ended = await self._run_phase()
            except Left as left:
                self._ended = self._leave(left.reason)
        return self._ended

    def _leave(self, reason: Reason) -> Ended | None:
        """How it ends on leaving; None when a farewell message comes first."""
        if reason is Reason.GOAL_REACHED:
            return Ended(Ending.COMPLETED, reason)
        entering = self._phase is Phase.ENTERED
        if reason is Reason.DISCONTINUED and entering and self._start.alert_id is not None:
            self._thread.abandon()
            self._phase = Phase.DISCONTINUED
            return None
        return Ended(Ending.EXITED, reason)

    async def _run_phase(self) -> Ended | None:
        """Run one phase to its end. Each sets the next one."""
        match self._phase:
            case Phase.UNCONFIRMED:
                await self._thread.ask_first()
                self._phase = Phase.ENTERED
                return None
            case Phase.ENTERED if self._start.alert_id is None:
                await self._thread.enter(self._start.entered_on or "")
                return self._completed()
            case Phase.ENTERED:
                await self._thread.answer(AlertEvent.SUBSCRIPTION)
                self._phase = Phase.WAITING
                return None
            case Phase.WAITING:
                return await self._stand_in_line()
            case Phase.ALERTED:
                return await self._alert()
            case Phase.FOLLOWING_UP:
                return await self._follow_up()
            case Phase.DISCONTINUED:
                await self._thread.answer(AlertEvent.DISCONTINUED)
                return Ended(Ending.DISCONTINUED, Reason.DISCONTINUED)
            case _:
                assert_never(self._phase)

    async def _stand_in_line(self) -> Ended | None:
        """Wait for a place; None once the next phase is set."""
        if (unsent := self._thread.under_broadcast) is not None:
            await self._broadcast(unsent)
        window_ends_at = self._start.window_ends_at
        assert window_ends_at is not None, "only a journey for an alert stands in line"
        recorder = self._thread.recorder
        recorder.enter(WAITING_LIST, "waiting")
        await self._thread.arrive(WAITING_LIST)
        said = self._said_in_line
        said.begin(self._terms)
        self._world.rest(lambda: self.state)
        woken = await self._world.stand_in_line(self._in_line_until, self._claim_id or 0)
        self._thread.resting_at = None
        match woken:
            case PlaceGiven(claim_id=claim_id):
                return self._take_place(claim_id)
            case Broadcast(message=message):
                recorder.leave(Why.BROADCAST)
                await self._broadcast(message)
                return None
            case Leave(reason=Reason.DISCONTINUED):
                recorder.leave(Why.DISCONTINUED)
                self._phase = Phase.DISCONTINUED
                return None
            case Leave(reason=reason):
                recorder.leave(Why.LEFT)
                raise Left(reason)
            case None if self._in_line_until() < window_ends_at:
                await said.say(self._terms, window_ends_at)
                return None
            case None:
                claim_id = await self._world.leave_waitlist(Reason.WINDOW_ENDED)
                if claim_id is not None:
                    return self._take_place(claim_id)
                recorder.leave(Why.WINDOW_ENDED)
                return Ended(Ending.EXPIRED, Reason.WINDOW_ENDED)

    def _in_line_until(self) -> datetime:
        """When its rest in line ends: with the window, or before that where something is to be said meanwhile."""
        window_ends_at = self._start.window_ends_at
        assert window_ends_at is not None, "only a journey for an alert stands in line"
        next_at = self._said_in_line.next_at(self._terms)
        return window_ends_at if next_at is None else min(window_ends_at, next_at)

    async def _broadcast(self, message: str) -> None:
        await self._thread.broadcast(Send(id=StepId(f"{BROADCAST_STEP}{message}"), message=message))

    def _take_place(self, claim_id: int) -> None:
        self._thread.recorder.leave(Why.PLACE_GIVEN)
        self._claim_id = claim_id
        self._phase = Phase.ALERTED

    async def _alert(self) -> Ended | None:
        """Walk the alert's thread; if the product is sold out before its first message, go back to waiting."""
        try:
            await self._thread.answer(AlertEvent.ALERT, last=self._reminders >= self._terms.reminders)
        except BackInLine:
            self._phase = Phase.WAITING
            return None
        if not self._was_told:
            return self._completed()
        self._phase = Phase.FOLLOWING_UP
        return None

    @property
    def _was_told(self) -> bool:
        told = any(isinstance(outcome, Sent | Unknown) for outcome in self._since_in_line())
        # Only a loop within one thread is long enough to be left out.
        return told or self._thread.recorder.left_out.told

    def _completed(self) -> Ended:
        """The end after the last thread; with a reason if no message was sent."""
        if self._was_told:
            return Ended(Ending.COMPLETED)
        refusals = [outcome.reason for outcome in self._since_in_line() if isinstance(outcome, Refused)]
        return Ended(Ending.COMPLETED, refusals[-1] if refusals else Reason.NO_MESSAGE)

    def _since_in_line(self) -> list[Outcome]:
        """The outcomes of the messages since the journey last stood in line."""
        outcomes: list[Outcome] = []
        for entry in reversed(self._thread.path):
            if entry.step == WAITING_LIST:
                break
            if entry.outcome is not None:
                outcomes.insert(0, entry.outcome)
        return outcomes

    async def _follow_up(self) -> Ended | None:
        """Rest until a reminder is due and walk its thread; ended when there are no more."""
        terms = self._terms
        if self._reminders >= terms.reminders:
            return Ended(Ending.COMPLETED)
        if not self._thread.in_flight:
            try:
                await self._thread.rest(UNTIL_REMINDER, terms.reminder_after)
            except ThreadEnded:
                return Ended(Ending.COMPLETED)
        await self._thread.answer(AlertEvent.FOLLOW_UP, last=self._reminders + 1 >= terms.reminders)
        self._reminders += 1
        return None

    @property
    def _terms(self) -> Terms:
        return self._thread.program.terms.get(self._start.alert_id or "", NO_TERMS)

    def move(self, move: Move) -> Move | None:
        """Move to another version: now, if it has the step the journey rests at; otherwise at the first later rest
        whose step it has.


        Returns:
            The move, if it was made just now: then the caller records it with `World.moved`.
        """
        return self._thread.move(move)

    @property
    def path(self) -> JourneyPath:
        """The path so far."""
        ended = self._ended
        return JourneyPath(
            journey_id=self._start.journey_id,
            version=self._thread.program.version,
            entries=self._thread.path,
            left_out=self._thread.recorder.left_out,
            ending=ended.ending if ended else None,
            reason=ended.reason if ended else None,
        )

    @property
    def state(self) -> JourneyState:
        """Everything that a new run needs to go on from here."""
        return JourneyState(
            phase=self._phase,
            at=self._thread.at,
            rest_until=self._thread.rest_until,
            claim_id=self._claim_id,
            round=self._thread.round,
            reminders=self._reminders,
            said_until=self._said_in_line.until,
            say_again_at=self._said_in_line.again_at,
            moving=self._thread.moving,
            path=self._thread.path,
            left_out=self._thread.recorder.left_out,
        )
