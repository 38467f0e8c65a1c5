"""The record world: a recorded journey, replayed on another version. Pure.

While the replay does what the recorded run did, every answer is the recorded one. From the first difference on, it
answers by what is known: a message has its recorded outcome, or counts as sent; a decision its recorded branch, if its
criteria are the same; contact events and requests to leave come when they came; a wait takes its time.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TypeAlias

from schemas.document.steps import CallWebhook, ContactChange, Decide, Send
from schemas.ids import StepId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Held, Outcome, Refused, Sent, Stopped, Unknown
from schemas.journey.path import JourneyPath, PathEntry, Why
from schemas.journey.program import Program
from schemas.journey.signals import Broadcast, ContactEvent, Leave, Move, PlaceGiven, Skip, Wake
from schemas.journey.state import JourneyState
from schemas.reasons import Reason
from schemas.time.moments import Until, next_moment
from workflows.interpreter.journey import Ended, Journey
from workflows.interpreter.path_recorder import MOST_STAYS
from workflows.interpreter.world import Awaited, Woken, awaits_nothing
from workflows.worlds.early_exits import EarlyExit, early_exits
from workflows.worlds.recorded_run import Recorded, RecordedEvent, RecordedRun

Evaluate: TypeAlias = Callable[[str], Awaitable[int | None]]
"""Evaluates criteria that the recorded run did not: the position of the first that holds, or None."""

BETWEEN_STAYS = timedelta(minutes=1)
"""The most time that may lie between two stays that are the same in both runs."""


class EndOfRecord(Exception):
    """The replay has come to the present, rests where the journey rests now, or goes round in a loop: it stops."""


class Record:
    """A World that answers from a recorded run.

    Args:
        tried: the version that the journey is replayed on.
        same_criteria: the ids of the criteria that are the same in both versions, for the same purpose.
        evaluate: evaluates the others.

    Attributes:
        new_messages: those that counted as sent, because they are not on record.
    """

    def __init__(self, recorded: Recorded, tried: Program, same_criteria: frozenset[str], evaluate: Evaluate) -> None:
        self._recorded, self._tried = recorded, tried
        self._same_criteria, self._evaluate = same_criteria, evaluate
        self._run = RecordedRun(recorded)
        self._early_exits = early_exits(recorded, tried)
        """The requests to leave that are still to come."""
        self._now = self._run.entries[0].entered_at if self._run.entries else recorded.start.entered_at
        self._stopped_at: int | None = None
        self._awaits_somebody = False
        """A message is held that was not held in the recorded run: what an operator would have done is unknown."""
        self.new_messages: list[str] = []

    def bind(self, journey: Journey) -> None:
        """Set the journey that replays it."""
        self._run.bind(journey)

    def _advance_to(self, moment: datetime) -> None:
        until = self._recorded.until
        if until is not None and moment > until:
            raise EndOfRecord
        self._now = max(self._now, moment)

    def _advance_past(self, stay: PathEntry) -> None:
        """The answer takes as long as it took in the recorded run."""
        if stay.left_at is not None:
            self._advance_to(stay.left_at)

    def now(self) -> datetime:
        aligned = self._run.aligned()
        if aligned is not None and self._now < aligned.entered_at < self._now + BETWEEN_STAYS:
            # Deciding which thread to enter took a moment.
            self._now = aligned.entered_at
        return self._now

    def rest(self, state: Callable[[], JourneyState]) -> None:
        pass

    async def record_position(self, step: StepId, cause: Reason | None) -> None:
        pass

    async def moved(self, move: Move) -> None:
        pass

    async def change_contact(self, step: ContactChange, round_: int) -> None:
        stay, exact = self._run.stay_at(step.id, self._now)
        if stay is not None and exact:
            self._advance_past(stay)

    async def leave_waitlist(self, reason: Reason) -> int | None:
        return None

    async def find_moment(self, until: Until) -> datetime:
        return next_moment(until, self._now, self._recorded.time_zone).astimezone(UTC)

    async def stand_in_line(
        self, until: Callable[[], datetime], after_claim: int
    ) -> PlaceGiven | Broadcast | Leave | None:
        woken = self._stand_in_line(until(), after_claim)
        self._run.discard_before(self._now)
        return woken

    def _stand_in_line(self, until: datetime, after_claim: int) -> PlaceGiven | Broadcast | Leave | None:
        stay = self._run.end_in_line()
        early_exit, end = self._next_exit, until if stay is None else stay.left_at
        spoken_to = self._run.spoken_to_in_line(until, stay and stay.left_at, self._tried)
        exits = early_exit is not None and (early_exit.stay is stay or self._exits_before(end))
        if early_exit is not None and exits and (spoken_to is None or early_exit.at <= spoken_to):
            return self._exit_early(early_exit)
        if spoken_to is not None or (stay is None and self._recorded.until is None):
            # They are said something; or they had been told and stood in line no more: where they do, they expire.
            self._advance_to(spoken_to or until)
            return None
        if stay is None or stay.left_at is None or stay.why is Why.LEFT:
            # Left by a rule that this version does not have: what would have come in line is unknown.
            raise EndOfRecord
        self._advance_to(stay.left_at)
        match stay.why:
            case Why.PLACE_GIVEN:
                return PlaceGiven(claim_id=after_claim + 1)
            case Why.BROADCAST:
                return Broadcast(message=self._run.message_after(stay))
            case Why.DISCONTINUED:
                return Leave(reason=Reason.DISCONTINUED)
            case _:
                return None

    @property
    def _next_exit(self) -> EarlyExit | None:
        """The next request to leave."""
        return self._early_exits[0] if self._early_exits else None

    def _exit_early(self, early_exit: EarlyExit) -> Leave:
        self._early_exits.remove(early_exit)
        self._advance_to(early_exit.at)
        return early_exit.leave

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        if len(self._run.replayed) >= MOST_STAYS:
            raise EndOfRecord
        stay, exact = self._run.stay_at(step, self._now)
        same = self._run.rests_alike(step, self._tried) and not self._awaits_somebody
        if stay is not None and exact and same and not self._exits_otherwise(stay):
            woken = self._sleep_as_recorded(stay, step)
        else:
            woken = self._sleep_by_the_clock(stay, step, until, awaited())
        self._awaits_somebody = False
        if not isinstance(woken, ContactEvent):
            self._run.discard_before(self._now)
        return woken

    def _exits_otherwise(self, stay: PathEntry) -> bool:
        """Whether a rule of this version ends this stay, or the rule that ended it is not in this version."""
        early_exit = self._next_exit
        if stay.why is Why.LEFT and (early_exit is None or early_exit.stay is not stay):
            return True
        return self._exits_before(stay.left_at)

    def _exits_before(self, end: datetime | None) -> bool:
        """Whether a goal or exit rule that only this version has comes before the end of a stay."""
        early_exit = self._next_exit
        return early_exit is not None and early_exit.stay is None and (end is None or early_exit.at <= end)

    def _sleep_as_recorded(self, stay: PathEntry, step: str) -> Woken | None:
        if stay.left_at is None:
            raise EndOfRecord
        self._advance_to(stay.left_at)
        match stay.why:
            case Why.HAPPENED:
                event = stay.event or ""
                was = (each for each in self._run.pending_events if (each.event, each.at) == (event, stay.left_at))
                return self._receive(next(was, RecordedEvent(event, stay.left_at, stay.left_at)))
            case Why.SKIPPED:
                return Skip(step=StepId(step), to_end=self._run.skipped_to_end(stay))
            case Why.LEFT if self._next_exit is not None:
                return self._exit_early(self._next_exit)
            case Why.ANSWERED | Why.DONE:
                return Wake(step=StepId(step))
            case _:
                return None

    def _receive(self, event: RecordedEvent) -> ContactEvent:
        self._run.receive(event)
        return ContactEvent(event_id="on record", event=event.event, at=event.happened_at)

    def _sleep_by_the_clock(
        self, stay: PathEntry | None, step: str, until: datetime | None, awaited: frozenset[str]
    ) -> Woken | None:
        early_exit = self._next_exit
        ends: list[tuple[datetime, Leave | Skip | RecordedEvent]] = []
        if early_exit is not None:
            ends.append((early_exit.at, early_exit.leave))
        if stay is not None and stay.why is Why.SKIPPED and stay.left_at is not None:
            ends.append((stay.left_at, Skip(step=StepId(step), to_end=self._run.skipped_to_end(stay))))
        pending = [event for event in self._run.pending_events if event.event in awaited]
        first = min(pending, key=lambda event: (max(event.at, self._now), event.happened_at), default=None)
        if first is not None:
            ends.append((max(first.at, self._now), first))
        for at, end in sorted(ends, key=itemgetter(0)):
            if until is None or at <= until:
                if early_exit is not None and end is early_exit.leave:
                    return self._exit_early(early_exit)
                self._advance_to(at)
                return self._receive(end) if isinstance(end, RecordedEvent) else end
        if until is None:
            raise EndOfRecord
        self._advance_to(until)
        return None

    async def deliver(self, request: Deliver) -> Outcome:
        step = request.step
        stay, exact = self._run.stay_at(step.id, self._now)
        if not exact or (stay is not None and stay.message != step.message):
            stay, exact = self._run.stay_with(step), False
        if stay is None:
            return self._new_message(request)
        was = self._recorded.start.program.steps.get(step.id)
        before = was if isinstance(was, Send) else None
        if step.draft and (before is None or not before.draft):
            return Refused(reason=Reason.MESSAGE_DRAFT, then=AfterRefusal.GO_ON)
        if not step.draft and before is not None and before.draft:
            return self._new_message(request)
        if step.manual and before is not None and not before.manual:
            self._awaits_somebody = True
            return Held()
        match stay.outcome:
            case Sent() | Refused() | Unknown():
                if exact:
                    self._advance_past(stay)
                return stay.outcome
            case Deferred(until=until) if not exact and until <= self._now:
                raise EndOfRecord
            case Deferred() | Held() | Stopped():
                return stay.outcome
            case None:
                raise EndOfRecord

    def _new_message(self, request: Deliver) -> Outcome:
        if request.step.draft:
            return Refused(reason=Reason.MESSAGE_DRAFT, then=AfterRefusal.GO_ON)
        if request.step.manual:
            self._awaits_somebody = True
            return Held()
        self.new_messages.append(request.step.message)
        return Sent(message_id=request.key, at=self._now)

    async def decide(self, criteria_id: str) -> int | None:
        was = self._recorded.start.program.steps.get(StepId(criteria_id))
        if criteria_id in self._same_criteria and not isinstance(was, Decide):
            return self._run.entered_thread(criteria_id)
        stay, exact = self._run.stay_at(criteria_id, self._now)
        if stay is not None and exact:
            self._advance_past(stay)
        decided = stay is not None and stay.why is Why.DECIDED
        if criteria_id not in self._same_criteria or not isinstance(was, Decide) or stay is None or not decided:
            return await self._evaluate(criteria_id)
        if stay.branch is None:
            return None
        names = [branch.name for branch in was.branches]
        # A journey that was moved may have taken a branch of the other version.
        return names.index(stay.branch) if stay.branch in names else await self._evaluate(criteria_id)

    async def call_webhook(self, step: CallWebhook, round_: int) -> bool:
        stay, exact = self._run.stay_at(step.id, self._now)
        if stay is None:
            return True
        if exact and isinstance(stay.outcome, Stopped) and self._stopped_at != len(self._run.replayed):
            # It was stopped until an operator let it try again, or skip the step.
            self._stopped_at = len(self._run.replayed)
            return False
        if exact:
            self._advance_past(stay)
        match stay.why:
            case Why.DONE:
                return True
            case None if stay.outcome is None:
                raise EndOfRecord
            case _:
                return False


async def replay_recorded(recorded: Recorded, world: Record, tried: Program) -> tuple[Ended | None, JourneyPath]:
    """Replay a recorded journey on a version. Returns how it ends (None: not over, or unknown) and its path."""
    start = recorded.start.model_copy(update={"program": tried})
    journey = Journey(start, world)
    world.bind(journey)
    try:
        return await journey.run(), journey.path
    except EndOfRecord:
        return None, journey.path
