"""The activity that runs an operation on many journeys: signals each to move to another version, or to leave.

It may be killed at any moment and started again: it goes on with the journeys that have not been signalled, and a
journey that is signalled twice ignores the second signal.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.temporal import Temporal, is_trouble
from activities.waitlist.claims import Waitlist
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
"""Signals in flight together, as in `notify_claims`: the journeys need the worker too, to act on them."""


@dataclass(frozen=True, slots=True)
class StoredOperation:
    """An operation; `program`: of the version that journeys move to, as it is stored, None where they end."""

    kind: OperationKind
    program: object


@dataclass(frozen=True, slots=True)
class JourneyToAsk:
    """A journey of an operation that was not asked yet; `leaving`: why it is to leave, once that is written."""

    journey_id: JourneyId
    ended: bool
    leaving: Reason | None


@dataclass(slots=True)
class _Asked:
    """What became of a batch.

    Attributes:
        last: the last journey of the batch; the next batch begins after it.
        journeys: those that have been asked, or have ended.
        gone: those whose workflows had ended already, though PostgreSQL did not know.
        failed: why a journey could not be asked. One that can never be must not hold up the others.
        in_trouble: Temporal is in trouble and took none of the signals, so the next batch is not tried.
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
        stored = await SQL.operation.row(self._pool, StoredOperation, operation_id=operation)
        if stored is None:
            log.error("operation not there", operation=operation)
            return
        move = None
        if stored.kind is OperationKind.MOVE:
            move = Move(program=Program.model_validate(stored.program), operation_id=operation)
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
        await SQL.finish.run(self._pool, operation_id=operation)
        log.info("operation carried out", operation=operation, kind=stored.kind, asked=asked)

    async def _ask_batch(self, operation: int, move: Move | None, after: str) -> _Asked | None:
        """Ask the next journeys beyond `after` that have not been asked; None: there are none left."""
        if move is None:
            # Committed before any journey is asked: one that leaves writes its end to the same row.
            async with transaction(self._pool) as connection:
                await SQL.hold.run(connection, operation_id=operation)
                await SQL.will_end.run(
                    connection,
                    operation_id=operation,
                    after=after,
                    most=self._at_once,
                    reason=Reason.CONVERSATION_CHANGED,
                )
        async with transaction(self._pool) as connection:
            await SQL.hold.run(connection, operation_id=operation)
            batch = await SQL.to_ask.rows(
                connection, JourneyToAsk, operation_id=operation, after=after, most=self._at_once
            )
            if not batch:
                return None
            asked = await self._ask(connection, batch, move)
            await SQL.asked.run(connection, operation_id=operation, journey_ids=asked.journeys)
        for journey in asked.gone:
            # Its workflow was ended from outside: the place it held passes to the next.
            await self._waitlist.close(journey, Ending.EXITED, Reason.CANCELLED)
        if asked.failed:
            why = next(iter(asked.failed.values()))
            log.warning("journeys not asked", operation=operation, journeys=len(asked.failed), error=why)
        return asked

    async def _ask(self, connection: Connection, batch: Sequence[JourneyToAsk], move: Move | None) -> _Asked:
        asked = _Asked(batch[-1].journey_id, [journey.journey_id for journey in batch if journey.ended])
        in_flight = {journey.journey_id: journey for journey in batch if not journey.ended}
        if move is None:
            # Another attempt at this operation may have gone on since `will_end`, so that the batch now has others.
            unmarked = [journey_id for journey_id, journey in in_flight.items() if journey.leaving is None]
            asked.failed |= dict.fromkeys(unmarked, "another attempt is at it")
            in_flight = {
                journey_id: journey for journey_id, journey in in_flight.items() if journey_id not in asked.failed
            }
        starts = await self._waitlist.starts(list(in_flight), connection)
        answers = await asyncio.gather(
            *(self._signal(start, in_flight[journey], move) for journey, start in starts.items()),
            return_exceptions=True,
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
        asked.in_trouble = len(answers) == len(batch) and all(is_trouble(answer) for answer in answers)
        # A newer release published their version, and its workers can ask them.
        asked.failed |= {journey: "program not readable" for journey in in_flight if journey not in starts}
        return asked

    async def _signal(self, start: JourneyStart, journey: JourneyToAsk, move: Move | None) -> bool:
        """Whether the journey's workflow took it; false: it had ended."""
        if move is not None:
            return await self._temporal.intervene(start, move)
        assert journey.leaving is not None, "those that are not marked were left out"
        return await self._temporal.leave(start, Leave(reason=journey.leaving))
