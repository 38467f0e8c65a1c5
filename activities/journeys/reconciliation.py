"""The reconciliation: PostgreSQL and Temporal compared, and what differs repaired.

Our own steps are transactional or idempotent and leave nothing to find. It is for what comes from outside: a workflow
terminated by hand, a database restored from a backup, a Temporal that lost its data.
"""

from dataclasses import dataclass

import structlog
from temporalio import activity

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.temporal import Temporal
from activities.waitlist.claims import Waitlist
from schemas.ids import JourneyId
from schemas.journey.names import Activity
from schemas.reasons import Ending, Reason
from schemas.responses.reconciliation import Reconcile, Reconciliation

SQL = load_queries("activities.journeys", "reconciliation.sql")
log = structlog.get_logger()

CHECKED_AT_ONCE = 500
"""Journeys compared between two heartbeats."""


@dataclass(frozen=True, slots=True)
class OpenJourney:
    """A journey that has not ended; `told`: a message of its alert was sent; `left_line`: it left its waiting list."""

    id: JourneyId
    told: bool
    left_line: bool


class Reconciler:
    """The reconciliation's activity."""

    def __init__(self, pool: Pool, waitlist: Waitlist, temporal: Temporal) -> None:
        self._pool = pool
        self._waitlist = waitlist
        self._temporal = temporal

    @activity.defn(name=Activity.RECONCILE)
    async def reconcile(self, request: Reconcile) -> Reconciliation:
        """Compare and repair; safe to repeat. The report is kept."""
        number = await SQL.begin_report.value(self._pool)
        running = await self._running()
        checked, started, closed = await self._journeys_without_workflow(request, running)
        await SQL.run_unfinished_operations.run(self._pool, young=request.young)
        report = Reconciliation(
            checked=checked,
            started=started,
            closed=closed,
            dismissed=await self._workflows_without_journey(running),
            looks=len(await SQL.look_where_nobody_looks.values(self._pool, young=request.young)),
        )
        await SQL.finish_report.run(self._pool, number=number, report=report.model_dump(mode="json"))
        log.log(30 if report.repairs else 20, "reconciled", **report.model_dump())
        return report

    async def _running(self) -> set[JourneyId]:
        """The journeys whose workflows run, as Temporal's visibility store has it: perhaps seconds old."""
        running: set[JourneyId] = set()
        async for journey_id in self._temporal.running_journeys():
            running.add(journey_id)
            if len(running) % CHECKED_AT_ONCE == 0:
                activity.heartbeat(len(running))
        return running

    async def _journeys_without_workflow(self, request: Reconcile, running: set[JourneyId]) -> tuple[int, int, int]:
        """How many were checked, started again, closed."""
        checked = started = closed = 0
        last = ""
        while found := await SQL.open_journeys.rows(
            self._pool, OpenJourney, last=last, young=request.young, most=CHECKED_AT_ONCE
        ):
            last = found[-1].id
            checked += len(found)
            for journey in found:
                if journey.id in running:
                    continue
                # Visibility may lag; the workflow itself knows.
                match await self._temporal.is_running(journey.id):
                    case True:
                        pass
                    case False:
                        await self._waitlist.close(journey.id, Ending.EXITED, Reason.CANCELLED)
                        closed += 1
                    case None if journey.told or journey.left_line:
                        # A new workflow would wait in line again. Whatever steps the journey had left are lost.
                        ending, reason = (Ending.COMPLETED, None) if journey.told else (Ending.EXITED, Reason.CANCELLED)
                        await self._waitlist.close(journey.id, ending, reason)
                        closed += 1
                    case None:
                        await SQL.start_again.run(self._pool, journey_id=journey.id)
                        started += 1
            activity.heartbeat(last)
        return checked, started, closed

    async def _workflows_without_journey(self, running: set[JourneyId]) -> int:
        dismissed = 0
        ordered = sorted(running)
        for begin in range(0, len(ordered), CHECKED_AT_ONCE):
            batch = ordered[begin : begin + CHECKED_AT_ONCE]
            open_ones = set(await SQL.ended_among.values(self._pool, journeys=batch))
            for journey_id in batch:
                if journey_id not in open_ones and await self._temporal.is_running(journey_id):
                    await self._temporal.dismiss(journey_id, Reason.CANCELLED)
                    dismissed += 1
            activity.heartbeat(begin)
        return dismissed
