"""Reports: what was wanted most, and what became of each list's contacts. Reads PostgreSQL only.

Days are a list's own, and both ends of a period count. docs/reports.md gives every number its meaning.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from activities.postgres.pool import Connection, Pool, snapshot
from activities.postgres.queries import load_queries
from schemas.document.alert_types.vocabulary import AlertType
from schemas.errors import DomainError, ErrorKind
from schemas.ids import Level, StoreId
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
        return midnight(first, zone), midnight(after, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list that a published conversation has named."""

    code: str
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert of a list, how many wait in it now, and how many have not confirmed yet that they do."""

    id: str
    type: AlertType
    waiting: int
    unconfirmed: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """How often one thing happened to an alert's contacts on one day; `reason` says why, where they left untold."""

    day: date
    alert_id: str
    what: Literal["entered", "told", "bought_after", "left"]
    reason: Reason | None
    count: int


@dataclass(frozen=True, slots=True)
class LeftConversation:
    """How many left a conversation untold, for one reason."""

    conversation: str
    reason: Reason
    count: int


@dataclass(slots=True)
class _Figures:
    """Figures while they are added up."""

    of: Counter[str] = field(default_factory=Counter[str])
    left: Counter[Reason] = field(default_factory=Counter[Reason])

    def add(self, counted: DayCount) -> None:
        if counted.reason is not None:
            self.left[counted.reason] += counted.count
        else:
            self.of[counted.what] += counted.count


class Reports:
    """The reports over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def wanted(
        self,
        list_code: str | None,
        period: Period,
        by: Level = Level.VARIANT,
        limit: int = 50,
        stores: Sequence[StoreId] | None = None,
    ) -> WantedReport:
        """The most wanted products or variants, of back-in-stock alerts, those with most people waiting first.

        Args:
            stores: only of these; None: of all.

        Raises:
            NoSuchList: as it says.
        """
        limit = max(1, min(limit, LARGEST_REPORT))
        async with _one_moment(self._pool) as at:
            since, until = await instants_of(at, period, list_code)
            products = await SQL.wanted.rows(
                at, WantedProduct, list_code=list_code, since=since, until=until, by=by, most=limit, stores=stores
            )
        return WantedReport(
            list_code=list_code,
            since=period.since,
            until=period.until,
            by=by,
            products=tuple(products),
        )

    async def list_figures(self, list_code: str, period: Period, stores: Sequence[StoreId] | None = None) -> ListReport:
        """A list's figures by alert and by day.

        Args:
            stores: only if the list is for none but these; None: of any.

        Raises:
            NoSuchList: as it says.
        """
        async with _one_moment(self._pool) as at:
            found = await find_list(at, list_code, stores)
            since, until = period.instants(found.time_zone)
            of_list = {"list_code": list_code, "since": since, "until": until}
            counts = await SQL.figures.rows(at, DayCount, time_zone=found.time_zone, **of_list)
            put_off: int = await SQL.put_off.value(at, list_code=list_code)
            alerts = await SQL.alerts_of_list.rows(at, AlertRow, list_code=list_code)
            conversations = await _conversations(at, of_list)
        of_alert: defaultdict[str, _Figures] = defaultdict(_Figures)
        of_day: defaultdict[tuple[date, str], _Figures] = defaultdict(_Figures)
        for counted in counts:
            of_alert[counted.alert_id].add(counted)
            of_day[counted.day, counted.alert_id].add(counted)
        return ListReport(
            list_code=list_code,
            name=found.name,
            time_zone=found.time_zone,
            since=period.since,
            until=period.until,
            put_off=put_off,
            alerts=tuple(_alert(alert, of_alert[alert.id]) for alert in alerts),
            days=tuple(_day(day, alert, figures) for (day, alert), figures in of_day.items()),
            conversations=conversations,
        )


@asynccontextmanager
async def _one_moment(pool: Pool) -> AsyncGenerator[Connection]:
    """All that a report asks is of one moment, and planned once.

    Its days do not change how it is best read, and to plan what it asks takes ten times as long as to read it.
    """
    async with snapshot(pool) as connection:
        await SQL.plan_once.run(connection)
        yield connection


async def _conversations(at: Connection, of_list: Mapping[str, object]) -> tuple[ConversationFigures, ...]:
    left: defaultdict[str, dict[Reason, int]] = defaultdict(dict[Reason, int])
    for each in await SQL.left_conversations.rows(at, LeftConversation, **of_list):
        left[each.conversation][each.reason] = each.count
    rows = await SQL.conversation_figures.rows(at, ConversationFigures, **of_list)
    return tuple(row.model_copy(update={"left": left[row.conversation]}) for row in rows)


async def find_list(on: Pool | Connection, code: str, stores: Sequence[StoreId] | None = None) -> ListRow:
    """A list by its code.

    Args:
        stores: only if the list is for none but these; None: of any.

    Raises:
        NoSuchList: as it says.
    """
    row = await SQL.list.row(on, ListRow, list_code=code, stores=stores)
    if row is None:
        raise NoSuchList(code)
    return row


async def instants_of(on: Pool | Connection, period: Period, list_code: str | None) -> tuple[datetime, datetime]:
    """When a period begins and ends: by the clock of the list that is named, else by UTC.

    Raises:
        NoSuchList: as it says.
    """
    zone = (await find_list(on, list_code)).time_zone if list_code is not None else "UTC"
    return period.instants(zone)


def _alert(alert: AlertRow, figures: _Figures) -> AlertFigures:
    return AlertFigures(
        alert=alert.id,
        type=alert.type,
        waiting=alert.waiting,
        unconfirmed=alert.unconfirmed,
        entered=figures.of["entered"],
        told=figures.of["told"],
        bought_after=figures.of["bought_after"],
        left=dict(figures.left),
    )


def _day(day: date, alert: str, figures: _Figures) -> DayFigures:
    return DayFigures(
        day=day,
        alert=alert,
        entered=figures.of["entered"],
        told=figures.of["told"],
        bought_after=figures.of["bought_after"],
        left=dict(figures.left),
    )
