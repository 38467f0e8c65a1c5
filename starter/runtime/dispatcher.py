"""The dispatcher: drains the outbox into Temporal.

Any number run side by side (SKIP LOCKED); every call is idempotent, so a crash between the call and the deletion of its
row only repeats it. While Temporal is down the outbox grows and nothing is lost (promise P4).
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import structlog
from temporalio.service import RPCError

from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.temporal import Temporal, is_trouble
from activities.waitlist.claims import Waitlist
from activities.waitlist.zero_prices import believe_zero_prices
from schemas.document.alert_types.offer import ZERO_PRICE_HOLDS
from schemas.ids import JourneyId, Subject
from schemas.journey.signals import Broadcast, ContactEvent, Intervene, Leave
from schemas.journey.state import JourneyStart
from schemas.reasons import Reason

log = structlog.get_logger()

SQL = load_queries("starter.runtime", "outbox.sql")

AT_ONCE = 100
"""Rows per transaction, all in flight together: what one client does best."""
IDLE = timedelta(seconds=5)
"""NOTIFY wakes the dispatcher; this is for rows whose retry falls due, and for a lost notification."""
RECONNECT = timedelta(seconds=1)
OUTBOX_NOTIFICATION = "shelftalk_outbox"
"""What the outbox's trigger notifies."""
FORGOTTEN_AT_ONCE = 5000
HOUSEKEEPING = timedelta(hours=1)
LONGEST_BACKOFF = timedelta(seconds=30)
"""The longest that a call waits for its next attempt."""
PARK_AFTER = 20
"""Attempts of a call that Temporal answers but refuses; then an operator must look (`shelftalk doctor`)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One row of the outbox: a call to Temporal that is due. Its `kind` decides which fields are set."""

    id: int
    kind: str
    journey_id: JourneyId | None
    store_id: str | None
    subject: str | None
    reason: str | None
    message: str | None
    payload: Any
    operation_id: int | None
    attempts: int


class Dispatcher:
    """Drains the outbox until it is cancelled."""

    def __init__(
        self,
        pool: Pool,
        waitlist: Waitlist,
        temporal: Temporal,
        keep_deliveries: timedelta,
        zero_price_holds: timedelta = ZERO_PRICE_HOLDS,
    ) -> None:
        self._pool = pool
        self._waitlist = waitlist
        self._temporal = temporal
        self._keep_deliveries = keep_deliveries
        self._zero_price_holds = zero_price_holds
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled. A lost database is waited for."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._drain_for_ever())
            tasks.create_task(self._let_time_pass())
            tasks.create_task(self._keep_house())

    async def drain(self) -> int:
        """Dispatch everything that is due now. Returns how many calls succeeded."""
        total = 0
        while True:
            async with transaction(self._pool) as connection:
                calls = await SQL.due.rows(connection, Call, most=AT_ONCE)
                done = await self._dispatch(connection, calls)
            total += done
            if len(calls) < AT_ONCE or done == 0:
                return total  # nothing more is due, or nobody answers: then the next batch would fare no better

    async def _dispatch(self, connection: Connection, calls: list[Call]) -> int:
        journeys = [call.journey_id for call in calls if call.journey_id]
        starts = await self._waitlist.starts(journeys, connection)
        answers = await asyncio.gather(*(self._make(call, starts) for call in calls), return_exceptions=True)
        done = [call.id for call, answer in zip(calls, answers, strict=True) if answer is None]
        await SQL.done.run(connection, ids=done)
        failures: dict[str, list[int]] = defaultdict(list)
        for call, answer in zip(calls, answers, strict=True):
            if isinstance(answer, Exception):
                error = _name(answer)
                failures[error].append(call.id)
                await SQL.failed.run(
                    connection, id=call.id, error=error, longest=LONGEST_BACKOFF, parks=_parks(call, answer)
                )
            elif answer is not None:
                raise answer
        for name, ids in failures.items():
            log.warning("dispatch failed", calls=len(ids), error=name)
        return len(done)

    async def _make(self, call: Call, starts: dict[JourneyId, JourneyStart]) -> None:
        """Make one call.

        Raises:
            RPCError, ValueError, KeyError: Temporal did not take it, or the row cannot be understood.
        """
        match call:
            case Call(kind="start_journey", journey_id=str(journey_id)):
                await self._temporal.start_journey(starts[JourneyId(journey_id)])
            case Call(kind="leave", journey_id=str(journey_id), reason=str(reason)):
                await self._temporal.leave(starts[JourneyId(journey_id)], Leave(reason=Reason(reason)))
            case Call(kind="look_again", store_id=str(store_id), subject=str(subject)):
                await self._temporal.look_again(Subject.from_key(store_id, subject))
            case Call(kind="broadcast", journey_id=str(journey_id), message=str(message)):
                await self._temporal.broadcast(starts[JourneyId(journey_id)], Broadcast(message=message))
            case Call(kind="contact_event", journey_id=str(journey_id), payload=payload):
                await self._temporal.tell(starts[JourneyId(journey_id)], ContactEvent.model_validate(payload))
            case Call(kind="intervene", journey_id=str(journey_id), payload=payload):
                signal = Intervene.model_validate(payload)
                await self._temporal.intervene(starts[JourneyId(journey_id)], signal.intervention)
            case Call(kind="run_bulk", operation_id=int(operation_id)):
                await self._temporal.run_bulk(operation_id)
            case _:
                raise ValueError(f"the outbox holds a {call.kind!r}, which this release does not know")

    async def _drain_for_ever(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self.drain()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("outbox cannot be read", error=type(error).__name__)
            try:
                async with asyncio.timeout(IDLE.total_seconds()):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _listen(self) -> None:
        while True:
            try:
                async with self._pool.acquire() as connection:
                    await self._be_woken(connection)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("outbox notifications lost", error=type(error).__name__)
            await asyncio.sleep(RECONNECT.total_seconds())

    async def _be_woken(self, connection: Connection) -> None:
        """Be woken by every NOTIFY until the connection is lost."""
        lost = asyncio.Event()

        def wake(*_: object) -> None:
            self._woken.set()

        def lose(*_: object) -> None:
            lost.set()

        connection.add_termination_listener(lose)
        await connection.add_listener(OUTBOX_NOTIFICATION, wake)
        try:
            self._woken.set()  # what came in while nobody listened
            await lost.wait()
        finally:
            connection.remove_termination_listener(lose)
            if not connection.is_closed():
                await connection.remove_listener(OUTBOX_NOTIFICATION, wake)

    async def _let_time_pass(self) -> None:
        """Do what is due by the clock: offers lapse, and prices of nothing count."""
        while True:
            try:
                await self._waitlist.lapse_offers()
                await believe_zero_prices(self._pool, self._zero_price_holds)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("what is due was not done", error=type(error).__name__)
            await asyncio.sleep(IDLE.total_seconds())

    async def _keep_house(self) -> None:
        while True:
            try:
                while await SQL.forget_deliveries.values(self._pool, age=self._keep_deliveries, most=FORGOTTEN_AT_ONCE):
                    pass
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("old deliveries not forgotten", error=type(error).__name__)
            await asyncio.sleep(HOUSEKEEPING.total_seconds())


def _name(error: Exception) -> str:
    return error.status.name if isinstance(error, RPCError) else type(error).__name__


def _parks(call: Call, error: Exception) -> bool:
    """Whether to give up: Temporal refused the call, or the row could not be understood, `PARK_AFTER` times."""
    refused = isinstance(error, RPCError) and not is_trouble(error)
    ours = isinstance(error, ValueError | KeyError | TypeError)
    return (refused or ours) and call.attempts + 1 >= PARK_AFTER
