"""Workflows without a server: the journeys' own machine and the shelves' loop, moved on as the test says.

It keeps to what the product relies on: a workflow is started once by its id, a signal reaches one that runs, activities
are tried again until they end. What Temporal itself does with the same machine, tests/workflows shows.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TypeVar

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.delivery.deliver import DeliverActivity
from activities.journeys.positions import Positions
from activities.postgres.pool import Pool
from activities.temporal import Temporal
from activities.waitlist.claims import Waitlist
from activities.waitlist.line_moves import LineMoves
from activities.waitlist.place_activities import PlaceActivities
from schemas.document.steps import CallWebhook, ContactChange
from schemas.ids import JourneyId, StepId, Subject
from schemas.journey.activities import Close, Deliver, LeaveWaitlist, RecordPosition
from schemas.journey.outcome import Outcome
from schemas.journey.shelf import GivePlaces, NotifyClaims
from schemas.journey.signals import Broadcast, Leave, Move, PlaceGiven
from schemas.journey.state import JourneyStart, JourneyState
from schemas.reasons import Reason
from schemas.time.moments import Until
from tests.faults.crashes import Process
from workflows.interpreter.journey import Journey
from workflows.interpreter.world import Awaited, Woken, awaits_nothing

T = TypeVar("T")


class Rest(Enum):
    """What a journey's workflow waits for."""

    FIRST_TASK = auto()
    PLACE = auto()
    TIME = auto()
    ACTIVITY = auto()
    NOTHING = auto()
    """It has ended."""


class Traveller:
    """One journey's workflow, and the World of its machine."""

    def __init__(self, start: JourneyStart, workflows: "Workflows") -> None:
        self.journey_id = start.journey_id
        self.at = Rest.FIRST_TASK
        self.places: deque[PlaceGiven] = deque()
        self.broadcasts: deque[Broadcast] = deque()
        self.leaving: Leave | None = None
        self._workflows = workflows
        self._journey = Journey(start, self)
        self._task: asyncio.Task[None] | None = None
        self._resting, self._moving = asyncio.Event(), asyncio.Event()
        self._activities = 0
        self._time_passes = False
        self._last_claim = 0

    @property
    def woken(self) -> bool:
        """Whether it has something to do without time passing."""
        match self.at:
            case Rest.FIRST_TASK | Rest.ACTIVITY:
                return True
            case Rest.PLACE:
                called = any(place.claim_id > self._last_claim for place in self.places)
                return self.leaving is not None or called or bool(self.broadcasts)
            case Rest.TIME:
                return self.leaving is not None
            case Rest.NOTHING:
                return False

    async def moves(self, activities: int, *, time_passes: bool = False) -> None:
        """Go on to the next rest, or until so many activities were done; `time_passes`: the rest's time is over."""
        self._activities, self._time_passes = activities, time_passes
        self._resting.clear()
        if self._task is None:
            self._task = asyncio.create_task(self._live())
            self._task.add_done_callback(lambda _: self._resting.set())
        self._moving.set()
        await self._resting.wait()
        self._time_passes = False
        if self._task.done():
            self.at = Rest.NOTHING
            self._task.result()

    async def stop(self) -> None:
        """Leave it where it is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        ended = await self._journey.run()
        end = Close(journey_id=self.journey_id, ending=ended.ending, reason=ended.reason)
        await self._does(lambda: self._workflows.records.close(end))

    async def _rests(self, at: Rest) -> None:
        self.at = at
        self._moving.clear()
        self._resting.set()
        await self._moving.wait()

    async def _does(self, activity: Callable[[], Awaitable[T]]) -> T:
        """One activity, scheduled now and done when the test lets it; tried again whatever happens to its process."""
        while self._activities == 0:
            await self._rests(Rest.ACTIVITY)
        self._activities -= 1
        return await self._workflows.process.survives(activity)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def rest(self, state: Callable[[], JourneyState]) -> None:
        return

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        while self.leaving is None:
            if self._time_passes:
                self._time_passes = False
                return None
            await self._rests(Rest.TIME)
        return self._taken(self.leaving)

    def _taken(self, leave: Leave) -> Leave:
        """Asked once is asked, as the workflow has it."""
        self.leaving = None
        return leave

    async def stand_in_line(
        self, until: Callable[[], datetime], after_claim: int
    ) -> PlaceGiven | Broadcast | Leave | None:
        self._last_claim = after_claim
        while True:
            while self.places and self.places[0].claim_id <= after_claim:
                self.places.popleft()
            if self.leaving is not None:
                return self._taken(self.leaving)
            if self.places:
                return self.places[0]
            if self.broadcasts:
                return self.broadcasts.popleft()
            if self._time_passes:
                self._time_passes = False
                return None
            await self._rests(Rest.PLACE)

    async def deliver(self, request: Deliver) -> Outcome:
        while True:
            try:
                return (await self._does(lambda: self._workflows.delivery.deliver(request))).outcome
            except ApplicationError as error:
                if error.type == "InProgress":
                    await self._workflows.lease_runs_out(request.key)

    async def leave_waitlist(self, reason: Reason) -> int | None:
        request = LeaveWaitlist(journey_id=self.journey_id, reason=reason)
        return (await self._does(lambda: self._workflows.records.leave_waitlist(request))).claim_id

    async def decide(self, criteria_id: str) -> int | None:
        raise AssertionError("nothing here decides")

    async def find_moment(self, until: Until) -> datetime:
        raise AssertionError("nothing here waits for a moment")

    async def change_contact(self, step: ContactChange, round_: int) -> None:
        raise AssertionError("nothing here changes a contact")

    async def call_webhook(self, step: CallWebhook, round_: int) -> bool:
        raise AssertionError("nothing here calls another system")

    async def record_position(self, step: StepId, cause: Reason | None) -> None:
        request = RecordPosition(journey_id=self.journey_id, step=step, cause=cause)
        await self._does(lambda: self._workflows.positions.record_position(request))

    async def moved(self, move: Move) -> None:
        raise AssertionError("nobody here is moved")


class Workflows(Temporal):
    """Every workflow there is."""

    def __init__(self, process: Process, delivery: DeliverActivity, eyes: Pool) -> None:
        self.process = process
        self.delivery = delivery
        self.records = PlaceActivities(Waitlist(process.pool), self, LineMoves(process.pool))
        self.positions = Positions(process.pool)
        self.journeys: dict[JourneyId, Traveller] = {}
        self.shelves: dict[Subject, bool] = {}
        """Those at work, and whether they have given places and are about to call."""
        self._asked: set[Subject] = set()
        self._eyes = eyes

    async def start_journey(self, start: JourneyStart) -> None:
        self._reach(start)

    async def leave(self, start: JourneyStart, leave: Leave) -> bool:
        if (journey := self._reach(start)) is not None:
            journey.leaving = leave
        return journey is not None

    async def broadcast(self, start: JourneyStart, broadcast: Broadcast) -> None:
        if (journey := self._reach(start)) is not None:
            journey.broadcasts.append(broadcast)

    async def notify_claims(
        self, claims: Mapping[JourneyId, PlaceGiven], late: Collection[JourneyId]
    ) -> list[JourneyId]:
        without: list[JourneyId] = []
        for journey_id, place in claims.items():
            journey = self.journeys.get(journey_id)
            if journey is None or journey.at is Rest.NOTHING:
                without.append(journey_id)
            else:
                journey.places.append(place)
        return without

    async def start_with_claims(self, claims: Sequence[tuple[JourneyStart, PlaceGiven]]) -> list[JourneyId]:
        gone: list[JourneyId] = []
        for start, place in claims:
            if (journey := self._reach(start)) is None:
                gone.append(start.journey_id)
            else:
                journey.places.append(place)
        return gone

    async def look_again(self, subject: Subject) -> None:
        self.shelves.setdefault(subject, False)
        self._asked.add(subject)

    def _reach(self, start: JourneyStart) -> Traveller | None:
        """The journey's workflow, started now if need be; None when it has ended."""
        journey = self.journeys.setdefault(start.journey_id, Traveller(start, self))
        return journey if journey.at is not Rest.NOTHING else None

    async def shelf_works(self, subject: Subject) -> None:
        """The shelf's next activity: give places, or call those who have one."""
        calling = self.shelves[subject]
        if calling:
            call = NotifyClaims(subject=subject)
            await self.process.survives(lambda: ActivityEnvironment().run(self.records.notify_claims, call))
            if subject in self._asked:
                self.shelves[subject] = False
            else:
                del self.shelves[subject]
            return
        self._asked.discard(subject)
        given = await self.process.survives(lambda: self.records.give_places(GivePlaces(subject=subject)))
        if given.more:
            self._asked.add(subject)
        if given.to_notify:
            self.shelves[subject] = True
        elif subject not in self._asked:
            del self.shelves[subject]

    async def lease_runs_out(self, key: str) -> None:
        """Whoever was sending this is gone for good."""
        await self._eyes.execute(
            "update sends set lease_until = now() - interval '1 second' where key = $1 and state = 'sending'", key
        )

    async def stop(self) -> None:
        """Leave everything where it is."""
        for journey in self.journeys.values():
            await journey.stop()
