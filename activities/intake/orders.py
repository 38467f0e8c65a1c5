"""Orders as they are now: what verdicts, offers and criteria go by for "bought".

A storefront reports the same order many times: the newest message counts, and conversations get each part of it once.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from activities.journeys.contact_events import BOUGHT, ORDERED, Happened
from activities.journeys.entering import pass_to_conversations
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.revenue.crediting import ToldOrder, cancel_total, record_money
from activities.waitlist.entrances import contact_then
from schemas.attribution import AttributionModel
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.incoming.events import TriggeredEntry
from schemas.incoming.facts import OrderFact, OrderMoney

SQL = load_queries("activities.intake", "orders.sql")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Units of one product or variant in an order."""

    product_id: str
    variant_id: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A line of an order that was written, because nothing newer was known; `is_new`: there was none before."""

    product_id: str
    cancelled: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class _NewInOrder:
    """What a message about an order reports for the first time: the order itself, or products in it."""

    is_new: bool
    products: frozenset[str]


async def take_order(connection: Connection, store_id: StoreId, fact: OrderFact, attribution: AttributionModel) -> None:
    """Record a storefront's order as it is now, and pass what is new in it to conversations, unless it was erased."""
    contact_id = await contact_then(connection, fact.email, fact.ordered_at, store_id, fact.order_id)
    if contact_id is None:
        return
    lines = [OrderLine(item.product_id, item.variant_id, item.quantity) for item in fact.items]
    ordered_at = min(fact.ordered_at, datetime.now(UTC))  # whatever the storefront's clock says
    happened = Happened(store_id, contact_id, f"order/{fact.order_id}", (ORDERED,), ordered_at, order_id=fact.order_id)
    await record_order(
        connection,
        happened,
        fact.order_id,
        lines,
        fact.observed_at,
        attribution,
        cancelled=fact.cancelled,
        money=fact.money,
        codes=fact.codes,
    )


async def record_order(
    connection: Connection,
    ordered: Happened,
    order_id: str,
    lines: Sequence[OrderLine],
    observed_at: datetime,
    attribution: AttributionModel,
    *,
    cancelled: bool,
    money: OrderMoney | None = None,
    codes: Sequence[str] = (),
) -> tuple[TriggeredEntry, ...]:
    """Record an order as it is now, and pass what is new in it to conversations.

    Args:
        ordered: the order as something that a contact did.
        observed_at: when it was like this, by the sender's clock.
        attribution: the installation's windows, for whichever message it is credited to.
        money: what it came to; None: the message does not say.
        codes: the discount codes it was made with.

    Returns:
        The conversations that were considered for entry.
    """
    assert ordered.store_id is not None, "an order is of a shop"
    new = await _set_order(connection, ordered, ordered.store_id, order_id, lines, observed_at, cancelled=cancelled)
    await record_money(
        connection,
        ToldOrder(
            ordered.store_id, order_id, ordered.contact_id, ordered.at, observed_at, cancelled, money, tuple(codes)
        ),
        attribution,
    )
    if not new.products:
        return ()
    # A product that is added to an order later is `bought`; the order itself is `ordered` only once.
    names = (ORDERED, BOUGHT) if new.is_new else (BOUGHT,)
    return await pass_to_conversations(
        connection, replace(ordered, names=names, order_id=order_id, bought=new.products)
    )


class UnknownOrder(DomainError):
    """The store has told of no such order."""

    code = "unknown_order"
    kind = ErrorKind.NOT_FOUND

    def __init__(self, store_id: StoreId, order_id: str) -> None:
        super().__init__(
            f"{store_id} has told of no order {order_id}.", public="This shop has told of no order with this id."
        )


async def cancel_order(connection: Connection, store_id: StoreId, order_id: str, at: datetime) -> None:
    """Record that an order does not stand any more, whatever was in it.

    Raises:
        UnknownOrder: as it says.
    """
    if not await SQL.cancel_order.values(connection, store_id=store_id, order_id=order_id, at=at):
        raise UnknownOrder(store_id, order_id)
    await cancel_total(connection, store_id, order_id, at)


async def _set_order(
    connection: Connection,
    ordered: Happened,
    store_id: StoreId,
    order_id: str,
    lines: Sequence[OrderLine],
    observed_at: datetime,
    *,
    cancelled: bool,
) -> _NewInOrder:
    known: bool = await SQL.known_order.value(connection, store_id=store_id, order_id=order_id)
    units: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        units[line.product_id, line.variant_id or ""] += line.quantity
    written = await SQL.set_order.rows(
        connection,
        WrittenLine,
        store_id=store_id,
        order_id=order_id,
        contact_id=ordered.contact_id,
        product_ids=[product_id for product_id, _ in units],
        variant_ids=[variant_id for _, variant_id in units],
        quantities=list(units.values()),
        ordered_at=ordered.at,
        cancelled=cancelled,
        observed_at=observed_at,
    )
    products = frozenset(line.product_id for line in written if line.is_new and not line.cancelled)
    return _NewInOrder(not known, products)
