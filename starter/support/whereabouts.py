"""Where the journeys of one contact are: at which step of which thread, since when, and what is next and when.

It is read from PostgreSQL, where every rest is on record. Between two rests a journey is for moments only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.ids import AlertId, ContactId, JourneyId, StepId, StoreId, VersionId
from schemas.reasons import Reason
from schemas.responses.contacts import Whereabouts
from starter.support.step_places import StepPlaces, StoredVersion
from workflows.interpreter.journey import NO_TERMS, UNTIL_REMINDER, WAITING_LIST

SQL = load_queries("starter.support", "whereabouts.sql")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A journey that has not ended, with what is on record of where it is.

    Attributes:
        place: the state of its row in `waiting`; None without an alert.
        leaving: it is asked to leave.
        put_off_until: until when its message is put off.
    """

    journey_id: JourneyId
    store_id: StoreId
    subject: str | None
    product_title: str | None
    conversation: str
    version_id: VersionId
    alert_id: AlertId | None
    entered_at: datetime
    told_at: datetime | None
    window_ends_at: datetime | None
    at_step: str | None
    at_since: datetime | None
    held_up_by: Reason | None
    leaving: bool
    place: str | None
    in_line_since: datetime | None
    put_off_until: datetime | None


@dataclass(frozen=True, slots=True)
class _Rest:
    """At which step it is, what that does, until when, and what is next."""

    step: str | None
    thread: str | None = None
    doing: str | None = None
    until: datetime | None = None
    next: str | None = None


async def whereabouts(
    connection: Connection, contact_id: ContactId, stores: Sequence[StoreId] | None, most: int, until: datetime | None
) -> tuple[Whereabouts, ...]:
    """Of each journey of a contact that is under way in these stores, the newest first; None: in all.

    Args:
        until: those that were entered later are left out.
    """
    rows = await SQL.under_way.rows(connection, UnderWay, contact_id=contact_id, stores=stores, most=most, until=until)
    places = await places_of(connection, {row.version_id for row in rows})
    return tuple(_whereabouts(row, places[row.version_id]) for row in rows)


async def places_of(on: Pool | Connection, versions: Iterable[VersionId]) -> Mapping[VersionId, StepPlaces]:
    """The steps of these versions."""
    wanted = sorted(set(versions))
    stored = {each.id: each for each in await SQL.versions.rows(on, StoredVersion, versions=wanted)}
    return {version: StepPlaces(stored.get(version)) for version in wanted}


def _whereabouts(row: UnderWay, places: StepPlaces) -> Whereabouts:
    rest = _in_line(row, places) if row.place in ("waiting", "claimed") and row.at_step is None else _at(row, places)
    return Whereabouts(
        journey_id=row.journey_id,
        store_id=row.store_id,
        subject=row.subject,
        product_title=row.product_title,
        conversation=places.name or row.conversation,
        version=row.version_id,
        alert=row.alert_id,
        entered_at=row.entered_at,
        told_at=row.told_at,
        thread=rest.thread,
        step=rest.step,
        doing=rest.doing,
        since=row.at_since or (row.in_line_since if rest.step == WAITING_LIST else None),
        until=rest.until,
        next=rest.next,
        held_up_by=row.held_up_by,
        leaving=row.leaving,
    )


def _in_line(row: UnderWay, places: StepPlaces) -> _Rest:
    thread, first = places.first_on(f"{row.alert_id}.{AlertEvent.ALERT}")
    return _Rest(WAITING_LIST, thread, None, row.window_ends_at, first)


def _at(row: UnderWay, places: StepPlaces) -> _Rest:
    if row.at_step is None:
        return _Rest(None)
    if row.at_step == UNTIL_REMINDER:
        terms = NO_TERMS if places.program is None else places.program.terms.get(row.alert_id or "", NO_TERMS)
        thread, first = places.first_on(f"{row.alert_id}.{AlertEvent.FOLLOW_UP}")
        until = None if row.at_since is None else row.at_since + terms.reminder_after
        return _Rest(row.at_step, thread, None, until, first)
    place = places.of(row.at_step)
    return _Rest(
        row.at_step,
        None if place is None else place.thread,
        None if place is None else place.said,
        _until(row, places),
        places.after(row.at_step),
    )


def _until(row: UnderWay, places: StepPlaces) -> datetime | None:
    """When its rest is over by itself, where that is known."""
    if row.put_off_until is not None:
        return row.put_off_until
    step = None if places.program is None else places.program.steps.get(StepId(row.at_step or ""))
    if step is None or step.longest is None or row.at_since is None:
        return None
    return row.at_since + step.longest
