"""What a contact did, as their journeys under way are told of it.

In the transaction of the event, of the order or of the word on consent: a goal or an exit ends the journey, anything
else that a step of its version waits for is signalled to it. Which journeys it concerns is said by the database's view
`journey_contact_events`, as for all that look back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from activities.decisions.facts import AttributeFact
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import ContactId, StoreId
from schemas.incoming.events import Item
from schemas.journey.signals import ContactEvent
from schemas.names import ShopEvent
from schemas.reasons import Reason

SQL = load_queries("activities.journeys", "conversations.sql")

BOUGHT: ShopEvent = "bought"
ORDERED: ShopEvent = "ordered"
UNSUBSCRIBED: ShopEvent = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Happened:
    """What a contact did, recorded in this transaction.

    Attributes:
        store_id: None: it is true of every shop, as consent is.
        id: of the event, unique in its store. No personal data: it goes into histories.
        names: what conversations call it; an order is `ordered` and `bought`.
        at: when (aware); never later than now.
        things: what it was about.
        order_id: of an order, the storefront's own.
        bought: the products, of an order.
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


async def tell_journeys(connection: Connection, happened: Happened) -> None:
    """Signal it to those of the contact's journeys under way that await it, and end those whose goal or exit it is."""
    rows = await connection.fetch(
        SQL["awaiting"],
        happened.contact_id,
        happened.store_id,
        happened.id,
        happened.order_id,
        list(happened.names),
        list(happened.bought),
    )
    for row in rows:
        names = [name for name in happened.names if name in row["events"]]
        if any(name in row["goal_on"] for name in names):
            await connection.execute(SQL["leave"], row["id"], Reason.GOAL_REACHED)
        elif any(name in row["exit_on"] for name in names):
            await connection.execute(SQL["leave"], row["id"], Reason.EXIT_RULE)
        else:
            for name in names:
                if name in row["awaited"]:
                    # A journey takes each id once, and an order is two events to it.
                    id_ = f"{happened.id}/{name}" if len(happened.names) > 1 else happened.id
                    event = ContactEvent(event_id=id_, event=name, at=happened.at)
                    await connection.execute(SQL["signal_event"], row["id"], event.model_dump(mode="json"))
