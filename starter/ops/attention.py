"""What waits for people now, and how the last days went. Reads PostgreSQL only, and nothing that grows with its age."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import StoreId
from schemas.money import in_currency
from schemas.reasons import STOPPING
from schemas.responses.attention import Begun, Concern, ConcernKind, DayGlance, Earned, Glance, Sent

SQL = load_queries("starter.ops", "attention.sql")

DAYS = 14
"""As many as are shown side by side."""
STUMBLE = timedelta(minutes=15)
"""As in the check-up: a shop's server that is away for less is on its way back."""
UNREADABLE_WITHIN = timedelta(days=1)
_ORDER = tuple(ConcernKind)


class Attention:
    """What waits for people, over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def glance(self, zone: ZoneInfo, stores: Sequence[StoreId] | None = None) -> Glance:
        """What waits now, what left today and the last days, in this time zone.

        Args:
            stores: only of these, and nothing of the installation itself; None: everything.
        """
        today = datetime.now(zone).date()
        first = today - timedelta(days=DAYS - 1)
        since = datetime.combine(first, time(), zone).astimezone(UTC)
        midnight = datetime.combine(today, time(), zone).astimezone(UTC)
        concerns, sent, earned, days, begun = await asyncio.gather(
            self.concerns(stores),
            SQL.sent.rows(self._pool, Sent, since=midnight, stores=stores),
            SQL.earned.rows(self._pool, Earned, since=midnight, stores=stores),
            SQL.days.rows(self._pool, DayGlance, since=since, zone=zone.key, stores=stores),
            SQL.begun.one(self._pool, Begun),
        )
        found = {each.day: each for each in days}
        every = (first + timedelta(days=number) for number in range(DAYS))
        return Glance(
            concerns=concerns,
            sent=tuple(sent),
            earned=tuple(each.model_copy(update={"net": in_currency(each.net, each.currency)}) for each in earned),
            days=tuple(found.get(day) or DayGlance(day=day, entered=0, told=0) for day in every),
            begun=begun,
        )

    async def concerns(self, stores: Sequence[StoreId] | None = None) -> tuple[Concern, ...]:
        """What waits for people, the most pressing first."""
        found = await SQL.concerns.rows(
            self._pool,
            Concern,
            stores=stores,
            causes=list(STOPPING),
            stumble=STUMBLE,
            unreadable_within=UNREADABLE_WITHIN,
        )
        return tuple(sorted(found, key=lambda each: (_ORDER.index(each.kind), -each.count, each.about or "")))
