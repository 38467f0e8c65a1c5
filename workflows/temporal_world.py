"""TemporalWorld: Temporal's clock, timers, signals and activities, as the World of one journey.

Passed through the workflow sandbox, as the interpreter is: to load it for every workflow would cost more than the
workflow itself.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NoReturn

from temporalio import workflow

from schemas.document.steps import CallWebhook, ContactChange
from schemas.ids import StepId
from schemas.journey.activities import (
    CallOut,
    ChangeContact,
    Decide,
    Deliver,
    FindMoment,
    LeaveWaitlist,
    Moved,
    RecordPosition,
)
from schemas.journey.outcome import Outcome
from schemas.journey.path import EnteredStep, JourneyPath
from schemas.journey.signals import CONFIRMED, Broadcast, ContactEvent, Leave, Move, PlaceGiven, Skip, Wake
from schemas.journey.state import JourneyStart, JourneyState, Phase
from schemas.reasons import Reason
from schemas.time.moments import Until
from workflows import policies
from workflows.interpreter.journey import WAITING_LIST
from workflows.interpreter.world import Awaited, Woken, awaits_nothing

LINE_RECORDED = "line-recorded"
"""The patch by which histories from before it replay."""
MOST_PENDING_EVENTS = 100
"""Pending events carried into a new run, the newest ones: its start input must not grow without bound."""


class TemporalWorld:
    """The production World: Temporal's clock, timers, signals and activities."""

    def __init__(self, start: JourneyStart) -> None:
        self._start = start
        self._program = start.program
        self.places: deque[PlaceGiven] = deque()
        self.broadcasts: deque[Broadcast] = deque()
        self.interventions: deque[Wake | Skip] = deque()
        self.leaving: Leave | None = Leave(reason=start.state.leaving) if start.state.leaving else None
        self.closed = False
        """The end of the journey is on record."""
        self._pending_events = [*start.state.pending_events]
        self._seen = {event.event_id for event in self._pending_events}
        self._seen_until = start.state.seen_until
        self._state: Callable[[], JourneyState] = lambda: start.state
        self.path: Callable[[], JourneyPath] | None = None
        """The path so far; the workflow says where from."""
        self._recorded_stays = start.state.recorded_stays
        self._rested = start.state.rested

    def receive(self, event: ContactEvent) -> None:
        """Take an event once, however often it is signalled, and keep events in the order in which they happened."""
        known = event.event_id in self._seen
        old = event.at is not None and self._seen_until is not None and event.at <= self._seen_until
        if not known and not old:
            self._seen.add(event.event_id)
            self._pending_events.append(event)
            self._pending_events.sort(key=lambda pending: (pending.at is not None, pending.at))

    def now(self) -> datetime:
        return workflow.now()

    def rest(self, state: Callable[[], JourneyState]) -> None:
        self._state = state
        if not self._pending_events and not self.interventions and self._may_continue_as_new():
            self._continue_as_new(state())

    def _may_continue_as_new(self) -> bool:
        """Whether to continue as new: not while a claim or broadcast has come that the latest state does not hold."""
        if not workflow.info().is_continue_as_new_suggested():
            return False
        state = self._state()
        notified = any(place.claim_id > (state.claim_id or 0) for place in self.places)
        # Broadcasts are for those in line; a journey with a place ignores them.
        unsent = bool(self.broadcasts) and state.phase in (Phase.ENTERED, Phase.WAITING)
        return not (notified or unsent) and workflow.all_handlers_finished()

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        def woken_by() -> Woken | None:
            if self.leaving is not None:
                return self.leaving
            intervention = next((each for each in self.interventions if each.step == step), None)
            return intervention or next((event for event in self._pending_events if event.event in awaited()), None)

        await self._until(until, lambda: woken_by() is not None)
        woken = woken_by()
        self._drop_unused(woken)
        return self._take_leave(woken) if isinstance(woken, Leave) else woken

    def _drop_unused(self, woken: object) -> None:
        """Drop what a rest that has ended did not use: the next one waits for what is new.

        After a rest that an event ended, events that happened later stay pending; those of the same moment do not:
        one order comes as both `ordered` and `bought`. An event without a time cannot be ordered: all are dropped.
        A yes stays until a rest that awaits it: it is said once.
        """
        self.interventions.clear()
        if not isinstance(woken, ContactEvent) or woken.at is None:
            self._pending_events = [
                event for event in self._pending_events if event.event == CONFIRMED and event is not woken
            ]
            return
        self._seen_until = woken.at
        after = self._pending_events[self._pending_events.index(woken) + 1 :]
        self._pending_events = [event for event in after if event.at is None or event.at > woken.at]

    async def stand_in_line(
        self, until: Callable[[], datetime], after_claim: int
    ) -> PlaceGiven | Broadcast | Leave | None:
        def woken_by() -> PlaceGiven | Broadcast | Leave | None:
            while self.places and self.places[0].claim_id <= after_claim:
                self.places.popleft()
            if self.leaving is not None:
                return self.leaving
            return self.places[0] if self.places else self.broadcasts[0] if self.broadcasts else None

        await self._record_line()
        moment = until()
        await self._until(moment, lambda: woken_by() is not None or until() != moment)
        woken = woken_by()
        self._drop_unused(woken)
        if isinstance(woken, Broadcast):
            self.broadcasts.popleft()
        return self._take_leave(woken) if isinstance(woken, Leave) else woken

    async def _record_line(self) -> None:
        """Record that it stands in line, where PostgreSQL cannot tell: after a rest, or steps that were not recorded.

        Who comes from their sign-up, or from a message, stands in line by `waiting` itself.
        """
        path = self.path() if self.path is not None else None
        passed = path is not None and any(
            each.step != WAITING_LIST for each in path.entered_since(self._recorded_stays)
        )
        if (passed or self._rested) and workflow.patched(LINE_RECORDED):
            await self.record_position(StepId(WAITING_LIST), None)
            self._rested = False

    def unrecorded(self) -> tuple[EnteredStep, ...]:
        """The stays that PostgreSQL was not told of; whoever asks tells it of them."""
        if self.path is None:
            return ()
        path = self.path()
        entered, self._recorded_stays = path.entered_since(self._recorded_stays), path.stays
        return entered

    def _take_leave(self, leave: Leave) -> Leave:
        """Use the request to leave once: the farewell after it may rest, and must not be left by the same request."""
        self.leaving = None
        return leave

    async def _until(self, until: datetime | None, happened: Callable[[], bool]) -> None:
        if happened():
            return  # a signal that has come already counts, also where `until` is past
        timeout = until - workflow.now() if until is not None else None
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: happened() or self._may_continue_as_new(), timeout=timeout)
        if not happened() and self._may_continue_as_new():
            self._continue_as_new(self._state())

    async def deliver(self, request: Deliver) -> Outcome:
        delivered = await policies.deliver(request.model_copy(update={"entered": self.unrecorded()}))
        self.closed = delivered.closed
        return delivered.outcome

    async def leave_waitlist(self, reason: Reason) -> int | None:
        return (await policies.leave_waitlist(LeaveWaitlist(journey_id=self._start.journey_id, reason=reason))).claim_id

    async def decide(self, criteria_id: str) -> int | None:
        journey, version = self._start.journey_id, self._program.version
        request = Decide(journey_id=journey, version=version, criteria_id=criteria_id, at=self.now())
        return (await policies.decide(request)).choice

    async def find_moment(self, until: Until) -> datetime:
        request = FindMoment(journey_id=self._start.journey_id, until=until, after=self.now())
        return (await policies.find_moment(request)).at

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

    async def record_position(self, step: StepId, cause: Reason | None) -> None:
        journey, self._rested = self._start.journey_id, True
        await policies.record_position(
            RecordPosition(journey_id=journey, step=step, cause=cause, entered=self.unrecorded())
        )

    async def moved(self, move: Move) -> None:
        self._program = move.program
        version = move.program.version
        await policies.moved(Moved(journey_id=self._start.journey_id, version=version, operation_id=move.operation_id))

    def _continue_as_new(self, state: JourneyState) -> NoReturn:
        carried = {
            "leaving": self.leaving.reason if self.leaving else None,
            "pending_events": tuple(self._pending_events[-MOST_PENDING_EVENTS:]),
            "seen_until": self._seen_until,
            "recorded_stays": self._recorded_stays,
            "rested": self._rested,
        }
        state = state.model_copy(update=carried)
        workflow.continue_as_new(self._start.model_copy(update={"program": self._program, "state": state}))
