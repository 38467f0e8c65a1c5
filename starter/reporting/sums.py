"""What happened in a conversation, summed up: a period of years is read as some rows for each of its days.

A day is summed up when it is first asked for after its end, and an hour of the day that is under way likewise; what
lies outside is counted one by one. Triggers note what is told late (`told_late` in the schema), and sums of such hours
are made anew, so that a sum is always what counting would say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from activities.postgres.pool import Connection, Pool, snapshot, transaction
from activities.postgres.queries import load_queries
from schemas.reasons import Reason
from starter.reporting.reports import midnight

SQL = load_queries("starter.reporting", "sums.sql")

LIMIT_SECONDS = 30.0
"""Of one statement, with a month in which millions came by."""
OVER_FOR = timedelta(minutes=20)
"""Twice as long as `is_late` of the schema: no transaction that tells in time is open for the other half."""
MOST_AT_ONCE = 31
"""Stretches that are summed up by one statement."""
_HOUR = timedelta(hours=1)
_TRIES = 3


@dataclass(frozen=True, slots=True)
class CountRow:
    """How often one thing happened at one place, to how many people, and what it came to."""

    place: str
    what: Literal["entry", "now", "why_not", "revenue"]
    reason: Reason | None
    currency: str | None
    times: int
    people: int
    amount: Decimal
    orders: int


@dataclass(frozen=True, slots=True)
class _Conversation:
    """Since when it had journeys, and whether one of its alerts is, or was, of another one too."""

    first: datetime | None
    alert_taken_over: bool


@dataclass(frozen=True, slots=True)
class Stretches:
    """What is summed up of a period, without a gap from `begin` to `end`.

    Attributes:
        sinces: where each begins.
    """

    begin: datetime
    end: datetime
    sinces: tuple[datetime, ...]

    @property
    def untils(self) -> tuple[datetime, ...]:
        return (*self.sinces[1:], self.end) if self.sinces else ()

    @property
    def asked(self) -> Mapping[str, object]:
        """They as queries take them."""
        return {"sinces": self.sinces, "untils": self.untils, "begin": self.begin, "end": self.end}


def stretches_of(since: datetime, until: datetime, first: datetime | None, now: datetime, zone: ZoneInfo) -> Stretches:
    """The days of a period that are over, and the hours that are of the day under way. Pure.

    Args:
        since: the first moment of a day of the zone.
        first: before the day of this nothing happened that is worth a sum; None: nothing happened.
    """
    if first is None:
        return Stretches(since, since, ())
    over = min(until, now - OVER_FOR)
    begin = day = max(since, midnight(first.astimezone(zone).date(), zone))
    sinces: list[datetime] = []
    while (after := midnight(day.astimezone(zone).date() + timedelta(days=1), zone)) <= over:
        sinces.append(day)
        day = after
    while day + _HOUR <= over:
        sinces.append(day)
        day += _HOUR
    return Stretches(begin, day if sinces else begin, tuple(sinces))


class Sums:
    """The sums of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def figures(
        self, conversation: str, since: datetime, until: datetime, now: datetime, time_zone: str
    ) -> Sequence[CountRow]:
        """What happened in a period of whole days, and who is where now: of all stores and versions."""
        found = await SQL.conversation.one(self._pool, _Conversation, conversation=conversation)
        stretches = stretches_of(since, until, found.first, now, ZoneInfo(time_zone))
        for _ in range(_TRIES):
            async with snapshot(self._pool) as connection:
                if await _are_good(connection, conversation, stretches):
                    happened = await _happened(connection, conversation, since, until, stretches)
                    return [*happened, *await _now(connection, conversation, found)]
            await self._sum_up(conversation, stretches, time_zone)
        # Much is told late this moment.
        async with snapshot(self._pool) as connection:
            happened = await _happened(connection, conversation, since, until, Stretches(since, since, ()))
            return [*happened, *await _now(connection, conversation, found)]

    async def _sum_up(self, conversation: str, stretches: Stretches, time_zone: str) -> None:
        """Make the sums that are missing."""
        asked = {"conversation": conversation, "sinces": stretches.sinces, "untils": stretches.untils}
        async with transaction(self._pool) as connection:
            await SQL.forget_told_late.run(connection, conversation=conversation)
            await SQL.forget_within.run(connection, conversation=conversation, sinces=stretches.sinces)
        while True:
            async with transaction(self._pool) as connection:
                await SQL.hold.run(connection, conversation=conversation)
                missing: list[int] = await SQL.missing.values(connection, **asked)
                if not missing:
                    return
                await _sum_up_some(connection, conversation, stretches, first_run(missing), time_zone)


def first_run(numbers: Sequence[int]) -> Sequence[int]:
    """The first of them that follow each other, `MOST_AT_ONCE` at most. Pure."""
    _, run = next(groupby(enumerate(numbers), key=lambda each: each[1] - each[0]))
    return [number for _, number in run][:MOST_AT_ONCE]


async def _are_good(connection: Connection, conversation: str, stretches: Stretches) -> bool:
    if not stretches.sinces:
        return True
    return await SQL.are_good.value(connection, conversation=conversation, **stretches.asked)


async def _happened(
    connection: Connection, conversation: str, since: datetime, until: datetime, stretches: Stretches
) -> list[CountRow]:
    asked = {"conversation": conversation, "since": since, "until": until, **stretches.asked}
    return await SQL.figures.within(LIMIT_SECONDS).rows(connection, CountRow, **asked)


async def _now(connection: Connection, conversation: str, of: _Conversation) -> list[CountRow]:
    query = SQL.now_one_by_one if of.alert_taken_over else SQL.now
    return await query.within(LIMIT_SECONDS).rows(connection, CountRow, conversation=conversation)


async def _sum_up_some(
    connection: Connection, conversation: str, stretches: Stretches, numbers: Sequence[int], time_zone: str
) -> None:
    sinces = tuple(stretches.sinces[number - 1] for number in numbers)
    some = Stretches(sinces[0], stretches.untils[numbers[-1] - 1], sinces)
    await SQL.sum_up.within(LIMIT_SECONDS).run(connection, conversation=conversation, zone=time_zone, **some.asked)
