"""What contacts do, as the journeys under way hear of it.

In the transaction of the event, of the order or of the word on consent: a goal or an exit ends the journey, anything
else that a step of its version waits for is told to it. What happened before they entered is no news to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from activities.decisions.facts import AttributeFact
from activities.postgres.pool import Connection, Row
from activities.postgres.queries import load_queries
from schemas.events import Item
from schemas.ids import ContactId, StoreId
from schemas.journey import Hear
from schemas.names import ShopEvent
from schemas.reasons import Reason

SQL = load_queries("activities.conversations", "conversations.sql")

BOUGHT: ShopEvent = "bought"
ORDERED: ShopEvent = "ordered"
UNSUBSCRIBED: ShopEvent = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Happened:
    """What a contact did.

    Attributes:
        store_id: None: it is true of every shop, as consent is.
        id: of the event, unique in its store. No personal data: it goes into histories.
        names: what conversations call it; an order is `ordered` and `bought`.
        at: when (aware); never later than now.
        things: what it was about.
        bought: the products, of an order.
        message_id: of an open or a click, the message's own, where it is known.
    """

    store_id: StoreId | None
    contact_id: ContactId
    id: str
    names: tuple[str, ...]
    at: datetime
    things: tuple[Item, ...] = ()
    properties: Mapping[str, AttributeFact | None] = field(default_factory=dict[str, "AttributeFact | None"])
    bought: frozenset[str] = frozenset()
    message_id: str | None = None


async def tell_journeys(connection: Connection, happened: Happened) -> None:
    """Let the contact's journeys under way hear of it."""
    rows = await connection.fetch(
        SQL["listening"],
        happened.contact_id,
        happened.store_id,
        list(happened.names),
        happened.at,
        happened.message_id,
    )
    for row in rows:
        names = tuple(_true_of(row, happened))
        if any(name in row["goal_on"] for name in names):
            await connection.execute(SQL["leave"], row["id"], Reason.GOAL_REACHED)
        elif any(name in row["exit_on"] for name in names):
            await connection.execute(SQL["leave"], row["id"], Reason.EXIT_RULE)
        else:
            for name in names:
                if name in row["hears"]:
                    # A journey hears each id once, and an order is two events to it.
                    id_ = f"{happened.id}/{name}" if len(happened.names) > 1 else happened.id
                    heard = Hear(event_id=id_, event=name, at=happened.at)
                    await connection.execute(SQL["hear"], row["id"], heard.model_dump(mode="json"))


def _true_of(row: Row, happened: Happened) -> Iterator[str]:
    """The names that it has for this journey."""
    for name in happened.names:
        if name != BOUGHT or row["product_id"] is None or row["product_id"] in happened.bought:
            yield name
