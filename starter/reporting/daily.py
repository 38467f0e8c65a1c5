"""What went out and what it earned, day by day. docs/reports.md gives every number its meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from activities.postgres.pool import Pool, snapshot
from activities.postgres.queries import load_queries
from schemas.ids import StoreId
from schemas.money import in_currency
from schemas.responses.daily import DailyBy, DailyFigures, DailyReport
from starter.reporting.messages import usual_period
from starter.reporting.reports import FIRST_DAY, LAST_DAY, Period

SQL = load_queries("starter.reporting", "daily.sql")


@dataclass(frozen=True, slots=True)
class DayRow:
    """How often on one day; `currency` and `net` of what was ordered."""

    day: date
    of: str
    currency: str | None
    times: int
    net: Decimal


class DailyReports:
    """The report over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def report(
        self, period: Period, by: DailyBy, time_zone: str = "UTC", stores: Sequence[StoreId] | None = None
    ) -> DailyReport:
        """What left in the period and what was earned in it; without one, in the last 30 days.

        Args:
            time_zone: by whose clock the days are.
            stores: only of these; None: of all.
        """
        period = usual_period(period)
        since, until = period.instants(time_zone)
        asked = {"since": since, "until": until, "by": by, "time_zone": time_zone, "stores": stores}
        async with snapshot(self._pool) as connection:
            sent = await SQL.sent.rows(connection, DayRow, **asked)
            earned = await SQL.earned.rows(connection, DayRow, **asked)
        days = {(row.day, row.of): DailyFigures(day=row.day, of=row.of, sent=row.times) for row in sent}
        for row in earned:
            was = days.get((row.day, row.of), DailyFigures(day=row.day, of=row.of))
            days[row.day, row.of] = was.model_copy(update=_with(was, row))
        return DailyReport(
            by=by,
            time_zone=time_zone,
            since=period.since or FIRST_DAY,
            until=period.until or LAST_DAY,
            days=tuple(days[key] for key in sorted(days)),
        )


def _with(was: DailyFigures, row: DayRow) -> dict[str, object]:
    currency = row.currency or ""
    return {"orders": was.orders + row.times, "earned": was.earned | {currency: in_currency(row.net, currency)}}
