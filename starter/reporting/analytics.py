"""What happened at each place of a conversation in a period, and who is behind each number. Reads PostgreSQL only.

docs/reports.md gives every number its meaning. All of them count rows of two functions of the schema, `happened_in` and
`stands_in`, and those behind a number are the rows that it counts. Of all stores and versions they are read as sums.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.money import in_currency
from schemas.reasons import Reason
from schemas.responses.analytics import (
    ENTRANCE,
    LINES,
    ConversationAnalytics,
    CountedContact,
    CountedContacts,
    Measured,
    PlaceFigures,
)
from starter.reporting.messages import usual_period
from starter.reporting.reports import ListRow, Period
from starter.reporting.sums import LIMIT_SECONDS, CountRow, Sums

SQL = load_queries("starter.reporting", "analytics.sql")

FIRST_PART = timedelta(hours=1)
"""Of a period, in which those who came last are looked for first."""
MOST_PEOPLE = 500
"""Of one page."""
MOST_IN_A_FILE = 20_000
_WHAT = {
    Measured.ENTRIES: "entry",
    Measured.PEOPLE: "entry",
    Measured.NOW: "now",
    Measured.REVENUE: "revenue",
    Measured.WHY_NOT: "why_not",
}


class NothingPublished(DomainError):
    """No version of the conversation was published, for any store that whoever asks is for."""

    code = "nothing_published"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk conversation list` shows those that are."

    def __init__(self, conversation: str) -> None:
        super().__init__(
            f"No conversation '{conversation}' was published.", public="No conversation of this code was published."
        )


class BadPlaceCursor(DomainError):
    """A cursor that no page gave as its `next`."""

    code = "bad_cursor"
    kind = ErrorKind.ARGUMENT

    def __init__(self) -> None:
        super().__init__("This is not a cursor: pass the `next` of a page as it was given.")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of a conversation is counted.

    Attributes:
        version: only of the journeys that go by this one, like `back-in-stock@3`; None: of all.
        stores: only of these; None: of all.
    """

    conversation: str
    period: Period
    version: str | None = None
    stores: Sequence[StoreId] | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """One number on the tree; `reason` of those who were not told, `currency` of what was earned."""

    place: str
    measured: Measured
    reason: Reason | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One of those behind a number, and by what the next page begins."""

    contact_id: ContactId
    journey_id: JourneyId | None
    store_id: StoreId
    at: datetime
    times: int
    reason: Reason | None
    amount: Decimal | None
    currency: str | None
    key: str


class Analytics:
    """What happened in the conversations of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool, self._sums = pool, Sums(pool)

    async def figures(self, chosen: Chosen) -> ConversationAnalytics:
        """The figures of every place at which anything happened; in the last 30 days, where no period is named.

        Raises:
            NothingPublished: as it says.
        """
        clock, period = await self._clock(chosen), usual_period(chosen.period)
        rows = await self._counts(chosen, period, clock)
        return ConversationAnalytics(
            conversation=chosen.conversation,
            version=chosen.version,
            time_zone=clock.time_zone,
            since=period.since,
            until=period.until,
            places=tuple(_by_place(rows)),
        )

    async def _counts(self, chosen: Chosen, period: Period, clock: ListRow) -> list[CountRow]:
        if chosen.version is None and chosen.stores is None:
            since, until = period.instants(clock.time_zone)
            found = await self._sums.figures(chosen.conversation, since, until, datetime.now(UTC), clock.time_zone)
        else:
            found = await SQL.figures.within(LIMIT_SECONDS).rows(self._pool, CountRow, **_asked(chosen, period, clock))
        return sorted(found, key=lambda row: (row.place, row.what, row.reason or "", row.currency or ""))

    async def people(
        self, chosen: Chosen, number: Number, by: str, cursor: str | None = None, limit: int = 50
    ) -> CountedContacts:
        """Those behind a number, a page at a time; the audit has who looked.

        Raises:
            NothingPublished, BadPlaceCursor: as they say.
        """
        most = max(1, min(limit, MOST_PEOPLE))
        rows = await self._rows(chosen, number, cursor, most + 1)
        details = {"conversation": chosen.conversation, "place": number.place, "measured": number.measured}
        await write_audit(self._pool, by, "read people of a number", details)
        more = _cursor(rows[most - 1]) if len(rows) > most else None
        return CountedContacts(contacts=tuple(map(_person, rows[:most])), next=more)

    async def all_people(self, chosen: Chosen, number: Number, by: str) -> AsyncGenerator[CountedContact]:
        """All of them, `MOST_IN_A_FILE` at most, for a file; the audit has who looked.

        Raises:
            NothingPublished: as it says.
        """
        cursor: str | None = None
        for _ in range(MOST_IN_A_FILE // MOST_PEOPLE):
            page = await self.people(chosen, number, by, cursor, MOST_PEOPLE)
            for each in page.contacts:
                yield each
            cursor = page.next
            if cursor is None:
                return

    async def _rows(self, chosen: Chosen, number: Number, cursor: str | None, most: int) -> list[PersonRow]:
        clock, period = await self._clock(chosen), usual_period(chosen.period)
        before, key = _read_cursor(cursor)
        page = {"place": number.place, "before": before, "before_key": key}
        asked = _asked(chosen, period, clock)
        if _WHAT[number.measured] == "entry":
            return await self._entered(number, page | asked, period.instants(clock.time_zone), before, most)
        return await SQL.people.within(LIMIT_SECONDS).rows(
            self._pool,
            PersonRow,
            what=_WHAT[number.measured],
            reason=number.reason,
            currency=number.currency,
            most=most,
            **page,
            **asked,
        )

    async def _entered(
        self,
        number: Number,
        asked: Mapping[str, object],
        bounds: tuple[datetime, datetime],
        before: datetime | None,
        most: int,
    ) -> list[PersonRow]:
        """Those who came to a place: looked for from the latest back, in ever longer parts of the period."""
        at_step = number.place != ENTRANCE and not number.place.startswith(LINES)
        one_each = number.measured is Measured.PEOPLE
        since, to = bounds
        if before is not None:
            to = min(to, before + timedelta(microseconds=1))
        found: list[PersonRow] = []
        span = FIRST_PART
        while len(found) < most and to > since:
            begin = max(since, to - span)
            given = {"from": begin, "to": to, "most": most - len(found), "one_each": one_each, "at_step": at_step}
            found += await SQL.entered.within(LIMIT_SECONDS).rows(self._pool, PersonRow, **asked, **given)
            to, span = begin, span * 4
        return found

    async def _clock(self, chosen: Chosen) -> ListRow:
        found = await SQL.clock.row(self._pool, ListRow, conversation=chosen.conversation, stores=chosen.stores)
        if found is None:
            raise NothingPublished(chosen.conversation)
        return found


def _asked(chosen: Chosen, period: Period, clock: ListRow) -> dict[str, object]:
    since, until = period.instants(clock.time_zone)
    return {
        "conversation": chosen.conversation,
        "since": since,
        "until": until,
        "stores": chosen.stores,
        "version": chosen.version,
    }


def _by_place(rows: Iterable[CountRow]) -> list[PlaceFigures]:
    places: dict[str, PlaceFigures] = {}
    for row in rows:
        was = places.get(row.place, PlaceFigures(place=row.place))
        places[row.place] = was.model_copy(update=_with(was, row))
    return list(places.values())


def _with(was: PlaceFigures, row: CountRow) -> dict[str, object]:
    match row.what:
        case "entry":
            return {"entries": row.times, "people": row.people}
        case "now":
            return {"now": row.times}
        case "why_not":
            return {"why_not": was.why_not | ({row.reason: row.times} if row.reason is not None else {})}
        case "revenue":
            currency = row.currency or ""
            return {
                "orders": was.orders + row.orders,
                "revenue": was.revenue | {currency: in_currency(row.amount, currency)},
            }


def _person(row: PersonRow) -> CountedContact:
    return CountedContact(
        contact_id=row.contact_id,
        journey_id=row.journey_id,
        store_id=row.store_id,
        at=row.at,
        times=row.times,
        reason=row.reason,
        amount=None if row.amount is None or row.currency is None else in_currency(row.amount, row.currency),
        currency=row.currency,
    )


def _cursor(last: PersonRow) -> str:
    return f"{last.at.isoformat()}~{last.key}"


def _read_cursor(cursor: str | None) -> tuple[datetime | None, str | None]:
    if cursor is None:
        return None, None
    moment, found, key = cursor.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise BadPlaceCursor from None
    if not found or at.tzinfo is None:
        raise BadPlaceCursor
    return at, key
