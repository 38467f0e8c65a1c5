"""TemporalWorld: Temporal's clock, timers, signals and activities, as the World of one journey.

Passes through the sandbox, as the machine does: loaded anew for every journey, it would cost more than living it.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NoReturn

from temporalio import workflow

from schemas.document.steps import CallWebhook, ContactChange
from schemas.ids import StepId
from schemas.journey import (
    CallOut,
    ChangeContact,
    Decide,
    Deliver,
    FindMoment,
    Hear,
    JourneyStart,
    JourneyState,
    Leave,
    Move,
    Moved,
    Phase,
    PlaceGiven,
    Say,
    Skip,
    Stand,
    StepOut,
    Wake,
)
from schemas.moments import Until
from schemas.outcome import Outcome
from schemas.reasons import Reason
from workflows import policies
from workflows.interpreter.world import Hears, Woken, hears_nothing

MOST_HEARD = 100
"""Deeds that a new history begins with, the newest of those that were heard: its input must not grow without end."""


class TemporalWorld:
    """The production World: Temporal's clock, timers, signals and activities."""

    def __init__(self, start: JourneyStart) -> None:
        self._start = start
        self._program = start.program
        self.places: deque[PlaceGiven] = deque()
        self.says: deque[Say] = deque()
        self.pushes: deque[Wake | Skip] = deque()
        self.leaving: Leave | None = Leave(reason=start.state.leaving) if start.state.leaving else None
        self._heard = [*start.state.heard]
        self._heard_before = {heard.event_id for heard in self._heard}
        self._heard_until = start.state.heard_until
        self._state: Callable[[], JourneyState] = lambda: start.state

    def hear(self, hear: Hear) -> None:
        """Heard once, however often it is told, and in the order in which it was done: signals overtake each other."""
        known = hear.event_id in self._heard_before
        old = hear.at is not None and self._heard_until is not None and hear.at <= self._heard_until
        if not known and not old:
            self._heard_before.add(hear.event_id)
            self._heard.append(hear)
            self._heard.sort(key=lambda heard: (heard.at is not None, heard.at))

    def now(self) -> datetime:
        return workflow.now()

    def rest(self, state: Callable[[], JourneyState]) -> None:
        self._state = state
        if not self._heard and not self.pushes and self._grows_long():
            self._continue_as_new(state())

    def _grows_long(self) -> bool:
        """Whether to continue as new, from the rest that was come to last: not over what is to be heard after it."""
        if not workflow.info().is_continue_as_new_suggested():
            return False
        state = self._state()
        called = any(place.claim_id > (state.claim_id or 0) for place in self.places)
        # Whoever was called forward hears words to those in line no more.
        in_line = self._program.form == 1 or state.phase in (Phase.ENTERED, Phase.WAITING)
        unsaid = bool(self.says) and in_line
        return not (called or unsaid) and workflow.all_handlers_finished()

    async def sleep(self, step: str, until: datetime | None, hears: Hears = hears_nothing) -> Woken | None:
        def woken_by() -> Woken | None:
            if self.leaving is not None:
                return self.leaving
            push = next((push for push in self.pushes if push.step == step), None)
            return push or next((heard for heard in self._heard if heard.event in hears()), None)

        await self._until(until, lambda: woken_by() is not None)
        woken = woken_by()
        self._miss_until(woken)
        return self._taken(woken) if isinstance(woken, Leave) else woken

    def _miss_until(self, woken: object) -> None:
        """What came before the rest ended, and did not end it, has been missed: the next step waits for what is new.

        Where a deed ended it, that is what was done no later; what was done at once is the same deed, by another name.
        Of a deed without its time, as it is in older histories, nobody can tell: everything is missed.
        """
        self.pushes.clear()
        if not isinstance(woken, Hear) or woken.at is None:
            self._heard.clear()
            return
        self._heard_until = woken.at
        after = self._heard[self._heard.index(woken) + 1 :]
        self._heard = [heard for heard in after if heard.at is None or heard.at > woken.at]

    async def stand_in_line(self, until: datetime, after_claim: int) -> PlaceGiven | Say | Leave | None:
        def woken_by() -> PlaceGiven | Say | Leave | None:
            while self.places and self.places[0].claim_id <= after_claim:
                self.places.popleft()
            if self.leaving is not None:
                return self.leaving
            return self.places[0] if self.places else self.says[0] if self.says else None

        await self._until(until, lambda: woken_by() is not None)
        woken = woken_by()
        self._miss_until(woken)
        if isinstance(woken, Say):
            self.says.popleft()
        return self._taken(woken) if isinstance(woken, Leave) else woken

    def _taken(self, leave: Leave) -> Leave:
        """Asked once is asked: a farewell that is put off till morning is not left a second time."""
        if self._program.form > 1:
            self.leaving = None
        return leave

    async def _until(self, until: datetime | None, happened: Callable[[], bool]) -> None:
        if happened():
            return  # what has come already counts, also where `until` is past
        timeout = until - workflow.now() if until is not None else None

        def grows_long() -> bool:
            return self._program.form > 1 and self._grows_long()

        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: happened() or grows_long(), timeout=timeout)
        if not happened() and grows_long():
            self._continue_as_new(self._state())

    async def deliver(self, request: Deliver) -> Outcome:
        return await policies.deliver(request)

    async def step_out(self, reason: Reason) -> int | None:
        return (await policies.step_out(StepOut(journey_id=self._start.journey_id, reason=reason))).claim_id

    async def decide(self, question: str) -> int | None:
        journey, version = self._start.journey_id, self._program.version
        asked = Decide(journey_id=journey, version=version, question=question, at=self.now())
        return (await policies.decide(asked)).choice

    async def find_moment(self, until: Until) -> datetime:
        asked = FindMoment(journey_id=self._start.journey_id, until=until, after=self.now())
        return (await policies.find_moment(asked)).at

    async def change_contact(self, step: ContactChange, round_: int) -> None:
        await policies.change_contact(
            ChangeContact(
                journey_id=self._start.journey_id,
                version=self._program.version,
                step=step,
                round=round_,
                at=self.now(),
            )
        )

    async def call_webhook(self, step: CallWebhook, round_: int) -> bool:
        call = CallOut(journey_id=self._start.journey_id, version=self._program.version, step=step, round=round_)
        return (await policies.call_webhook(call)).taken

    async def stand(self, step: StepId, cause: Reason | None) -> None:
        await policies.stand(Stand(journey_id=self._start.journey_id, step=step, cause=cause))

    async def moved(self, move: Move) -> None:
        self._program = move.program
        version = move.program.version
        await policies.moved(Moved(journey_id=self._start.journey_id, version=version, operation_id=move.operation_id))

    def _continue_as_new(self, state: JourneyState) -> NoReturn:
        carried = {
            "leaving": self.leaving.reason if self.leaving else None,
            "heard": tuple(self._heard[-MOST_HEARD:]),
            "heard_until": self._heard_until,
        }
        state = state.model_copy(update=carried)
        workflow.continue_as_new(self._start.model_copy(update={"program": self._program, "state": state}))
