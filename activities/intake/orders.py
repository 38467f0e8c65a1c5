"""Orders as they are now, which is what the verdicts, the offers and the criteria call bought.

A storefront shows the same order many times: the newest message stands, and to conversations it is news once.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from activities.journeys.contact_events import BOUGHT, ORDERED, Happened
from activities.journeys.entering import tell_conversations
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.waitlist.enlist import contact
from schemas.ids import StoreId
from schemas.incoming.events import TriggeredEntry
from schemas.incoming.facts import OrderFact

SQL = load_queries("activities.intake", "orders.sql")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Units of one product or variant in an order."""

    product_id: str
    variant_id: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class _News:
    """What a message about an order says that was not known: the order itself, or products in it."""

    is_new: bool
    products: frozenset[str]


async def take_order(connection: Connection, store_id: StoreId, fact: OrderFact) -> None:
    """Record a storefront's order as it is now, and tell conversations what is new of it."""
    contact_id = await contact(connection, fact.email)
    lines = [OrderLine(item.product_id, item.variant_id, item.quantity) for item in fact.items]
    ordered_at = min(fact.ordered_at, datetime.now(UTC))  # whatever the storefront's clock says
    happened = Happened(store_id, contact_id, f"order/{fact.order_id}", (ORDERED,), ordered_at, order_id=fact.order_id)
    await record_order(connection, happened, fact.order_id, lines, fact.observed_at, cancelled=fact.cancelled)


async def record_order(
    connection: Connection,
    ordered: Happened,
    order_id: str,
    lines: Sequence[OrderLine],
    observed_at: datetime,
    *,
    cancelled: bool,
) -> tuple[TriggeredEntry, ...]:
    """Record an order as it is now, and tell conversations what is new of it.

    Args:
        ordered: the order as something that a contact did.
        observed_at: when it was like this, by the clock of whoever tells.

    Returns:
        The conversations that were considered for entry.
    """
    assert ordered.store_id is not None, "an order is of a shop"
    news = await _set_order(connection, ordered, ordered.store_id, order_id, lines, observed_at, cancelled=cancelled)
    if not news.products:
        return ()
    # What was added to an order later was bought then; the order itself is news once.
    names = (ORDERED, BOUGHT) if news.is_new else (BOUGHT,)
    return await tell_conversations(connection, replace(ordered, names=names, order_id=order_id, bought=news.products))


async def _set_order(
    connection: Connection,
    ordered: Happened,
    store_id: StoreId,
    order_id: str,
    lines: Sequence[OrderLine],
    observed_at: datetime,
    *,
    cancelled: bool,
) -> _News:
    known = await connection.fetchval(SQL["known_order"], store_id, order_id)
    units: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        units[line.product_id, line.variant_id or ""] += line.quantity
    rows = await connection.fetch(
        SQL["set_order"],
        store_id,
        order_id,
        ordered.contact_id,
        [product_id for product_id, _ in units],
        [variant_id for _, variant_id in units],
        list(units.values()),
        ordered.at,
        cancelled,
        observed_at,
    )
    return _News(not known, frozenset(row["product_id"] for row in rows if row["is_new"] and not row["cancelled"]))
