"""The activity that carries out an operation on many journeys: asks each to move, or to leave.

It may be killed at any moment and begun anew: it goes on with those who have not been asked, and whoever is asked twice
does nothing the second time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.postgres.pool import Connection, Pool, Row, transaction
from activities.postgres.queries import load_queries
from activities.temporal import Temporal, is_trouble
from activities.waitlist.store import Waitlist
from schemas.ids import JourneyId
from schemas.journey.names import Activity
from schemas.journey.program import Program
from schemas.journey.signals import Leave, Move
from schemas.journey.state import JourneyStart
from schemas.reasons import Ending, Reason
from schemas.responses.operations import OperationKind, RunBulk

SQL = load_queries("activities.journeys", "bulk.sql")
log = structlog.get_logger()

ASKED_AT_ONCE = 50
"""Signals in flight together, as when a shelf calls forward: the journeys need the worker too, to answer."""


@dataclass(slots=True)
class _Asked:
    """What became of a batch.

    Attributes:
        last: the last journey of it; the next batch comes after.
        journeys: those that have been asked, or have ended.
        gone: their workflows have ended already.
        failed: why not, by journey. One that can never be asked must not keep all others from it.
        in_trouble: Temporal took none of its calls, and is in trouble: there is no use in asking the next batch.
    """

    last: str
    journeys: list[JourneyId] = field(default_factory=list[JourneyId])
    gone: list[JourneyId] = field(default_factory=list[JourneyId])
    failed: dict[JourneyId, str] = field(default_factory=dict[JourneyId, str])
    in_trouble: bool = False


class Bulk:
    """Operations on many journeys, carried out.

    Args:
        at_once: how many are asked together.
    """

    def __init__(self, pool: Pool, waitlist: Waitlist, temporal: Temporal, at_once: int = ASKED_AT_ONCE) -> None:
        self._pool = pool
        self._waitlist = waitlist
        self._temporal = temporal
        self._at_once = at_once

    @activity.defn(name=Activity.RUN_BULK)
    async def run_bulk(self, request: RunBulk) -> None:
        """Ask every journey of the operation that has not been asked yet.

        Raises:
            ApplicationError: some could not be asked; all others were, unless Temporal is in trouble. The next attempt
                goes on.
        """
        operation = request.operation_id
        row = await self._pool.fetchrow(SQL["operation"], operation)
        if row is None:
            log.error("operation not there", operation=operation)
            return
        kind = OperationKind(row["kind"])
        move = None
        if kind is OperationKind.MOVE:
            move = Move(program=Program.model_validate(row["program"]), operation_id=operation)
        asked, failed, after = 0, 0, ""
        while (batch := await self._ask_batch(operation, move, after)) is not None:
            asked, failed, after = asked + len(batch.journeys), failed + len(batch.failed), batch.last
            activity.heartbeat(asked)
            if batch.in_trouble:
                raise ApplicationError(
                    f"Temporal took no call of a whole batch; {asked} journeys were asked", type="NotAsked"
                )
        if failed:
            raise ApplicationError(f"{failed} journeys could not be asked; {asked} were", type="NotAsked")
        await self._pool.execute(SQL["finish"], operation)
        log.info("operation carried out", operation=operation, kind=kind, asked=asked)

    async def _ask_batch(self, operation: int, move: Move | None, after: str) -> _Asked | None:
        """Ask the next who have not been asked, beyond `after`; None: there is nobody left."""
        batch = operation, after, self._at_once
        if move is None:
            # Committed before anyone is asked: whoever leaves writes its end to the same row.
            async with transaction(self._pool) as connection:
                await connection.execute(SQL["hold"], operation)
                await connection.execute(SQL["will_end"], *batch, Reason.CONVERSATION_CHANGED)
        async with transaction(self._pool) as connection:
            await connection.execute(SQL["hold"], operation)
            rows = await connection.fetch(SQL["to_ask"], *batch)
            if not rows:
                return None
            asked = await self._ask(connection, rows, move)
            await connection.execute(SQL["asked"], operation, asked.journeys)
        for journey in asked.gone:
            # Its workflow was ended from outside: nobody is there to answer, and its place must not be lost with it.
            await self._waitlist.close(journey, Ending.EXITED, Reason.CANCELLED)
        if asked.failed:
            why = next(iter(asked.failed.values()))
            log.warning("journeys not asked", operation=operation, journeys=len(asked.failed), error=why)
        return asked

    async def _ask(self, connection: Connection, rows: Sequence[Row], move: Move | None) -> _Asked:
        asked = _Asked(rows[-1]["journey_id"], [JourneyId(row["journey_id"]) for row in rows if row["ended"]])
        in_flight = {JourneyId(row["journey_id"]): row for row in rows if not row["ended"]}
        if move is None:
            # Another attempt at the same operation may have moved the batch on since it was said who is to leave.
            unsaid = [journey for journey, row in in_flight.items() if row["leaving"] is None]
            asked.failed |= dict.fromkeys(unsaid, "another attempt is at it")
            in_flight = {journey: row for journey, row in in_flight.items() if journey not in asked.failed}
        starts = await self._waitlist.starts(list(in_flight), connection)
        answers = await asyncio.gather(
            *(self._call(start, in_flight[journey], move) for journey, start in starts.items()), return_exceptions=True
        )
        for journey, answer in zip(starts, answers, strict=True):
            match answer:
                case bool():
                    asked.journeys.append(journey)
                    if not answer:
                        asked.gone.append(journey)
                case RPCError():
                    asked.failed[journey] = answer.status.name
                case _:
                    raise answer
        asked.in_trouble = len(answers) == len(rows) and all(is_trouble(answer) for answer in answers)
        # A newer release published what they live by, and can ask them.
        asked.failed |= {journey: "program not readable" for journey in in_flight if journey not in starts}
        return asked

    async def _call(self, start: JourneyStart, row: Row, move: Move | None) -> bool:
        if move is not None:
            return await self._temporal.intervene(start, move)
        return await self._temporal.leave(start, Leave(reason=Reason(row["leaving"])))
