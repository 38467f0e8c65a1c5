"""The rehearsal world of one journey of a scenario: it rests until the clock that all share has come so far."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime

from activities.senders.sender import NotTaken
from schemas.document.steps import ContactChange, NewMembership
from schemas.ids import StepId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Deferred, Held, Outcome
from schemas.journey.signals import Broadcast, Leave, PlaceGiven
from schemas.journey.state import JourneyState
from schemas.reasons import Reason
from starter.rehearsing.simulated_journey import SimulatedJourney
from starter.rehearsing.simulated_shop import SimulatedShop
from starter.rehearsing.timeline import Timeline
from workflows.interpreter.path_recorder import MOST_STAYS
from workflows.interpreter.world import Awaited, Woken, awaits_nothing
from workflows.worlds.rehearsal import Happening, Rehearsal, Unending


@dataclass(frozen=True, slots=True)
class PutOff:
    """A check before the message of a step that found: not now."""

    at: datetime
    step: StepId
    outcome: Deferred | Held


@dataclass(frozen=True, slots=True)
class UntilMoment:
    """Awaited, it hands the journey's turn back: to be taken up again at `until`, and whenever something happens."""

    until: datetime | None

    def __await__(self) -> Generator["UntilMoment", None, None]:
        yield self


class ScenarioRehearsal(Rehearsal):
    """A rehearsal that shares its clock, and what happens, with those of everyone else in the scenario.

    What happens at the moment a rest ends happens before the journey goes on.
    """

    def __init__(self, timeline: Timeline, shop: SimulatedShop, journey: SimulatedJourney) -> None:
        super().__init__(journey.entrance.at, (), shop)
        self._timeline, self._journey = timeline, journey
        self.put_off: list[PutOff] = []
        self._awaits_resume = False
        """A message waits for the conversation to be resumed."""

    def rest(self, state: Callable[[], JourneyState]) -> None:
        super().rest(state)
        if len(self.rests[-1].path) > MOST_STAYS:
            raise Unending

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        while True:
            self._hear()
            if (woken := await super().sleep(step, self._now, awaited)) is not None:
                return woken
            if until is not None and until <= self._now:
                return None
            if self._awaits_resume and self._timeline.paused_for_good:
                # Nobody will resume it: checking every quarter of an hour would go on for ever.
                raise Unending
            await self._until(until)

    async def stand_in_line(
        self, until: Callable[[], datetime], after_claim: int
    ) -> PlaceGiven | Broadcast | Leave | None:
        while True:
            self._hear()
            woken = await super().stand_in_line(lambda: self._now, after_claim)
            if woken is not None or until() <= self._now:
                return woken
            await self._until(until())

    async def deliver(self, request: Deliver) -> Outcome:
        while True:
            try:
                outcome = await super().deliver(request)
                if isinstance(outcome, Deferred | Held):
                    self.put_off.append(PutOff(self._now, request.step.id, outcome))
                self._awaits_resume = isinstance(outcome, Deferred) and outcome.reason is Reason.CONVERSATION_PAUSED
                return outcome
            except NotTaken:
                # Production retries; here nothing changes before the next thing happens.
                await self._until(request.give_up_at)

    async def leave_waitlist(self, reason: Reason) -> int | None:
        if self._journey.place is not None:
            self._journey.place.give_up()
        return await super().leave_waitlist(reason)

    async def change_contact(self, step: ContactChange, round_: int) -> None:
        await super().change_contact(step, round_)
        if isinstance(step.change, NewMembership):
            # Joining a list is a contact event, like one that came from outside.
            self._journey.did("joined_list")

    async def _until(self, moment: datetime | None) -> None:
        await UntilMoment(moment)
        self._now = self._timeline.now

    def _hear(self) -> None:
        for signal in self._journey.hear():
            self.add(Happening(self._now, signal))
