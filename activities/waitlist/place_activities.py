"""The activities by which shelves and journeys change the waiting list: places, leaving, ends."""

from collections.abc import Sequence
from typing import Protocol

import structlog
from temporalio import activity

from activities.waitlist.claims import Claim, Waitlist
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
    """Who can signal a journey, starting its workflow first where it has not been started yet."""

    async def notify_claims(self, claims: Sequence[tuple[JourneyStart, PlaceGiven]]) -> list[JourneyId]:
        """Signal every one of these journeys; the same call again changes nothing.

        Returns:
            Those whose workflow has ended already, so that nothing takes the signal.
        """
        ...


class PlaceActivities:
    """The waiting list's activities."""

    def __init__(self, waitlist: Waitlist, notifier: Notifier) -> None:
        self._waitlist = waitlist
        self._notifier = notifier

    @activity.defn(name=Activity.GIVE_PLACES)
    async def give_places(self, request: GivePlaces) -> PlacesGiven:
        given = await self._waitlist.give_places(request.subject)
        log.info("places given", subject=str(request.subject), to_notify=given.to_notify, more=given.more)
        return given

    @activity.defn(name=Activity.NOTIFY_CLAIMS)
    async def notify_claims(self, request: NotifyClaims) -> None:
        """Signal every journey that has not been signalled its claim; resumes where a killed attempt stopped."""
        while claims := await self._waitlist.claims_to_notify(request.subject, NOTIFIED_AT_ONCE):
            await self._notify(request.subject, claims)
            activity.heartbeat(claims[-1].claim_id)

    async def _notify(self, subject: Subject, claims: list[Claim]) -> None:
        starts = await self._waitlist.starts([claim.journey_id for claim in claims])
        unreadable = [claim.journey_id for claim in claims if claim.journey_id not in starts]
        for journey_id in unreadable:
            await self._waitlist.close(journey_id, Ending.EXITED, Reason.MESSAGE_BROKEN)
        calls = [
            (starts[claim.journey_id], PlaceGiven(claim_id=claim.claim_id))
            for claim in claims
            if claim.journey_id in starts
        ]
        for journey_id in await self._notifier.notify_claims(calls):
            # Its workflow was ended from outside: the place it held passes to the next.
            await self._waitlist.close(journey_id, Ending.EXITED, Reason.CANCELLED)
        await self._waitlist.mark_notified(claims)
        log.info("called forward", subject=str(subject), journeys=len(claims))

    @activity.defn(name=Activity.LEAVE_WAITLIST)
    async def leave_waitlist(self, request: LeaveWaitlist) -> LeftWaitlist:
        return await self._waitlist.leave_waitlist(request.journey_id, request.reason)

    @activity.defn(name=Activity.CLOSE)
    async def close(self, request: Close) -> None:
        await self._waitlist.close(request.journey_id, request.ending, request.reason)
        log.info("journey closed", journey=request.journey_id, ending=request.ending, reason=request.reason)
