"""Journeys for people: lists, details, cancelling. Reads PostgreSQL; the path of one is made by `replay.py`."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.claims import give_up_place
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.reasons import Ending, Reason
from schemas.responses.journeys import AHEAD_COUNTED_TO, JourneyPage, JourneyReport, JourneyStatus, MovedPlace

SQL = load_queries("starter.support", "journeys.sql")

LARGEST_PAGE = 500


class NoSuchJourney(DomainError):
    """There is no journey with this id."""

    code = "no_such_journey"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk journey list` shows them."

    def __init__(self, journey_id: JourneyId) -> None:
        super().__init__(f"There is no journey {journey_id}.", public="There is no journey with this id.")


class BadCursor(DomainError):
    """The `cursor` is not one that a page gave as its `next`."""

    code = "bad_cursor"
    kind = ErrorKind.ARGUMENT

    def __init__(self, cursor: str) -> None:
        public = "This is not a cursor: pass the `next` of a page as it was given."
        super().__init__(f"'{cursor}' is no page's `next`.", public=public, fields=(FieldError("cursor", public),))


class JourneyEnded(DomainError):
    """The journey has ended; there is nothing left to cancel."""

    code = "journey_ended"
    kind = ErrorKind.CONFLICT

    def __init__(self, journey_id: JourneyId) -> None:
        super().__init__(
            f"Journey {journey_id} has ended; there is nothing left to cancel.",
            public="The journey has ended; there is nothing left to cancel.",
        )


@dataclass(frozen=True, slots=True)
class JourneyFilter:
    """Which journeys; None means any.

    Attributes:
        address: of whom: an e-mail address or a number.
        stores: only of these, whatever else is asked for.
    """

    store_id: str | None = None
    variant_id: str | None = None
    contact_id: ContactId | None = None
    address: str | None = None
    status: JourneyStatus | None = None
    stores: Sequence[StoreId] | None = None


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """One journey and its place in line.

    Attributes:
        alert_id, window_ends_at: None without an alert.
        reason: why it ended, or left its line.
        held_up_by: what holds it up where it rests.
        put_off_until: when its turn is, where that is a cap, or until when it waits for others to be told with.
        paused: `conversation_paused` or `alert_paused`, while it is under way; None: neither.
        place: the state of its row in `waiting`; None without an alert.
        passed_over: it waits, and units that came were claimed for others.
        quantity: how many units they want; None without an alert.
        fewer_than_wanted: it waits, and there are fewer units for one person than that.
        ahead, moves, successor, stays_from, stays_as: as `JourneyReport` has them.
    """

    id: JourneyId
    contact_id: ContactId
    store_id: str
    subject: str | None
    product_id: str | None
    alert_id: str | None
    version_id: str
    conversation: str
    entered_on: str | None
    entered_at: datetime
    window_ends_at: datetime | None
    told_at: datetime | None
    ended_at: datetime | None
    ending: Ending | None
    reason: Reason | None
    held_up_by: Reason | None
    put_off_until: datetime | None
    paused: Reason | None
    place: str | None
    passed_over: bool
    quantity: int | None
    fewer_than_wanted: bool
    ahead: int | None
    moves: tuple[MovedPlace, ...]
    successor: str | None
    stays_from: JourneyId | None
    stays_as: JourneyId | None


class Journeys:
    """Journeys as PostgreSQL knows them."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def page(
        self, filter_: JourneyFilter, cursor: str | None = None, limit: int = 50, by: str | None = None
    ) -> JourneyPage:
        """One page, newest first.

        Args:
            by: who asks, for the audit, which has whom somebody looked up by address.

        Raises:
            BadCursor: as it says.
        """
        contact_id = filter_.contact_id
        if filter_.address is not None:
            contact_id = await SQL.contact_by_address.value(self.pool, address=filter_.address.lower())
            if by is not None:
                details = {"contact": contact_id, "store": filter_.store_id}
                await write_audit(self.pool, by, "search journeys", details)
            if contact_id is None:
                return JourneyPage(journeys=(), next=None)
        after, after_id = _read_cursor(cursor)
        limit = max(1, min(limit, LARGEST_PAGE))
        rows = await SQL.list.rows(
            self.pool,
            JourneyRow,
            journey_id=None,
            store_id=filter_.store_id,
            stores=filter_.stores,
            variant_id=filter_.variant_id,
            contact_id=contact_id,
            status=filter_.status,
            after=after,
            after_id=after_id,
            most=limit + 1,
            counted_to=AHEAD_COUNTED_TO,
        )
        journeys = tuple(_report(row) for row in rows[:limit])
        return JourneyPage(journeys=journeys, next=_cursor(journeys[-1]) if len(rows) > limit else None)

    async def show(self, journey_id: JourneyId, stores: Sequence[StoreId] | None = None) -> JourneyReport:
        """One journey; None for `stores`: of any.

        Raises:
            NoSuchJourney: as it says.
        """
        row = await SQL.list.row(
            self.pool,
            JourneyRow,
            journey_id=journey_id,
            store_id=None,
            stores=stores,
            variant_id=None,
            contact_id=None,
            status=None,
            after=None,
            after_id=None,
            most=1,
            counted_to=AHEAD_COUNTED_TO,
        )
        if row is None:
            raise NoSuchJourney(journey_id)
        return _report(row)

    @retry_on_deadlock
    async def cancel(self, journey_id: JourneyId, by: str, stores: Sequence[StoreId] | None = None) -> JourneyReport:
        """End a journey: its place passes to the next in line now, its workflow leaves at its next rest.

        Args:
            by: who does it, for the audit.

        Raises:
            NoSuchJourney, JourneyEnded: as they say.
        """
        await self.show(journey_id, stores)
        async with transaction(self.pool) as connection:
            await give_up_place(connection, journey_id, "refused", Reason.CANCELLED)
            if await SQL.ask_to_leave.value(connection, journey_id=journey_id, reason=Reason.CANCELLED) is None:
                raise JourneyEnded(journey_id)
            await write_audit(connection, by, "cancel journey", {"journey": journey_id})
        return await self.show(journey_id)


def _report(row: JourneyRow) -> JourneyReport:
    left = row.ended_at is not None or row.place == "left"
    status = JourneyStatus.ENDED if left else JourneyStatus.TOLD if row.told_at else JourneyStatus.WAITING
    reason = row.reason or row.held_up_by or row.paused or _passed_over(row)
    return JourneyReport(
        journey_id=row.id,
        contact_id=row.contact_id,
        store_id=row.store_id,
        subject=row.subject,
        product_id=row.product_id,
        variant_id=_variant(row.subject),
        conversation=row.conversation,
        alert=row.alert_id,
        entered_on=row.entered_on,
        version=row.version_id,
        status=status,
        entered_at=row.entered_at,
        window_ends_at=row.window_ends_at,
        told_at=row.told_at,
        ended_at=row.ended_at,
        ending=row.ending,
        reason=reason,
        why=None if reason is None else reason.sentence if row.reason else _not_yet(row, reason),
        quantity=row.quantity,
        ahead=row.ahead,
        moves=row.moves,
        successor=row.successor,
        stays_from=row.stays_from,
        stays_as=row.stays_as,
    )


def _passed_over(row: JourneyRow) -> Reason | None:
    if row.fewer_than_wanted:
        return Reason.FEWER_THAN_WANTED
    return Reason.NOT_NEXT_IN_LINE if row.passed_over else None


def _not_yet(row: JourneyRow, reason: Reason) -> str:
    return reason.put_off(row.put_off_until) if row.held_up_by else reason.sentence


def _variant(subject: str | None) -> str | None:
    return subject.removeprefix("variant/") if subject is not None and subject.startswith("variant/") else None


def _cursor(last: JourneyReport) -> str:
    return base64.urlsafe_b64encode(f"{last.entered_at.isoformat()} {last.journey_id}".encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[datetime | None, str | None]:
    if cursor is None:
        return None, None
    try:
        moment, journey_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        after = datetime.fromisoformat(moment)
    except ValueError:
        raise BadCursor(cursor) from None
    if after.tzinfo is None:
        raise BadCursor(cursor)
    return after, journey_id
