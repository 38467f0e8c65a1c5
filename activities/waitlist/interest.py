"""What a contact showed interest in: what of it an alert watches, and what is waited for instead where that is gone."""

from dataclasses import dataclass, replace
from datetime import datetime

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.products import find_product
from activities.waitlist.alerts import AlertInForce
from activities.waitlist.line_terms import successor_of_gone
from schemas.document.alert_types.vocabulary import Action
from schemas.ids import Level, StoreId, Subject

SQL = load_queries("activities.waitlist", "interest.sql")


@dataclass(frozen=True, slots=True)
class Interest:
    """What a contact showed interest in, and when (aware).

    Attributes:
        quantity: how many units they want, 1 to `MOST_WANTED`; None: they did not say.
    """

    store_id: StoreId
    product_id: str
    variant_id: str | None
    at: datetime
    quantity: int | None = None


def subject_of(alert: AlertInForce, interest: Interest) -> Subject | None:
    """What of the interest this alert watches; None when it watches variants and none was named."""
    id_ = interest.product_id if alert.level is Level.PRODUCT else interest.variant_id
    return Subject(store_id=interest.store_id, level=alert.level, id=id_) if id_ else None


async def successor_for(connection: Connection, alert: AlertInForce, interest: Interest) -> Interest | None:
    """The interest in what succeeds the one that is gone for good; None: it is not gone, or nothing succeeds it.

    What somebody puts in their cart is that thing, and not its successor.
    """
    subject = subject_of(alert, interest)
    if subject is None or alert.action is Action.CART:
        return None
    successor = await successor_of_gone(connection, subject)
    if successor is None:
        return None
    if successor.level is Level.PRODUCT:
        return replace(interest, product_id=successor.id, variant_id=None)
    product_id = await find_product(connection, successor.store_id, None, successor.id)
    assert product_id is not None, "what is there is of a product"
    return replace(interest, product_id=product_id, variant_id=successor.id)


async def title_of(connection: Connection, interest: Interest) -> str:
    """The product's title, for the shopper who is told what they wait for."""
    return await SQL.title.value(connection, store_id=interest.store_id, product_id=interest.product_id)
