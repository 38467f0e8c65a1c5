"""Orders' money and their credits, written in the order's own transaction. Safe to repeat.

An order that is told again brings its total, its refunds and its cancellation up to date. A credit stays: what it is
worth follows the order, and which message it is for does not change, whatever windows a list has later. An order that
was credited to nothing is looked at again whenever it is told, for what was clicked may be told late.
"""

from dataclasses import dataclass
from datetime import datetime

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.revenue.attribution import MessageTouch, credited_to
from schemas.attribution import LONGEST_DAYS, Attribution, AttributionModel, Touch
from schemas.channels import Channel
from schemas.ids import ContactId, StoreId
from schemas.incoming.facts import OrderMoney

SQL = load_queries("activities.revenue", "crediting.sql")


@dataclass(frozen=True, slots=True)
class ToldOrder:
    """An order as a message tells of it.

    Attributes:
        money: None: the message does not say what it came to.
        codes: the discount codes it was made with.
        observed_at: when it was like this, by the teller's clock.
    """

    store_id: StoreId
    order_id: str
    contact_id: ContactId
    ordered_at: datetime
    observed_at: datetime
    cancelled: bool
    money: OrderMoney | None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TouchRow:
    """A row of `touches`; `channel` and the list's `windows` as they are stored, None where nothing is."""

    send_key: str
    channel: str | None
    touch: Touch
    at: datetime
    sent_at: datetime
    windows: Attribution | None


async def record_money(connection: Connection, order: ToldOrder, installation: AttributionModel) -> None:
    """Record what an order comes to now, and credit it to a message if one earned it.

    Args:
        installation: the windows where a list says nothing else.
    """
    codes = sorted({code.strip().upper() for code in order.codes if code.isprintable()})
    if codes:
        await SQL.redeem.run(connection, codes=codes, store_id=order.store_id, ordered_at=order.ordered_at)
    if order.money is None:
        await cancel_total(connection, order.store_id, order.order_id, order.observed_at, cancelled=order.cancelled)
        return
    ordered_at: datetime | None = await SQL.set_total.value(
        connection,
        store_id=order.store_id,
        order_id=order.order_id,
        contact_id=order.contact_id,
        ordered_at=order.ordered_at,
        currency=order.money.currency,
        total=order.money.total,
        refunded=order.money.refunded,
        cancelled=order.cancelled,
        observed_at=order.observed_at,
    )
    if ordered_at is not None:
        await _credit(connection, order, codes, ordered_at, installation)


async def cancel_total(
    connection: Connection, store_id: StoreId, order_id: str, at: datetime, *, cancelled: bool = True
) -> None:
    """Record whether an order whose money is known stands; of any other there is nothing to record."""
    await SQL.cancel_total.run(connection, store_id=store_id, order_id=order_id, cancelled=cancelled, at=at)


async def _credit(
    connection: Connection, order: ToldOrder, codes: list[str], ordered_at: datetime, installation: AttributionModel
) -> None:
    """`ordered_at`: the earliest that any message told."""
    rows = await SQL.touches.rows(
        connection,
        TouchRow,
        contact_id=order.contact_id,
        store_id=order.store_id,
        order_id=order.order_id,
        ordered_at=ordered_at,
        days=LONGEST_DAYS,
        codes=codes,
    )
    found = credited_to(ordered_at, [_touch(row, installation) for row in rows])
    if found is not None:
        await SQL.credit.run(
            connection,
            store_id=order.store_id,
            order_id=order.order_id,
            send_key=found.send_key,
            touch=found.touch,
            sent_at=found.sent_at,
            touched_at=found.at,
            ordered_at=ordered_at,
            model=found.model.model_dump(mode="json"),
        )


def _touch(row: TouchRow, installation: AttributionModel) -> MessageTouch:
    model = row.windows.over(installation) if row.windows else installation
    return MessageTouch(row.send_key, row.channel or Channel.EMAIL, row.touch, row.at, row.sent_at, model)
