"""The dispatcher: drains the outbox into Temporal, by priority (schemas/priority.py) and the stores in turn.

Any number run side by side (SKIP LOCKED); every call is idempotent, so a crash between the call and the deletion of its
row only repeats it. While Temporal is down the outbox grows and nothing is lost (promise P4).
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import inf
from typing import Any

import asyncpg
import structlog
from temporalio.service import RPCError

from activities.intake.feeds import FeedReader
from activities.intake.silence import forget_days, listen_to_stores
from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.temporal import Temporal, is_trouble
from activities.waitlist.claims import Waitlist
from activities.waitlist.devices import forget_devices
from activities.waitlist.line_counts import fold_line_counts
from activities.waitlist.staying import keep_in_line
from activities.waitlist.up_to_them import end_pauses, lapse_unconfirmed
from activities.waitlist.zero_prices import believe_zero_prices
from schemas.document.alert_types.offer import ZERO_PRICE_HOLDS
from schemas.ids import JourneyId, Subject
from schemas.journey.signals import Broadcast, ContactEvent, Intervene, Leave
from schemas.journey.state import JourneyStart
from schemas.priority import PriorityKey
from schemas.reasons import Reason

log = structlog.get_logger()

SQL = load_queries("starter.runtime", "outbox.sql")

AT_ONCE = 100
"""Rows per transaction, all in flight together: what one client does best."""
BACKGROUND_AT_ONCE = 8
"""Of what nobody waits for: what is urgent meanwhile finds a Temporal with room."""
URGENT_LASTS = timedelta(seconds=2)
"""How long what is urgent takes at most, from the outbox to the last mail; meanwhile background calls make room."""
ROOM = 4
"""They then leave so many times their own time free."""
LONGEST_ROOM = timedelta(seconds=2)
"""Between two background batches, so that they go on also where something urgent comes all the time."""
LANES: tuple[tuple[PriorityKey, ...], ...] = ((PriorityKey.URGENT,), (PriorityKey.ORDINARY, PriorityKey.BACKGROUND))
"""What is drained side by side, so that nothing urgent waits for a batch of the others; in a lane strictly in order."""
IDLE = timedelta(seconds=5)
"""NOTIFY wakes the dispatcher; this is for rows whose retry falls due, and for a lost notification."""
RECONNECT = timedelta(seconds=1)
OUTBOX_NOTIFICATION = "shelftalk_outbox"
"""What the outbox's trigger notifies."""
FORGOTTEN_AT_ONCE = 5000
HOUSEKEEPING = timedelta(hours=1)
LISTENING = timedelta(minutes=1)
"""Between two looks at what storefronts sent: none is silent before an hour is over."""
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
    store_id: str
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
        feeds: FeedReader | None = None,
    ) -> None:
        self._pool = pool
        self._waitlist = waitlist
        self._temporal = temporal
        self._keep_deliveries = keep_deliveries
        self._served = dict.fromkeys(PriorityKey, "")  # The store whose turn was last.
        self._woken = {lane: asyncio.Event() for lane in LANES}
        self._urgent_at = -inf  # On the monotonic clock: when something urgent came last, to whichever process.
        self._zero_price_holds = zero_price_holds
        self._feeds = feeds

    async def run(self) -> None:
        """Run until cancelled. A lost database is waited for."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_for_ever(self._listen, "outbox notifications lost"))
            for lane in LANES:
                tasks.create_task(_for_ever(partial(self._drain_when_woken, lane), "outbox cannot be read"))
            for do_what_is_due in self._by_the_clock():
                tasks.create_task(_for_ever(partial(_do_and_rest, do_what_is_due), "what is due was not done"))
            tasks.create_task(_for_ever(self._listen_to_stores, "stores not listened to"))
            tasks.create_task(_for_ever(self._keep_house, "old deliveries not forgotten"))
            if self._feeds is not None:
                tasks.create_task(_for_ever(partial(self._read_feeds, self._feeds), "feeds not read"))

    async def drain(self) -> int:
        """Dispatch everything that is due now. Returns how many calls succeeded."""
        return sum(await asyncio.gather(*(self._drain(lane) for lane in LANES)))

    async def _drain(self, lane: Sequence[PriorityKey]) -> int:
        total = 0
        while True:
            began = time.monotonic()
            async with transaction(self._pool) as connection:
                key, calls = await self._due(connection, lane)
                done = await self._dispatch(connection, calls)
            total += done
            if done == 0:
                return total  # nothing more is due, or nobody answers: then the next batch would fare no better
            if key is PriorityKey.BACKGROUND:
                now = time.monotonic()
                await asyncio.sleep(room(now - began, now - self._urgent_at))

    async def _due(self, connection: Connection, lane: Sequence[PriorityKey]) -> tuple[PriorityKey, list[Call]]:
        """The next calls of the first priority of this lane that has any due."""
        for key in lane:
            most = BACKGROUND_AT_ONCE if key is PriorityKey.BACKGROUND else AT_ONCE
            if calls := await SQL.due.rows(connection, Call, priority=key, after=self._served[key], most=most):
                self._served[key] = calls[-1].store_id
                return key, calls
        return lane[-1], []

    async def _dispatch(self, connection: Connection, calls: list[Call]) -> int:
        if not calls:
            return 0
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

    async def _drain_when_woken(self, lane: tuple[PriorityKey, ...]) -> None:
        woken = self._woken[lane]
        woken.clear()
        await self._drain(lane)
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE.total_seconds()):
                await woken.wait()

    async def _listen(self) -> None:
        async with self._pool.acquire() as connection:
            await self._be_woken(connection)

    async def _be_woken(self, connection: Connection) -> None:
        """Be woken by every NOTIFY until the connection is lost."""
        lost = asyncio.Event()

        def wake(*notification: object) -> None:
            if notification[-1:] == (str(PriorityKey.URGENT.value),):
                self._urgent_at = time.monotonic()
            for woken in self._woken.values():
                woken.set()

        def lose(*_: object) -> None:
            lost.set()

        connection.add_termination_listener(lose)
        await connection.add_listener(OUTBOX_NOTIFICATION, wake)
        try:
            wake()  # what came in while nobody listened
            await lost.wait()
        finally:
            connection.remove_termination_listener(lose)
            # Not one word more to a server that may be gone: its answer could be waited for for ever.
            connection.terminate()

    def _by_the_clock(self) -> Sequence[Callable[[], Awaitable[object]]]:
        """What is due by the clock: offers and pauses end, who did not buy stays, counts fold, free prices count. Each
        is done by itself, so that one that fails keeps nothing else back."""
        pool, holds = self._pool, self._zero_price_holds
        of_the_pool = (keep_in_line, lapse_unconfirmed, end_pauses, fold_line_counts)
        prices = partial(believe_zero_prices, pool, holds)
        return (self._waitlist.lapse_offers, *(partial(each, pool) for each in of_the_pool), prices)

    async def _listen_to_stores(self) -> None:
        await listen_to_stores(self._pool)
        await asyncio.sleep(LISTENING.total_seconds())

    async def _read_feeds(self, feeds: FeedReader) -> None:
        await feeds.read_due()
        await asyncio.sleep(IDLE.total_seconds())

    async def _keep_house(self) -> None:
        while await SQL.forget_deliveries.values(self._pool, age=self._keep_deliveries, most=FORGOTTEN_AT_ONCE):
            pass
        await SQL.forget_sign_up_counts.run(self._pool)
        await SQL.forget_used_challenges.run(self._pool)
        await SQL.forget_turns.run(self._pool)
        await forget_devices(self._pool)
        await forget_days(self._pool)
        await asyncio.sleep(HOUSEKEEPING.total_seconds())


def room(took: float, since_urgent: float) -> float:
    """How long to leave free after a batch of background calls, in seconds; all are.

    Args:
        took: the batch.
        since_urgent: since something urgent came to the outbox.
    """
    urgent = since_urgent < URGENT_LASTS.total_seconds()
    return min(ROOM * took, LONGEST_ROOM.total_seconds()) if urgent else 0.0


async def _do_and_rest(what_is_due: Callable[[], Awaitable[object]]) -> None:
    await what_is_due()
    await asyncio.sleep(IDLE.total_seconds())


async def _for_ever(work: Callable[[], Awaitable[None]], failed: str) -> None:
    """Do this again and again. A lost database is waited for; a statement that it refuses is our mistake, and holds up
    none of the process's other work."""
    while True:
        try:
            await work()
        except (*POSTGRES_AWAY, asyncpg.PostgresError) as error:
            log.warning(failed, error=type(error).__name__)
            await asyncio.sleep(RECONNECT.total_seconds())


def _name(error: Exception) -> str:
    return error.status.name if isinstance(error, RPCError) else type(error).__name__


def _parks(call: Call, error: Exception) -> bool:
    """Whether to give up: Temporal refused the call, or the row could not be understood, `PARK_AFTER` times."""
    refused = isinstance(error, RPCError) and not is_trouble(error)
    ours = isinstance(error, ValueError | KeyError | TypeError)
    return (refused or ours) and call.attempts + 1 >= PARK_AFTER
