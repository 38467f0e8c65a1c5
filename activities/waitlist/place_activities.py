"""The activities by which shelves and journeys change the waiting list: places, leaving, ends."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import structlog
from temporalio import activity

from activities.waitlist.claims import Claim, Waitlist
from activities.waitlist.line_moves import LineMoves
from schemas.ids import JourneyId, Subject
from schemas.journey.activities import Close, LeaveWaitlist, LeftWaitlist
from schemas.journey.names import Activity
from schemas.journey.shelf import GivePlaces, NotifyClaims, PlacesGiven
from schemas.journey.signals import PlaceGiven
from schemas.journey.state import JourneyStart
from schemas.reasons import Ending, Reason

log = structlog.get_logger()

NOTIFIED_AT_ONCE = 50
"""Signals in flight together: one client does 400-800 a second at 100, and the worker needs some too."""


class Notifier(Protocol):
    """Who can signal journeys that they have a claim; the same call again changes nothing."""

    async def notify_claims(
        self, claims: Mapping[JourneyId, PlaceGiven], late: Collection[JourneyId]
    ) -> list[JourneyId]:
        """Signal every one of these journeys, of which some entered late. Returns those of which no workflow runs."""
        ...

    async def start_with_claims(self, claims: Sequence[tuple[JourneyStart, PlaceGiven]]) -> list[JourneyId]:
        """Start the workflows of these journeys with the signal. Returns those whose workflow has ended already."""
        ...


class PlaceActivities:
    """The waiting list's activities."""

    def __init__(self, waitlist: Waitlist, notifier: Notifier, moves: LineMoves) -> None:
        self._waitlist = waitlist
        self._notifier = notifier
        self._moves = moves

    @activity.defn(name=Activity.GIVE_PLACES)
    async def give_places(self, request: GivePlaces) -> PlacesGiven:
        moving = await self._moves.move_next(request.subject)
        given = await self._waitlist.give_places(request.subject)
        given = given.model_copy(update={"more": given.more or moving})
        log.info("places given", subject=str(request.subject), to_notify=given.to_notify, more=given.more)
        return given

    @activity.defn(name=Activity.NOTIFY_CLAIMS)
    async def notify_claims(self, request: NotifyClaims) -> None:
        """Signal every journey that has not been signalled its claim; resumes where a killed attempt stopped."""
        while claims := await self._waitlist.claims_to_notify(request.subject, NOTIFIED_AT_ONCE):
            await self._notify(request.subject, claims)
            activity.heartbeat(claims[-1].claim_id)

    async def _notify(self, subject: Subject, claims: list[Claim]) -> None:
        places = {claim.journey_id: PlaceGiven(claim_id=claim.claim_id) for claim in claims}
        late = [claim.journey_id for claim in claims if claim.late]
        if without := await self._notifier.notify_claims(places, late):
            await self._start({journey_id: places[journey_id] for journey_id in without})
        await self._waitlist.mark_notified(claims)
        log.info("called forward", subject=str(subject), journeys=len(claims))

    async def _start(self, places: Mapping[JourneyId, PlaceGiven]) -> None:
        """Start the workflows that the outbox has not started yet. A place that nobody can take passes to the next."""
        starts = await self._waitlist.starts([*places])
        for journey_id in places.keys() - starts.keys():
            await self._waitlist.close(journey_id, Ending.EXITED, Reason.MESSAGE_BROKEN)
        calls = [(start, places[journey_id]) for journey_id, start in starts.items()]
        for journey_id in await self._notifier.start_with_claims(calls):
            # Its workflow was ended from outside.
            await self._waitlist.close(journey_id, Ending.EXITED, Reason.CANCELLED)

    @activity.defn(name=Activity.LEAVE_WAITLIST)
    async def leave_waitlist(self, request: LeaveWaitlist) -> LeftWaitlist:
        return await self._waitlist.leave_waitlist(request.journey_id, request.reason)

    @activity.defn(name=Activity.CLOSE)
    async def close(self, request: Close) -> None:
        await self._waitlist.close(request.journey_id, request.ending, request.reason, request.entered)
        log.info("journey closed", journey=request.journey_id, ending=request.ending, reason=request.reason)
