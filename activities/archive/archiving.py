"""Archiving: the histories of journeys that have ended are put into the archive before Temporal forgets them.

A history is put first and marked after, each journey by itself. So an attempt that is killed anywhere loses nothing:
the next one goes on with what is not marked, and at worst puts one history a second time.
"""

import asyncio
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import assert_never

import structlog
from temporalio import activity
from temporalio.service import RPCError

from activities.archive.archive import Archive, ArchiveUnavailable
from activities.archive.closed import Closed, ClosedHistories, Gone, StillRunning, TooLarge
from activities.archive.sealed import LARGEST, HistoryTooLarge, seal
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import JourneyId
from schemas.journey.names import Activity
from schemas.responses.archive import ArchiveHistories, ArchiveReport, ArchiveStatus, Kept

SQL = load_queries("activities.archive", "archiving.sql")
log = structlog.get_logger()

BATCH = 100
"""Journeys between two heartbeats."""
AT_ONCE = 8
"""Histories read and put at once, each 16 MiB at the very worst; usually some KiB."""
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EndedJourney:
    """A journey that has ended, and whose history nobody has looked at."""

    id: JourneyId
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class ArchiveCounts:
    """What has become of the histories of all journeys that have ended; `bytes`: of those that were kept."""

    kept: int
    gone: int
    too_large: int
    to_do: int
    bytes: int
    last_at: datetime | None


class Archiving:
    """The archiving activity.

    Args:
        largest: histories of more bytes are left, and are marked so.
    """

    def __init__(self, pool: Pool, archive: Archive, histories: ClosedHistories, largest: int = LARGEST) -> None:
        self._pool = pool
        self._archive = archive
        self._histories = histories
        self._largest = largest

    @activity.defn(name=Activity.ARCHIVE)
    async def archive(self, request: ArchiveHistories) -> ArchiveReport:
        """Archive what has closed; safe to repeat, also side by side. The report is of this attempt only.

        Raises:
            ArchiveUnavailable, RPCError: nothing of a whole batch could be put, or read. What was marked stays so.
        """
        found: Counter[Kept | type[StillRunning] | type[Exception]] = Counter()
        after, last, looked_at = _BEFORE_ALL, "", 0
        while looked_at < request.most:
            most = min(BATCH, request.most - looked_at)
            rows = await self._to_archive(request, after, last, most)
            if not rows:
                break
            found += await self._batch([row.id for row in rows])
            after, last, looked_at = rows[-1].ended_at, rows[-1].id, looked_at + len(rows)
            activity.heartbeat(looked_at)
        report = ArchiveReport(
            kept=found[Kept.KEPT],
            gone=found[Kept.GONE],
            too_large=found[Kept.TOO_LARGE],
            running=found[StillRunning],
            failed=found[Exception],
            more=bool(await self._to_archive(request, after, last, 1)),
        )
        log.info("histories archived", **report.model_dump())
        return report

    async def _to_archive(self, request: ArchiveHistories, after: datetime, last: str, most: int) -> list[EndedJourney]:
        return await SQL.to_archive.rows(
            self._pool, EndedJourney, young=request.young, after=after, last=last, most=most
        )

    async def _batch(self, journeys: list[JourneyId]) -> Counter[Kept | type[StillRunning] | type[Exception]]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def in_turn(journey_id: JourneyId) -> Kept | type[StillRunning] | Exception:
            async with slots:
                try:
                    return await self._one(journey_id)
                except (ArchiveUnavailable, RPCError) as error:
                    return error

        ended = await asyncio.gather(*(in_turn(journey_id) for journey_id in journeys))
        failures = [each for each in ended if isinstance(each, Exception)]
        if len(failures) == len(journeys):
            # All failed, so it is the store or Temporal that is unreachable: a later attempt goes on here.
            raise failures[0]
        if failures:
            log.warning("histories not archived", histories=len(failures), error=str(failures[0]))
        return Counter(Exception if isinstance(each, Exception) else each for each in ended)

    async def _one(self, journey_id: JourneyId) -> Kept | type[StillRunning]:
        found = await self._histories.read(journey_id, self._largest)
        match found:
            case StillRunning():
                return StillRunning
            case Gone():
                await self._settle(journey_id, Kept.GONE)
                return Kept.GONE
            case TooLarge(run_id=run_id, events=events):
                await self._settle(journey_id, Kept.TOO_LARGE, run_id, events)
                return Kept.TOO_LARGE
            case Closed(run_id=run_id, history=history):
                try:
                    # Packing a large history takes long, so it is kept off the event loop.
                    sealed = await asyncio.to_thread(seal, journey_id, run_id, history, self._largest)
                except HistoryTooLarge:
                    await self._settle(journey_id, Kept.TOO_LARGE, run_id, len(history.events))
                    return Kept.TOO_LARGE
                await self._archive.put(sealed)
                await self._settle(journey_id, Kept.KEPT, run_id, sealed.events, len(sealed.content))
                return Kept.KEPT
            case _:
                assert_never(found)

    async def _settle(
        self,
        journey_id: JourneyId,
        outcome: Kept,
        run_id: str | None = None,
        events: int | None = None,
        size: int | None = None,
    ) -> None:
        await SQL.settle.run(
            self._pool,
            journey_id=journey_id,
            outcome=outcome,
            archive=self._archive.name if outcome is Kept.KEPT else None,
            run_id=run_id,
            events=events,
            bytes=size,
        )


async def archive_status(pool: Pool, archive: Archive) -> ArchiveStatus:
    """What has been archived and what is still to do, by PostgreSQL."""
    return ArchiveStatus(archive=archive.name, **asdict(await SQL.status.one(pool, ArchiveCounts)))
