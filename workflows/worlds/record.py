"""The record world: what really happened to a journey, lived once more on another version. Pure.

Where the journey does what it did, everything is as it was, to the moment. Where it first does something else, it goes
by what is known: a message comes to what it came to; a branch is the one that was taken, if it was asked the same; what
the contact did, and leaving, happen when they did; a wait takes its time. A message that is not on record counts as
sent.
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
from workflows.interpreter.journey import WAITING_LIST, Ended, Journey
from workflows.interpreter.path_recorder import MOST_STAYS
from workflows.interpreter.world import Awaited, Woken, awaits_nothing
from workflows.worlds.early_exits import Departure, departures
from workflows.worlds.recorded_run import Recorded, RecordedEvent, RecordedRun

Ask: TypeAlias = Callable[[str], Awaitable[int | None]]
"""Answers a question that was not asked in the recorded life: which of its criteria hold."""

BETWEEN_STAYS = timedelta(minutes=1)
"""The most that may lie between two stays, where they are the same in both lives."""


class EndOfRecord(Exception):
    """It has come to now, or rests where it rests now, or goes round and round: its life is told no further."""


class Record:
    """A World that answers from a recorded life.

    Args:
        tried: the version that it is lived on now.
        same_questions: those that ask in both versions, of as many ways and in the same words, for the same.
        ask: answers the others.

    Attributes:
        new_messages: those that counted as sent, because they are not on record.
    """

    def __init__(self, recorded: Recorded, tried: Program, same_questions: frozenset[str], ask: Ask) -> None:
        self._life, self._tried = recorded, tried
        self._same, self._ask = same_questions, ask
        self._old = RecordedRun(recorded)
        self._departures = departures(recorded, tried)
        """How it is asked to leave, from now on."""
        self._now = self._old.entries[0].entered_at if self._old.entries else recorded.start.entered_at
        self._stopped_at: int | None = None
        self._awaits_somebody = False
        """A message is held that was not held in the old life: nobody knows what somebody would have done."""
        self.new_messages: list[str] = []

    def bind(self, journey: Journey) -> None:
        """This is the journey that lives it."""
        self._old.bind(journey)

    def _come_to(self, moment: datetime) -> None:
        until = self._life.until
        if until is not None and moment > until:
            raise EndOfRecord
        self._now = max(self._now, moment)

    def _take_the_time(self, stay: PathEntry) -> None:
        """What was asked took as long as it did."""
        if stay.left_at is not None:
            self._come_to(stay.left_at)

    def now(self) -> datetime:
        aligned = self._old.aligned()
        if aligned is not None and self._now < aligned.entered_at < self._now + BETWEEN_STAYS:
            # Asking which thread to enter took a moment.
            self._now = aligned.entered_at
        return self._now

    def rest(self, state: Callable[[], JourneyState]) -> None:
        pass

    async def record_position(self, step: StepId, cause: Reason | None) -> None:
        pass

    async def moved(self, move: Move) -> None:
        pass

    async def change_contact(self, step: ContactChange, round_: int) -> None:
        stay, exact = self._old.stay_at(step.id, self._now)
        if stay is not None and exact:
            self._take_the_time(stay)

    async def leave_waitlist(self, reason: Reason) -> int | None:
        return None

    async def find_moment(self, until: Until) -> datetime:
        return next_moment(until, self._now, self._life.time_zone).astimezone(UTC)

    async def stand_in_line(self, until: datetime, after_claim: int) -> PlaceGiven | Broadcast | Leave | None:
        woken = self._stand_in_line(until, after_claim)
        self._old.discard_before(self._now)
        return woken

    def _stand_in_line(self, until: datetime, after_claim: int) -> PlaceGiven | Broadcast | Leave | None:
        stay, _ = self._old.stay_at(WAITING_LIST, self._now)
        goes = self._departure
        if goes is not None and (goes.stay is stay or self._departs_before(until if stay is None else stay.left_at)):
            return self._depart(goes)
        if stay is None or stay.left_at is None:
            if stay is None and self._life.until is None:
                # They stood there no more, for they were told; another version that lets them wait again expires.
                self._come_to(until)
                return None
            raise EndOfRecord
        if stay.why is Why.LEFT:
            # By a rule that this version does not have: nobody knows what the line would have brought.
            raise EndOfRecord
        self._come_to(stay.left_at)
        match stay.why:
            case Why.PLACE_GIVEN:
                return PlaceGiven(claim_id=after_claim + 1)
            case Why.BROADCAST:
                following = self._old.entries[self._old.place_of(stay) + 1 :]
                return Broadcast(message=following[0].message or "") if following else Broadcast(message="")
            case Why.DISCONTINUED:
                return Leave(reason=Reason.DISCONTINUED)
            case _:
                return None

    @property
    def _departure(self) -> Departure | None:
        """How it is asked to leave next."""
        return self._departures[0] if self._departures else None

    def _depart(self, departure: Departure) -> Leave:
        self._departures.remove(departure)
        self._come_to(departure.at)
        return departure.leave

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        if len(self._old.replayed) >= MOST_STAYS:
            raise EndOfRecord
        stay, exact = self._old.stay_at(step, self._now)
        same = self._old.rests_alike(step, self._tried) and not self._awaits_somebody
        if stay is not None and exact and same and not self._departs_otherwise(stay):
            woken = self._sleep_as_it_was(stay, step)
        else:
            woken = self._sleep_by_the_clock(stay, step, until, awaited())
        self._awaits_somebody = False
        if not isinstance(woken, ContactEvent):
            self._old.discard_before(self._now)
        return woken

    def _departs_otherwise(self, stay: PathEntry) -> bool:
        """Whether a goal or an exit of this version ends this stay, or what ended it then is none of its."""
        goes = self._departure
        if stay.why is Why.LEFT and (goes is None or goes.stay is not stay):
            return True
        return self._departs_before(stay.left_at)

    def _departs_before(self, end: datetime | None) -> bool:
        """Whether a goal or an exit that only this version has comes before the end of a stay."""
        goes = self._departure
        return goes is not None and goes.stay is None and (end is None or goes.at <= end)

    def _sleep_as_it_was(self, stay: PathEntry, step: str) -> Woken | None:
        if stay.left_at is None:
            raise EndOfRecord
        self._come_to(stay.left_at)
        match stay.why:
            case Why.HAPPENED:
                event = stay.event or ""
                was = (each for each in self._old.pending_events if (each.event, each.at) == (event, stay.left_at))
                return self._receive(next(was, RecordedEvent(event, stay.left_at, stay.left_at)))
            case Why.SKIPPED:
                return Skip(step=StepId(step), to_end=self._old.skipped_to_end(stay))
            case Why.LEFT if self._departure is not None:
                return self._depart(self._departure)
            case Why.ANSWERED | Why.DONE:
                return Wake(step=StepId(step))
            case _:
                return None

    def _receive(self, event: RecordedEvent) -> ContactEvent:
        self._old.receive(event)
        return ContactEvent(event_id="on record", event=event.event, at=event.happened_at)

    def _sleep_by_the_clock(
        self, stay: PathEntry | None, step: str, until: datetime | None, awaited: frozenset[str]
    ) -> Woken | None:
        goes = self._departure
        ends: list[tuple[datetime, Leave | Skip | RecordedEvent]] = []
        if goes is not None:
            ends.append((goes.at, goes.leave))
        if stay is not None and stay.why is Why.SKIPPED and stay.left_at is not None:
            ends.append((stay.left_at, Skip(step=StepId(step), to_end=self._old.skipped_to_end(stay))))
        pending = [event for event in self._old.pending_events if event.event in awaited]
        # Of those that are known already, the one that happened first.
        first = min(pending, key=lambda event: (max(event.at, self._now), event.happened_at), default=None)
        if first is not None:
            ends.append((max(first.at, self._now), first))
        for at, end in sorted(ends, key=itemgetter(0)):
            if until is None or at <= until:
                if goes is not None and end is goes.leave:
                    return self._depart(goes)
                self._come_to(at)
                return self._receive(end) if isinstance(end, RecordedEvent) else end
        if until is None:
            raise EndOfRecord
        self._come_to(until)
        return None

    async def deliver(self, request: Deliver) -> Outcome:
        step = request.step
        stay, exact = self._old.stay_at(step.id, self._now)
        if not exact or (stay is not None and stay.message != step.message):
            stay, exact = self._old.stay_with(step), False
        if stay is None:
            return self._new_message(request)
        was = self._life.start.program.steps.get(step.id)
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
                    self._take_the_time(stay)
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

    async def decide(self, question: str) -> int | None:
        was = self._life.start.program.steps.get(StepId(question))
        if question in self._same and not isinstance(was, Decide):
            return self._old.door(question)
        stay, exact = self._old.stay_at(question, self._now)
        if stay is not None and exact:
            self._take_the_time(stay)
        if question not in self._same or not isinstance(was, Decide) or stay is None or stay.why is not Why.DECIDED:
            return await self._ask(question)
        if stay.branch is None:
            return None
        names = [branch.name for branch in was.branches]
        # A journey that was moved may have taken a way of the other version.
        return names.index(stay.branch) if stay.branch in names else await self._ask(question)

    async def call_webhook(self, step: CallWebhook, round_: int) -> bool:
        stay, exact = self._old.stay_at(step.id, self._now)
        if stay is None:
            return True
        if exact and isinstance(stay.outcome, Stopped) and self._stopped_at != len(self._old.replayed):
            # It was stopped, until somebody let it try again, or pass over it.
            self._stopped_at = len(self._old.replayed)
            return False
        if exact:
            self._take_the_time(stay)
        match stay.why:
            case Why.DONE:
                return True
            case None if stay.outcome is None:
                raise EndOfRecord
            case _:
                return False


async def replay_recorded(recorded: Recorded, world: Record, tried: Program) -> tuple[Ended | None, JourneyPath]:
    """Live a recorded life on a version. Returns how it ended, None if it is not over or not known, and its path."""
    start = recorded.start.model_copy(update={"program": tried})
    journey = Journey(start, world)
    world.bind(journey)
    try:
        return await journey.run(), journey.path
    except EndOfRecord:
        return None, journey.path
