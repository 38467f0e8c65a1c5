"""JourneyWorkflow: the thin Temporal shell around one journey's machine."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NoReturn

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.journey import (
        Close,
        Deliver,
        JourneyStart,
        JourneyState,
        Leave,
        PlaceGiven,
        Say,
        Signal,
        StepOut,
        Workflow,
    )
    from schemas.outcome import Outcome
    from schemas.path import JourneyPath
    from schemas.reasons import Ending, Reason
    from workflows.interpreter.journey import Journey

from workflows import policies


@workflow.defn(name=Workflow.JOURNEY)
class JourneyWorkflow:
    """One contact's stay in one conversation about one subject."""

    @workflow.init
    def __init__(self, start: JourneyStart) -> None:
        self._world = TemporalWorld(start)
        self._journey = Journey(start, self._world)

    @workflow.run
    async def run(self, start: JourneyStart) -> None:
        try:
            ended = await self._journey.live()
        except asyncio.CancelledError:
            # Cancelled with Temporal's own tools: the place must pass on all the same.
            await policies.close(Close(journey_id=start.journey_id, ending=Ending.EXITED, reason=Reason.CANCELLED))
            raise
        await policies.close(Close(journey_id=start.journey_id, ending=ended.ending, reason=ended.reason))
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.signal(name=Signal.PLACE_GIVEN)
    def place_given(self, place: PlaceGiven) -> None:
        """You were called forward: a claim is yours."""
        self._world.places.append(place)

    @workflow.signal(name=Signal.LEAVE)
    def leave(self, leave: Leave) -> None:
        """End at the next rest."""
        self._world.leaving = leave

    @workflow.signal(name=Signal.SAY)
    def say(self, say: Say) -> None:
        """Say a message while you stand in line; not heard by a journey that has been called forward."""
        self._world.says.append(say)

    @workflow.query
    def path(self) -> JourneyPath:
        """The path so far; the same as replaying the history gives."""
        return self._journey.path


class TemporalWorld:
    """The production World: Temporal's clock, timers, signals and activities."""

    def __init__(self, start: JourneyStart) -> None:
        self._start = start
        self.places: deque[PlaceGiven] = deque()
        self.says: deque[Say] = deque()
        self.leaving: Leave | None = Leave(reason=start.state.leaving) if start.state.leaving else None

    def now(self) -> datetime:
        return workflow.now()

    def rest(self, state: JourneyState) -> None:
        called = any(place.claim_id > (state.claim_id or 0) for place in self.places)
        if workflow.info().is_continue_as_new_suggested() and not called and not self.says:
            self._continue_as_new(state)

    async def sleep(self, until: datetime) -> Leave | None:
        await self._until(until, lambda: self.leaving is not None)
        return self.leaving

    async def stand_in_line(self, until: datetime, after_claim: int) -> PlaceGiven | Say | Leave | None:
        def woken_by() -> PlaceGiven | Say | Leave | None:
            while self.places and self.places[0].claim_id <= after_claim:
                self.places.popleft()
            if self.leaving is not None:
                return self.leaving
            return self.places[0] if self.places else self.says[0] if self.says else None

        await self._until(until, lambda: woken_by() is not None)
        woken = woken_by()
        if isinstance(woken, Say):
            self.says.popleft()
        return woken

    async def _until(self, until: datetime, happened: Callable[[], bool]) -> None:
        if happened():
            return  # what has come already counts, also where `until` is past
        with suppress(TimeoutError):
            await workflow.wait_condition(happened, timeout=until - workflow.now())

    async def deliver(self, request: Deliver) -> Outcome:
        return await policies.deliver(request)

    async def step_out(self, reason: Reason) -> int | None:
        return (await policies.step_out(StepOut(journey_id=self._start.journey_id, reason=reason))).claim_id

    def _continue_as_new(self, state: JourneyState) -> NoReturn:
        leaving = self.leaving.reason if self.leaving else None
        workflow.continue_as_new(
            self._start.model_copy(update={"state": state.model_copy(update={"leaving": leaving})})
        )
