"""Opens and clicks by people become events of the contact, which criteria ask and journeys wait for. Machines' never.

A scanner does not always say that it is one, but it follows many links within seconds: such clicks are a machine's, all
of them, also the first that came when nobody could know yet.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.intake.events import take_engagement
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import ContactId, StoreId
from schemas.incoming.events import EARLIEST_YEAR, Event, EventKind
from schemas.incoming.message_events import MessageEventKind

SQL = load_queries("activities.feedback", "engagement.sql")

MANY_LINKS = 3
"""Different links of one message; nobody opens so many of a mail in that time."""
WITHIN = timedelta(seconds=10)
_KINDS = {MessageEventKind.OPENED: EventKind.OPENED_MESSAGE, MessageEventKind.CLICKED: EventKind.CLICKED_MESSAGE}


@dataclass(frozen=True, slots=True)
class Engagement:
    """An open or a click by a person; `message_id` as in the ledger, or as deliver makes it."""

    id: int
    kind: MessageEventKind
    contact_id: ContactId
    store_id: StoreId
    message_id: str
    happened_at: datetime


async def engage(connection: Connection, new: list[int]) -> None:
    """Tell machines' clicks apart, and record what people did.

    Args:
        new: events that were not here before.
    """
    scans: list[int] = await SQL.find_scans.values(connection, new=new, many=MANY_LINKS, within=WITHIN)
    await SQL.take_clicks_back.run(connection, event_ids=[_event_id(row) for row in scans])
    for each in await SQL.engagements.rows(connection, Engagement, ids=new, earliest=EARLIEST_YEAR):
        await take_engagement(
            connection,
            Event(
                id=_event_id(each.id),
                store=each.store_id,
                kind=_KINDS[each.kind],
                contact=each.contact_id,
                message=each.message_id,
                happened_at=each.happened_at,
            ),
        )


def _event_id(row: int) -> str:
    return f"message-event/{row}"
