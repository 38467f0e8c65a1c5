"""What journeys read and change about their contacts: the next moment by their clock, attributes, tags, lists."""

from dataclasses import dataclass
from typing import assert_never

import structlog
from temporalio import activity

from activities.intake.events import Events
from activities.intake.profile import LARGEST_ATTRIBUTES
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from schemas.document.steps import NewAttribute, NewMembership, NewTag
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.incoming.events import Event, EventKind, EventStatus
from schemas.journey.activities import ChangeContact, FindMoment, Moment
from schemas.journey.names import Activity
from schemas.time.moments import next_moment
from schemas.time.zones import find_zone

SQL = load_queries("activities.intake", "contacts.sql")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TimeZones:
    """The time zones that concern a journey: its contact's own, by attribute, and its list's."""

    own: str | None
    of_list: str | None


@dataclass(frozen=True, slots=True)
class JourneyContact:
    """The contact of a journey, and its store."""

    contact_id: ContactId
    store_id: StoreId
    erased: bool


class Contacts:
    """The activities about one journey's contact. Nothing is recorded about a contact who was erased."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name=Activity.FIND_MOMENT)
    async def find_moment(self, request: FindMoment) -> Moment:
        """When the contact's clock next shows this: by their attribute `time_zone`, or else by the list's."""
        found = await SQL.time_zones.row(self._pool, TimeZones, journey_id=request.journey_id)
        zones = (found.own, found.of_list) if found is not None else ()
        zone = next((known for zone in zones if zone is not None and (known := find_zone(zone))), "UTC")
        return Moment(at=next_moment(request.until, request.after, zone))

    @activity.defn(name=Activity.CHANGE_CONTACT)
    async def change_contact(self, request: ChangeContact) -> None:
        """Change it; the same again changes nothing. What cannot be changed is logged, and the journey goes on."""
        match request.step.change:
            case NewAttribute() | NewTag() as change:
                changed = await self._change(request, change)
            case NewMembership(list_code=list_code):
                changed = await self._join(request, list_code)
            case _ as never:
                assert_never(never)
        if changed:
            log.info("contact changed", journey=request.journey_id, step=request.step.id)
        else:
            log.warning("contact not changed", journey=request.journey_id, step=request.step.id)

    async def _change(self, request: ChangeContact, change: NewAttribute | NewTag) -> bool:
        async with transaction(self._pool) as connection:
            contact = await _contact(connection, request.journey_id)
            if contact is None or contact.erased:
                return False
            match change:
                case NewAttribute(name=name, value=value):
                    written = await SQL.set_attribute.value(
                        connection,
                        contact_id=contact.contact_id,
                        attributes={name: value},
                        at=request.at,
                        largest=LARGEST_ATTRIBUTES,
                    )
                    return written is not None
                case NewTag(tag=tag):
                    await SQL.add_tag.run(connection, contact_id=contact.contact_id, tag=tag, tagged_at=request.at)
                    return True
                case _:
                    assert_never(change)

    async def _join(self, request: ChangeContact, list_code: str) -> bool:
        """Joining is recorded as an event, so that it enters conversations and reaches journeys; by its id once."""
        contact = await _contact(self._pool, request.journey_id)
        if contact is None or contact.erased:
            return False
        joined = Event(
            id=f"{request.journey_id}/{request.step.id}/{request.round}",
            store=contact.store_id,
            kind=EventKind.JOINED_LIST,
            contact=contact.contact_id,
            list=list_code,
            happened_at=request.at,
        )
        return (await Events(self._pool).take(joined)).status is not EventStatus.REFUSED


async def _contact(database: Pool | Connection, journey_id: JourneyId) -> JourneyContact | None:
    """The contact of a journey; inside a transaction locked against an erasure of the same moment."""
    return await SQL.contact_of_journey.row(database, JourneyContact, journey_id=journey_id)
