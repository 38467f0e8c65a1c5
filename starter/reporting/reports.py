"""Reports: what was wanted most, and what became of each list's contacts. Reads PostgreSQL only.

Days are a list's own, and both ends of a period count. docs/reports.md gives every number its meaning.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from activities.postgres.pool import Pool, Row
from activities.postgres.queries import load_queries
from schemas.document.alert_types.vocabulary import AlertType
from schemas.errors import DomainError, ErrorKind
from schemas.ids import Level
from schemas.reasons import Reason
from schemas.responses.reports import (
    AlertFigures,
    ConversationFigures,
    DayFigures,
    ListReport,
    WantedProduct,
    WantedReport,
)

SQL = load_queries("starter.reporting", "reports.sql")

LARGEST_REPORT = 1000
"""Rows; nobody orders more in one go, and every query stays far below its limit."""
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 12, 31)
"""What a period may reach over: every moment in it exists in every time zone."""


class NoSuchList(DomainError):
    """No published conversation has named this list."""

    code = "no_such_list"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk alert list` shows each alert's list."

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no list '{code}'.", public="There is no list of this code.")


class BadPeriod(DomainError):
    """The period ends before it begins, or reaches past `FIRST_DAY` or `LAST_DAY`."""

    code = "usage"
    kind = ErrorKind.ARGUMENT


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both included; None: no bound.

    Raises:
        BadPeriod: as it says.
    """

    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        for day in (self.since, self.until):
            if day is not None and not FIRST_DAY <= day <= LAST_DAY:
                raise BadPeriod(f"{day} lies outside {FIRST_DAY} to {LAST_DAY}.")
        if self.since is not None and self.until is not None and self.until < self.since:
            raise BadPeriod(f"The period ends on {self.until}, before it begins on {self.since}.")

    def instants(self, time_zone: str) -> tuple[datetime, datetime]:
        """From the first moment of the first day to the first one after the last day."""
        zone = ZoneInfo(time_zone)
        first, after = self.since or FIRST_DAY, (self.until or LAST_DAY) + timedelta(days=1)
        return _midnight(first, zone), _midnight(after, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


@dataclass(slots=True)
class _Tally:
    """Figures while they are added up."""

    of: Counter[str] = field(default_factory=Counter[str])
    left: Counter[Reason] = field(default_factory=Counter[Reason])

    def add(self, row: Row) -> None:
        if row["what"] == "left":
            self.left[Reason(row["reason"])] += row["count"]
        else:
            self.of[row["what"]] += row["count"]


class Reports:
    """The reports over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def wanted(
        self, list_code: str | None, period: Period, by: Level = Level.VARIANT, limit: int = 50
    ) -> WantedReport:
        """The most wanted products or variants, of back-in-stock alerts, those with most people waiting first.

        Raises:
            NoSuchList: as it says.
        """
        zone = (await self._list(list_code))["time_zone"] if list_code is not None else "UTC"
        limit = max(1, min(limit, LARGEST_REPORT))
        rows = await self._pool.fetch(SQL["wanted"], list_code, *period.instants(zone), by, limit)
        return WantedReport(
            list_code=list_code,
            since=period.since,
            until=period.until,
            by=by,
            products=tuple(WantedProduct.model_validate(dict(row)) for row in rows),
        )

    async def list_figures(self, list_code: str, period: Period) -> ListReport:
        """A list's figures by alert and by day.

        Raises:
            NoSuchList: as it says.
        """
        found = await self._list(list_code)
        zone = found["time_zone"]
        alerts: defaultdict[str, _Tally] = defaultdict(_Tally)
        days: defaultdict[tuple[date, str], _Tally] = defaultdict(_Tally)
        for row in await self._pool.fetch(SQL["figures"], list_code, *period.instants(zone), zone):
            alerts[row["alert_id"]].add(row)
            days[row["day"], row["alert_id"]].add(row)
        return ListReport(
            list_code=list_code,
            name=found["name"],
            time_zone=zone,
            since=period.since,
            until=period.until,
            alerts=tuple(
                _alert(row, alerts[row["id"]]) for row in await self._pool.fetch(SQL["alerts_of_list"], list_code)
            ),
            days=tuple(_day(day, alert, tally) for (day, alert), tally in days.items()),
            conversations=await self._conversations(list_code, period, zone),
        )

    async def _conversations(self, list_code: str, period: Period, zone: str) -> tuple[ConversationFigures, ...]:
        bounds = list_code, *period.instants(zone)
        left: defaultdict[str, dict[Reason, int]] = defaultdict(dict[Reason, int])
        for row in await self._pool.fetch(SQL["left_conversations"], *bounds):
            left[row["conversation"]][Reason(row["reason"])] = row["count"]
        rows = await self._pool.fetch(SQL["conversation_figures"], *bounds)
        return tuple(ConversationFigures(**dict(row), left=left[row["conversation"]]) for row in rows)

    async def _list(self, code: str) -> Row:
        row = await self._pool.fetchrow(SQL["list"], code)
        if row is None:
            raise NoSuchList(code)
        return row


def _alert(row: Row, tally: _Tally) -> AlertFigures:
    return AlertFigures(
        alert=row["id"],
        type=AlertType(row["type"]),
        waiting=row["waiting"],
        entered=tally.of["entered"],
        told=tally.of["told"],
        bought_after=tally.of["bought_after"],
        left=dict(tally.left),
    )


def _day(day: date, alert: str, tally: _Tally) -> DayFigures:
    return DayFigures(
        day=day,
        alert=alert,
        entered=tally.of["entered"],
        told=tally.of["told"],
        bought_after=tally.of["bought_after"],
        left=dict(tally.left),
    )
