"""The machine: one journey's whole life, pure. It asks a World for everything outside.

Two machines side by side. The alert's own life: waiting → alerted → done, or expired, or exited; sold out again
before the message leads back to waiting. And the walk of the thread that the alert's event entered. Position is a
step id, so a journey can continue as new, or be moved to another version, at any rest.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from schemas.ids import StepId
from schemas.journey import Deliver, JourneyStart, JourneyState, Leave, Phase, PlaceGiven
from schemas.outcome import Deferred, Outcome, Refused, Sent, Then, Unknown
from schemas.path import JourneyPath, PathEntry, PathKind, Why
from schemas.program import Exit, Send, Wait
from schemas.reasons import Ending, Reason
from workflows.interpreter.world import World

WAITING_LIST = "waiting-list"
"""The name under which standing in line appears in a path; no step id can be it (see the compiler)."""
ANY_CLAIM = 0
"""Claims are numbered from one."""
PROVIDER_PATIENCE = timedelta(hours=24)
"""How long an unreachable provider is waited for: a day's outage is survived, a week-old alert is no longer news."""


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
        self._phase, self._at, self._rest_until = state.phase, state.at, state.rest_until
        self._claim_id, self._round = state.claim_id, state.round
        self._path = list(state.path)
        self._ended: Ended | None = None

    async def live(self) -> Ended:
        """Live from wherever the state stands to the end."""
        while self._ended is None:
            match self._phase:
                case Phase.WAITING:
                    self._ended = await self._stand_in_line()
                case Phase.ALERTED:
                    self._ended = await self._walk()
                case _:
                    assert_never(self._phase)
        return self._ended

    def _completed(self) -> Ended:
        """The end of a thread; if nobody was told on the way, with the reason (promise P7)."""
        outcomes = [entry.outcome for entry in self._path]
        if any(isinstance(outcome, Sent | Unknown) for outcome in outcomes):
            return Ended(Ending.COMPLETED)
        refusals = [outcome.reason for outcome in outcomes if isinstance(outcome, Refused)]
        return Ended(Ending.COMPLETED, refusals[-1] if refusals else Reason.NO_MESSAGE)

    @property
    def path(self) -> JourneyPath:
        """The path so far."""
        ended = self._ended
        return JourneyPath(
            journey_id=self._start.journey_id,
            version=self._start.program.version,
            entries=tuple(self._path),
            ending=ended.ending if ended else None,
            reason=ended.reason if ended else None,
        )

    @property
    def state(self) -> JourneyState:
        """All that another run needs to go on from here."""
        return JourneyState(
            phase=self._phase,
            at=self._at,
            rest_until=self._rest_until,
            claim_id=self._claim_id,
            round=self._round,
            path=tuple(self._path),
        )

    async def _stand_in_line(self) -> Ended | None:
        """Wait for a place; None once one was given."""
        self._enter(WAITING_LIST, "waiting")
        self._world.rest(self.state)
        match await self._world.wait(self._start.window_ends_at, self._claim_id or ANY_CLAIM):
            case PlaceGiven(claim_id=claim_id):
                return self._called_forward(claim_id)
            case Leave(reason=reason):
                return self._left_early(reason)
            case None:
                claim_id = await self._world.step_out(Reason.WINDOW_ENDED)
                if claim_id is not None:
                    return self._called_forward(claim_id)
                self._leave(Why.WINDOW_ENDED)
                return Ended(Ending.EXPIRED, Reason.WINDOW_ENDED)

    def _called_forward(self, claim_id: int) -> None:
        self._leave(Why.PLACE_GIVEN)
        self._claim_id = claim_id
        self._round += 1
        self._phase = Phase.ALERTED
        self._at = self._thread_for("alert")

    def _thread_for(self, event: str) -> StepId | None:
        """The first step of the first thread that this event enters."""
        name = f"{self._start.alert_id}.{event}"
        return next((entry.first for entry in self._start.program.entries if entry.event == name), None)

    async def _walk(self) -> Ended | None:
        """Walk the thread to its end; None when it led back to the waiting list."""
        while self._at is not None:
            step = self._start.program.steps[self._at]
            self._enter(step.id, step.kind, step.message if isinstance(step, Send) else None)
            match step:
                case Send():
                    match await self._deliver(step):
                        case Refused(then=Then.BACK_IN_LINE):
                            self._phase, self._at = Phase.WAITING, None
                            return None
                        case Refused(then=Then.LEAVE, reason=reason):
                            return Ended(Ending.EXITED, reason)
                        case Leave(reason=reason):
                            return self._left_early(reason)
                        case Sent() | Unknown() | Refused():
                            self._at = step.next
                case Wait():
                    if leave := await self._rest_for(step.length):
                        return self._left_early(leave.reason)
                    self._leave(Why.TIME_PASSED)
                    self._at = step.next
                case Exit():
                    self._leave(Why.EXIT)
                    self._at = None
                case _:
                    assert_never(step)
        return self._completed()

    async def _deliver(self, step: Send) -> Sent | Refused | Unknown | Leave:
        """Deliver one message, resting for as long as its check defers it."""
        while True:
            if self._rest_until is not None and (leave := await self._rest_for(timedelta(0))):
                return leave
            give_up_at = self._world.now() + PROVIDER_PATIENCE
            outcome = await self._world.deliver(
                Deliver(journey_id=self._start.journey_id, step=step, round=self._round, give_up_at=give_up_at)
            )
            if not isinstance(outcome, Deferred):
                self._leave(Why.ANSWERED, outcome)
                return outcome
            self._amend(outcome=outcome)
            self._rest_until = outcome.until

    async def _rest_for(self, length: timedelta) -> Leave | None:
        """Sleep; the end of the sleep is kept, so that continuing as new does not begin it again."""
        if self._rest_until is None:
            self._rest_until = self._world.now() + length
        self._world.rest(self.state)
        woken = await self._world.wait(self._rest_until, None)
        self._rest_until = None
        return woken if isinstance(woken, Leave) else None

    def _left_early(self, reason: Reason) -> Ended:
        if self._path[-1].left_at is None:
            self._leave(Why.LEFT)
        return Ended(Ending.EXITED, reason)

    def _enter(self, step: str, kind: PathKind, message: str | None = None) -> None:
        """Open an entry of the path, unless this run found it open: then the journey rests here already."""
        if self._path and self._path[-1].left_at is None:
            return
        self._path.append(PathEntry(step=step, kind=kind, entered_at=self._world.now(), message=message))

    def _leave(self, why: Why, outcome: Outcome | None = None) -> None:
        self._amend(left_at=self._world.now(), why=why)
        if outcome is not None:
            self._amend(outcome=outcome)

    def _amend(self, **changes: object) -> None:
        self._path[-1] = self._path[-1].model_copy(update=changes)
