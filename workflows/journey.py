"""JourneyWorkflow: the thin Temporal shell around the interpreter of one journey."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from schemas.journey.activities import Close
    from schemas.journey.names import Signal, Workflow
    from schemas.journey.path import JourneyPath
    from schemas.journey.signals import Broadcast, ContactEvent, Intervene, Leave, Move, PlaceGiven, Skip, Wake
    from schemas.journey.state import JourneyStart
    from schemas.reasons import Ending, Reason
    from workflows import policies
    from workflows.interpreter.journey import Journey
    from workflows.temporal_world import TemporalWorld


@workflow.defn(name=Workflow.JOURNEY)
class JourneyWorkflow:
    """One contact's stay in one conversation about one subject."""

    @workflow.init
    def __init__(self, start: JourneyStart) -> None:
        self._world = TemporalWorld(start)
        self._journey = Journey(start, self._world)
        self._world.path = lambda: self._journey.path

    @workflow.run
    async def run(self, start: JourneyStart) -> None:
        try:
            ended = await self._journey.run()
        except (asyncio.CancelledError, FailureError) as error:
            if not is_cancelled_exception(error):
                raise
            # Cancelled with Temporal's own tools, at a rest or in the midst of an activity, whose failure then says so:
            # the place must pass to the next contact all the same.
            await self._close(start, Ending.EXITED, Reason.CANCELLED)
            raise
        if not self._world.closed:
            await self._close(start, ended.ending, ended.reason)
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _close(self, start: JourneyStart, ending: Ending, reason: Reason | None) -> None:
        entered = self._world.unrecorded()
        await policies.close(Close(journey_id=start.journey_id, ending=ending, reason=reason, entered=entered))

    @workflow.signal(name=Signal.PLACE_GIVEN)
    def place_given(self, place: PlaceGiven) -> None:
        """A claim was given to this journey."""
        self._world.places.append(place)

    @workflow.signal(name=Signal.LEAVE)
    def leave(self, leave: Leave) -> None:
        """End at the next rest."""
        self._world.leaving = leave

    @workflow.signal(name=Signal.BROADCAST)
    def broadcast(self, broadcast: Broadcast) -> None:
        """Send a message while the journey stands in line; ignored once it has been given a place."""
        self._world.broadcasts.append(broadcast)

    @workflow.signal(name=Signal.CONTACT_EVENT)
    def contact_event(self, event: ContactEvent) -> None:
        """The contact did something that a step may wait for."""
        self._world.receive(event)

    @workflow.signal(name=Signal.INTERVENE)
    async def intervene(self, signal: Intervene) -> None:
        """Try a step again, skip it, or move to another version."""
        match signal.intervention:
            case Wake() | Skip() as intervention:
                self._world.interventions.append(intervention)
            case Move() as move:
                if (made := self._journey.move(move)) is not None:
                    await self._world.moved(made)

    @workflow.query
    def path(self) -> JourneyPath:
        """The path so far; the same that replaying the history gives."""
        return self._journey.path
