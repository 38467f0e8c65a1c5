"""The activity that carries out an operation on many journeys: asks each to move, or to leave.

It may be killed at any moment and begun anew: it goes on with those who have not been asked, and whoever is asked twice
does nothing the second time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from temporalio import activity
from temporalio.service import RPCError

from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.temporal import Temporal
from activities.waitlist.store import Waitlist
from schemas.ids import JourneyId
from schemas.journey import Activity, JourneyStart, Leave, Move, Signal
from schemas.operations import CarryOut, OperationKind
from schemas.program import Program
from schemas.reasons import Ending, Reason

SQL = load_queries("activities", "bulk.sql")
log = structlog.get_logger()

ASKED_AT_ONCE = 50
"""Signals in flight together, as when a shelf calls forward: the journeys need the worker too, to answer."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """What became of a batch of calls.

    Attributes:
        gone: their workflows have ended already.
        failed: Temporal did not take the call. One that it never takes must not keep all others from being asked.
    """

    gone: list[JourneyId]
    failed: dict[JourneyId, RPCError]


class Bulk:
    """Operations on many journeys, carried out."""

    def __init__(self, pool: Pool, waitlist: Waitlist, temporal: Temporal) -> None:
        self._pool = pool
        self._waitlist = waitlist
        self._temporal = temporal

    @activity.defn(name=Activity.CARRY_OUT)
    async def carry_out(self, request: CarryOut) -> None:
        """Ask every journey of the operation that has not been asked yet."""
        operation = request.operation_id
        row = await self._pool.fetchrow(SQL["operation"], operation)
        if row is None:
            log.error("operation not there", operation=operation)
            return
        kind = OperationKind(row["kind"])
        move = None
        if kind is OperationKind.MOVE:
            move = Move(program=Program.model_validate(row["program"]), operation_id=operation)
        asked = 0
        while batch := await self._ask_batch(operation, move):
            asked += batch
            activity.heartbeat(asked)
        await self._pool.execute(SQL["finish"], operation)
        log.info("operation carried out", operation=operation, kind=kind, asked=asked)

    async def _ask_batch(self, operation: int, move: Move | None) -> int:
        """How many have been asked; 0: there is nobody left to ask.

        Raises:
            RPCError: Temporal takes none of the calls. The next attempt begins with them.
        """
        async with transaction(self._pool) as connection:
            await connection.execute(SQL["hold"], operation)
            rows = await connection.fetch(SQL["to_ask"], operation, ASKED_AT_ONCE)
            under_way = [JourneyId(row["journey_id"]) for row in rows if not row["ended"]]
            answers = await self._ask(connection, under_way, move)
            asked = [JourneyId(row["journey_id"]) for row in rows if row["journey_id"] not in answers.failed]
            await connection.execute(SQL["asked"], operation, asked)
        for journey in answers.gone:
            # Its workflow was ended from outside: nobody is there to answer, and its place must not be lost with it.
            await self._waitlist.close(journey, Ending.EXITED, Reason.CANCELLED)
        if answers.failed:
            error = next(iter(answers.failed.values()))
            log.warning(
                "journeys not asked", operation=operation, journeys=len(answers.failed), error=error.status.name
            )
            if not asked:
                raise error
        return len(asked)

    async def _ask(self, connection: Connection, journeys: list[JourneyId], move: Move | None) -> _Answers:
        starts = await self._waitlist.starts(journeys, connection)
        if move is not None:
            return await self._signal([(start, Signal.MOVE, move) for start in starts.values()])
        # Committed before anyone is asked: whoever leaves writes its end to the same row.
        rows = await self._pool.fetch(SQL["will_end"], list(starts), Reason.CONVERSATION_CHANGED)
        return await self._signal(
            [(starts[row["id"]], Signal.LEAVE, Leave(reason=Reason(row["leaving"]))) for row in rows]
        )

    async def _signal(self, calls: Sequence[tuple[JourneyStart, Signal, Move | Leave]]) -> _Answers:
        reached = await asyncio.gather(*(self._temporal.signal(*call) for call in calls), return_exceptions=True)
        answers = _Answers([], {})
        for (start, _, _), there in zip(calls, reached, strict=True):
            match there:
                case bool():
                    if not there:
                        answers.gone.append(start.journey_id)
                case RPCError():
                    answers.failed[start.journey_id] = there
                case _:
                    raise there
        return answers
