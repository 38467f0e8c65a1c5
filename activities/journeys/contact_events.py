"""Passing what a contact did to the journeys under way that it concerns.

In the transaction of the event, the order or the consent: the goal or an exit rule of its version ends a journey,
anything else that a step of its version waits for is signalled to it. Which contact events concern a journey is
defined by the database's view `journey_contact_events`, here as for whoever looks back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from activities.decisions.facts import AttributeFact
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.incoming.events import Item
from schemas.journey.signals import ContactEvent
from schemas.names import ShopEvent
from schemas.reasons import Reason

SQL = load_queries("activities.journeys", "contact_events.sql")

BOUGHT: ShopEvent = "bought"
ORDERED: ShopEvent = "ordered"
UNSUBSCRIBED: ShopEvent = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Happened:
    """What a contact did, recorded in this transaction.

    Attributes:
        store_id: None: it concerns every store, as consent does.
        id: of the event, unique in its store. No personal data: it goes into histories.
        names: what conversations call it; an order is `ordered` and `bought`.
        at: when (aware); never later than now.
        things: the products or variants it was about.
        order_id: of an order, the storefront's own id.
        bought: of an order, the products that are reported for the first time.
    """

    store_id: StoreId | None
    contact_id: ContactId
    id: str
    names: tuple[str, ...]
    at: datetime
    things: tuple[Item, ...] = ()
    properties: Mapping[str, AttributeFact | None] = field(default_factory=dict[str, "AttributeFact | None"])
    order_id: str | None = None
    bought: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ConcernedJourney:
    """A journey under way that what a contact did concerns.

    Attributes:
        events: those of its names that concern this journey.
        awaited, goal_on, exit_on: the contact events that the journey's version waits for somewhere, that are its
            goal, and that its exit rules name.
    """

    id: JourneyId
    events: frozenset[str]
    awaited: frozenset[str]
    goal_on: frozenset[str]
    exit_on: frozenset[str]


async def signal_journeys(connection: Connection, happened: Happened) -> None:
    """Signal it to those of the contact's journeys under way that await it, and end those whose goal or exit it is."""
    journeys = await SQL.awaiting.rows(
        connection,
        ConcernedJourney,
        contact_id=happened.contact_id,
        store_id=happened.store_id,
        event_id=happened.id,
        order_id=happened.order_id,
        names=list(happened.names),
        bought=list(happened.bought),
    )
    for journey in journeys:
        names = [name for name in happened.names if name in journey.events]
        if not journey.goal_on.isdisjoint(names):
            await SQL.leave.run(connection, journey_id=journey.id, reason=Reason.GOAL_REACHED)
        elif not journey.exit_on.isdisjoint(names):
            await SQL.leave.run(connection, journey_id=journey.id, reason=Reason.EXIT_RULE)
        else:
            for name in names:
                if name in journey.awaited:
                    # A journey takes each id once, and an order is two events to it.
                    id_ = f"{happened.id}/{name}" if len(happened.names) > 1 else happened.id
                    event = ContactEvent(event_id=id_, event=name, at=happened.at)
                    await SQL.signal_event.run(connection, journey_id=journey.id, payload=event.model_dump(mode="json"))
