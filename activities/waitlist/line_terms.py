"""By what those who wait in a line would wait for another thing: when it is moved, or has a successor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from activities.stock.offers import Product
from activities.stock.products import load_product
from schemas.document.alert_types.alert import Sight
from schemas.document.alert_types.offer import Measure
from schemas.document.alert_types.registry import read_alert
from schemas.document.alert_types.vocabulary import Action
from schemas.ids import AlertId, Subject
from schemas.reasons import Reason

SQL = load_queries("activities.waitlist", "line_terms.sql")


@dataclass(frozen=True, slots=True)
class LineOfAlert:
    """An alert by which somebody waits, with the locations and the currency of its list; `paused`: it or its
    conversation is."""

    id: AlertId
    action: Action
    section: object
    measure: Measure
    quantity_threshold: int
    contacts_per_unit: int | None
    units_per_contact: int
    locations: Sequence[str] | None
    currency: str | None
    paused: bool


@dataclass(frozen=True, slots=True)
class Target:
    """What they are to wait for: its product (None: not known any more), whether it is gone, the store's currency."""

    product_id: str | None
    gone: bool
    currency: str | None


@dataclass(frozen=True, slots=True)
class Terms:
    """By what those of one line wait for the other thing, fixed as on entry."""

    trigger_at: Decimal | None
    entry_price: Decimal | None
    armed: bool
    currency: str | None


def terms_of(line: LineOfAlert, product: Product, subject: Subject, currency: str | None) -> Terms | Reason:
    """By what those of a line would wait for this, or why none of them can. Pure.

    As for who enters late: what is in stock may be waited for, but not what is never away. What somebody put in their
    cart is not in it because a line is moved.
    """
    if line.action is Action.CART:
        return Reason.NOT_IN_CART
    alert = read_alert(line.section)
    offer = product.offer(subject.level, subject.id, line.locations)
    offer = replace(offer, price=product.entry_price(subject.level, subject.id))
    sight = Sight(
        offer=offer,
        for_sale=product.for_sale(subject.level, subject.id, line.locations),
        in_stock=False,
        never_away=product.never_away(subject.level, subject.id),
        late=True,
        same_currency=line.currency is None or currency in (None, line.currency),
    )
    if (reason := alert.nothing_to_wait_for(sight)) is not None:
        return reason
    return Terms(alert.trigger(offer), offer.price, alert.armed(offer), currency)


async def lines_of(connection: Connection, subject: Subject, alert_id: AlertId | None) -> list[LineOfAlert]:
    """The lines of a subject in which anybody is, of one alert or of all (None)."""
    return await SQL.lines.rows(
        connection, LineOfAlert, store_id=subject.store_id, subject=subject.key, alert_id=alert_id
    )


async def target_of(connection: Connection, subject: Subject) -> Target:
    """What is known of it, as of what a line is to be moved to."""
    return await SQL.target.one(connection, Target, store_id=subject.store_id, subject=subject.key)


@dataclass(frozen=True, slots=True)
class Following:
    """Who goes on to wait for the successor of what is gone for good: those of `alerts`, and not those of `stay`."""

    successor: Subject
    alerts: Sequence[AlertId]
    stay: Sequence[AlertId]


async def successor_of_gone(database: Pool | Connection, subject: Subject) -> Subject | None:
    """What those who wait for it wait for instead; None: it is not gone, or nothing that is there succeeds it."""
    key: str | None = await SQL.successor_of_gone.value(database, store_id=subject.store_id, subject=subject.key)
    return None if key is None else Subject.from_key(subject.store_id, key)


async def who_follows(connection: Connection, subject: Subject) -> Following | None:
    """Whose wait goes on with the successor; None: it is not gone, or nothing that is there succeeds it."""
    successor = await successor_of_gone(connection, subject)
    if successor is None:
        return None
    target = await target_of(connection, successor)
    assert target.product_id is not None, "what is there is of a product"
    product = await load_product(connection, subject.store_id, target.product_id)
    lines = await lines_of(connection, subject, None)
    able = [line.id for line in lines if isinstance(terms_of(line, product, successor, target.currency), Terms)]
    return Following(successor, able, [line.id for line in lines if line.id not in able])
