"""How long alerts take, leg by leg: from the change in the shop until they are delivered.

docs/reports.md gives every number its meaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import StoreId
from schemas.responses.delays import DelayReport, Leg, LegFigures, ToldAt, ToldLately
from starter.reporting.messages import usual_period
from starter.reporting.reports import Period, instants_of

SQL = load_queries("starter.reporting", "delays.sql")

MOST_TOLD = 3_000
"""The newest, of one report: what is read of them stays far below the limit of a query."""
LATELY = timedelta(hours=1)
MOST_LATELY = 3_000
"""Of one scrape: it must not show, however often it comes."""


@dataclass(frozen=True, slots=True)
class LegRow:
    """One leg; `told` and `otherwise` are of all, and the same in each."""

    leg: Leg
    told: int
    otherwise: int
    alerts: int
    p50: float | None
    p95: float | None
    clock_off: int

    def figures(self) -> LegFigures:
        """As it is shown: to the millisecond."""
        return LegFigures(
            leg=self.leg,
            alerts=self.alerts,
            p50=None if self.p50 is None else round(self.p50, 3),
            p95=None if self.p95 is None else round(self.p95, 3),
            clock_off=self.clock_off,
        )


class DelayReports:
    """The report over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def delays(
        self,
        period: Period,
        list_code: str | None = None,
        store: StoreId | None = None,
        stores: Sequence[StoreId] | None = None,
    ) -> DelayReport:
        """How long it took to tell those who were told in the period; without one, in the last 30 days.

        Args:
            list_code, store: only of these; None: of all.
            stores: those that whoever asks is for; None: all.

        Raises:
            NoSuchList: as it says.
        """
        period = usual_period(period)
        since, until = await instants_of(self._pool, period, list_code)
        rows = await self._legs(since, until, list_code, stores if store is None else [store], MOST_TOLD)
        told = max((row.told for row in rows), default=0)
        return DelayReport(
            list_code=list_code,
            store=store,
            since=period.since,
            until=period.until,
            told=told,
            otherwise=max((row.otherwise for row in rows), default=0),
            cut=told == MOST_TOLD,
            legs=_in_order(rows),
        )

    async def latest(
        self, limit: int, before: str | None = None, stores: Sequence[StoreId] | None = None
    ) -> ToldLately:
        """Those who were told last, with the way of the alert of each.

        Args:
            before: the key of the last of the page before.
            stores: only of these; None: of all.
        """
        told = await SQL.latest.rows(self._pool, ToldAt, before=before, stores=stores, most=limit + 1)
        return ToldLately(told=tuple(told[:limit]), more=len(told) > limit)

    async def lately(self) -> Sequence[LegFigures]:
        """The same of those who were told within the hour, of all stores; of the newest `MOST_LATELY` of them."""
        now = datetime.now(UTC)
        return _in_order(await self._legs(now - LATELY, now + LATELY, None, None, MOST_LATELY))

    async def _legs(
        self, since: datetime, until: datetime, list_code: str | None, stores: Sequence[StoreId] | None, most: int
    ) -> list[LegRow]:
        return await SQL.legs.rows(
            self._pool, LegRow, since=since, until=until, list_code=list_code, stores=stores, most=most
        )


def _in_order(rows: Sequence[LegRow]) -> tuple[LegFigures, ...]:
    known = {row.leg: row.figures() for row in rows}
    return tuple(known.get(leg) or LegFigures(leg=leg, alerts=0, p50=None, p95=None, clock_off=0) for leg in Leg)
