"""Where a journey rests, read from its workflow's history, which is never behind: what a repair begins with."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio.client import Client

from activities.archive.archive import Archive
from activities.postgres.pool import Pool
from schemas.document.steps import RESTS
from schemas.errors import DomainError, ErrorKind
from schemas.ids import JourneyId, StepId
from schemas.journey.outcome import Deferred, Held, Stopped
from schemas.journey.path import JourneyPath, PathEntry
from schemas.reasons import Reason
from starter.support.journeys import Journeys
from starter.support.replay import HistoryGone, find_history, replay_history
from starter.support.settled import is_answering

LOOKS = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between two looks at a journey with an open workflow task or activity: most take milliseconds, sending a
message some seconds."""
BETWEEN = (
    "This journey is between two steps just now. Look again in a moment. If it stays there, no worker is at work "
    "(`shelftalk doctor` tells), or its workflow task fails: the worker's log says why."
)


class NotRepairable(DomainError):
    """The journey does not rest where this repair could do anything; the text says why, and what would."""

    code = "not_repairable"
    kind = ErrorKind.CONFLICT
    advice = "`shelftalk journey replay` has its path."


@dataclass(frozen=True, slots=True)
class RestingJourney:
    """Where a journey rests.

    Attributes:
        tries: its step failed and can be tried again; otherwise it waits for time to pass or for an event.
        sends: the step sends a message.
        cause: what holds it up.
    """

    step: StepId
    since: datetime
    tries: bool
    sends: bool
    cause: Reason | None


class RestingPlaces:
    """The histories of journeys, running and closed.

    Args:
        looks: seconds between two looks at a journey that has something to answer still.
    """

    def __init__(self, pool: Pool, client: Client, archive: Archive, looks: Sequence[float] = LOOKS) -> None:
        self._pool = pool
        self._client = client
        self._archive = archive
        self._looks = looks

    async def of(self, journey_id: JourneyId) -> RestingJourney:
        """Where this journey rests.

        Raises:
            NoSuchJourney, NotRepairable, HistoryCorrupt, ArchiveUnavailable, ReplayFailed: as they say.
        """
        if (await Journeys(self._pool).show(journey_id)).ended_at is not None:
            raise NotRepairable("This journey has ended; there is nothing left to go on with.")
        try:
            path = await self._settled_path(journey_id)
        except HistoryGone:
            raise NotRepairable(
                "This journey's workflow has not been started, or is lost: `shelftalk doctor` tells whether the outbox "
                "is drained, and the reconciliation starts it anew."
            ) from None
        if path.ending is not None:
            raise NotRepairable("This journey has ended; its record follows in a moment.")
        resting = path.entries[-1] if path.entries else None
        if resting is None or resting.left_at is not None:
            raise NotRepairable(BETWEEN)
        return _rest_at(resting)

    async def _settled_path(self, journey_id: JourneyId) -> JourneyPath:
        """The path, once every signal is worked off: until then the journey might be about to leave where it rests.

        Raises:
            HistoryGone, NotRepairable, HistoryCorrupt, ArchiveUnavailable, ReplayFailed: as they say.
        """
        for pause in (*self._looks, None):
            history = await find_history(self._client, self._archive, journey_id)
            if not is_answering(history):
                return await replay_history(history, self._client.data_converter)
            if pause is not None:
                await asyncio.sleep(pause)
        raise NotRepairable(BETWEEN)


def describe(journey_id: JourneyId, rest: RestingJourney) -> str:
    """Where it rests, for people."""
    held = f" ({rest.cause.sentence.removesuffix('.')})" if rest.cause else ""
    return f"{journey_id} rests at '{rest.step}' since {rest.since:%Y-%m-%d %H:%M} UTC{held}"


def _rest_at(entry: PathEntry) -> RestingJourney:
    """Where a journey rests by the last entry of its path, which it has not left.

    Raises:
        NotRepairable: it does not rest there, or no repair helps there.
    """
    step, outcome = StepId(entry.step), entry.outcome
    match entry.kind:
        case "waiting":
            raise NotRepairable("This journey stands in line: it goes on when its turn comes. To end it, cancel it.")
        case kind if kind in RESTS:
            return RestingJourney(step, entry.entered_at, tries=False, sends=False, cause=None)
        case "send" | "call_webhook":
            sends = entry.kind == "send"
            match outcome:
                case Deferred(reason=cause) | Stopped(reason=cause):
                    return RestingJourney(step, entry.entered_at, tries=True, sends=sends, cause=cause)
                case Held():
                    return RestingJourney(
                        step, entry.entered_at, tries=True, sends=sends, cause=Reason.AWAITING_APPROVAL
                    )
                case _:
                    raise NotRepairable(
                        f"The message of '{step}' is being sent: it may have left, so it is not passed over. What "
                        "became of it is known within a day at the latest."
                        if sends
                        else f"'{step}' is being called, for a day at most. After that it can be passed over."
                    )
        case _:
            raise NotRepairable(BETWEEN)
