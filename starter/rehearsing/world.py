"""The rehearsal world of a scenario: the virtual clock stops wherever its timeline has something happen."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from activities.senders.sender import NotTaken
from schemas.document.steps import CallWebhook, ContactChange, NewMembership
from schemas.ids import StepId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Deferred, Held, Outcome
from schemas.journey.signals import Broadcast, Leave, PlaceGiven
from schemas.journey.state import JourneyState
from schemas.reasons import Reason
from starter.rehearsing.simulated_shop import SimulatedShop
from starter.rehearsing.timeline import Timeline
from workflows.interpreter.path_recorder import MOST_STAYS
from workflows.interpreter.world import Awaited, Woken, awaits_nothing
from workflows.worlds.rehearsal import Happening, Rehearsal, Signal, Unending


@dataclass(frozen=True, slots=True)
class PutOff:
    """A check before the message of a step that found: not now."""

    at: datetime
    step: StepId
    outcome: Deferred | Held


class ScenarioRehearsal(Rehearsal):
    """A rehearsal whose happenings come from a timeline, one after the other, as the clock reaches them.

    What happens at the moment a rest ends happens before the journey goes on.
    """

    def __init__(self, timeline: Timeline, shop: SimulatedShop) -> None:
        super().__init__(timeline.entrance.at, (), shop)
        self._timeline = timeline
        self.put_off: list[PutOff] = []
        self._awaits_resume = False
        """A message waits for the conversation to be resumed."""

    def rest(self, state: Callable[[], JourneyState]) -> None:
        super().rest(state)
        if len(self.rests[-1].path) > MOST_STAYS:
            raise Unending

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        self._catch_up()
        while (at := self._timeline.next_at) is not None and (until is None or at <= until):
            if (woken := await super().sleep(step, at, awaited)) is not None:
                return woken
            self._catch_up()
        if self._awaits_resume and self._timeline.paused_for_good:
            # Nobody will resume it: checking every quarter of an hour would go on for ever.
            raise Unending
        return await super().sleep(step, until, awaited)

    async def stand_in_line(self, until: datetime, after_claim: int) -> PlaceGiven | Broadcast | Leave | None:
        self._catch_up()
        while (at := self._timeline.next_at) is not None and at <= until:
            if (woken := await super().stand_in_line(at, after_claim)) is not None:
                return woken
            self._catch_up()
        return await super().stand_in_line(until, after_claim)

    async def deliver(self, request: Deliver) -> Outcome:
        self._catch_up()
        while True:
            try:
                outcome = await super().deliver(request)
                if isinstance(outcome, Deferred | Held):
                    self.put_off.append(PutOff(self._now, request.step.id, outcome))
                self._awaits_resume = isinstance(outcome, Deferred) and outcome.reason is Reason.CONVERSATION_PAUSED
                return outcome
            except NotTaken:
                # Production retries; here nothing changes before the next thing happens.
                at = self._timeline.next_at or request.give_up_at
                self._now = max(self._now, min(at, request.give_up_at))
                self._catch_up()

    async def leave_waitlist(self, reason: Reason) -> int | None:
        self._timeline.leave_waitlist()
        return await super().leave_waitlist(reason)

    async def decide(self, criteria_id: str) -> int | None:
        self._catch_up()
        return await super().decide(criteria_id)

    async def change_contact(self, step: ContactChange, round_: int) -> None:
        self._catch_up()
        await super().change_contact(step, round_)
        if isinstance(step.change, NewMembership):
            # Joining a list is a contact event, like one that came from outside.
            self._signal(self._timeline.contact_events("joined_list"))

    async def call_webhook(self, step: CallWebhook, round_: int) -> bool:
        self._catch_up()
        return await super().call_webhook(step, round_)

    def _catch_up(self) -> None:
        """Let everything happen that is due by now, and the shelf act on it."""
        while (at := self._timeline.next_at) is not None and at <= self._now:
            self._signal(self._timeline.play_next())
            self._signal(self._timeline.look_at_shelf())
        self._signal(self._timeline.look_at_shelf())

    def _signal(self, signals: Iterable[Signal]) -> None:
        for signal in signals:
            self.add(Happening(self._now, signal))
