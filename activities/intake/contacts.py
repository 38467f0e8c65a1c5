"""What journeys ask of and note about their contacts: the next moment by their clock, attributes, tags, lists."""

from typing import assert_never
from zoneinfo import ZoneInfo

import structlog
from temporalio import activity

from activities.intake.events import LARGEST_ATTRIBUTES, Events
from activities.journeys.contact_events import SQL
from activities.postgres.pool import Pool, transaction
from schemas.document.steps import NewAttribute, NewMembership, NewTag
from schemas.ids import StoreId
from schemas.incoming.events import Event, EventKind, EventStatus
from schemas.journey.activities import ChangeContact, FindMoment, Moment
from schemas.journey.names import Activity
from schemas.time.moments import next_moment

log = structlog.get_logger()


class Contacts:
    """The activities about one journey's contact. Of someone who was erased nothing is noted any more."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name=Activity.FIND_MOMENT)
    async def find_moment(self, request: FindMoment) -> Moment:
        """When the contact's clock next shows this: by their attribute `time_zone`, or else by the list's."""
        row = await self._pool.fetchrow(SQL["time_zones"], request.journey_id)
        zones = (row["own"], row["of_list"]) if row is not None else ()
        zone = next((zone for zone in zones if zone is not None and _is_known(zone)), "UTC")
        return Moment(at=next_moment(request.until, request.after, zone))

    @activity.defn(name=Activity.CHANGE_CONTACT)
    async def change_contact(self, request: ChangeContact) -> None:
        """Note it; the same again changes nothing. What cannot be noted is logged, and the journey goes on."""
        match request.step.change:
            case NewAttribute() | NewTag() as change:
                noted = await self._note(request, change)
            case NewMembership(list_code=list_code):
                noted = await self._join(request, list_code)
            case _ as never:
                assert_never(never)
        if noted:
            log.info("contact changed", journey=request.journey_id, step=request.step.id)
        else:
            log.warning("contact not changed", journey=request.journey_id, step=request.step.id)

    async def _note(self, request: ChangeContact, change: NewAttribute | NewTag) -> bool:
        async with transaction(self._pool) as connection:
            whose = await connection.fetchrow(SQL["whose"], request.journey_id)
            if whose is None or whose["erased"]:
                return False
            match change:
                case NewAttribute(name=name, value=value):
                    return (
                        await connection.fetchval(
                            SQL["set_attribute"], whose["contact_id"], {name: value}, request.at, LARGEST_ATTRIBUTES
                        )
                        is not None
                    )
                case NewTag(tag=tag):
                    await connection.execute(SQL["add_tag"], whose["contact_id"], tag, request.at)
                    return True
                case _:
                    assert_never(change)

    async def _join(self, request: ChangeContact, list_code: str) -> bool:
        """Joining is an event like one that was told, so it enters conversations and is heard; by its id once."""
        whose = await self._pool.fetchrow(SQL["whose"], request.journey_id)
        if whose is None or whose["erased"]:
            return False
        joined = Event(
            id=f"{request.journey_id}/{request.step.id}/{request.round}",
            store=StoreId(whose["store_id"]),
            kind=EventKind.JOINED_LIST,
            contact=whose["contact_id"],
            list=list_code,
            happened_at=request.at,
        )
        return (await Events(self._pool).take(joined)).status is not EventStatus.REFUSED


def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True
