"""Why not: for everyone who was considered and not told, the reason on record; for those who wait, where they stand.

Looks at what the shelf looks at, in its order. Contacts are ids throughout; no answer holds an address.
"""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from activities.postgres.pool import Connection, Pool, Row
from activities.postgres.queries import load_queries
from activities.stock.offers import Product
from activities.stock.products import UnknownVariant, load_product
from schemas.channels import Channel
from schemas.document.alert_types.offer import Measure, Offer
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId, Subject
from schemas.reasons import Reason
from schemas.responses.journeys import JourneyStatus
from schemas.responses.why import NotYet, ReasonCount, WaitStatus, WhyContact, WhyEntry, WhyProduct

SQL = load_queries("starter.support", "why.sql")

MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class About:
    """What is asked about; None means any. `variant_id` includes those who wait for its whole product."""

    store_id: str | None = None
    variant_id: str | None = None
    product_id: str | None = None


class UnknownProduct(DomainError):
    """The store has told of no such product."""

    code = "unknown_product"
    kind = ErrorKind.NOT_FOUND
    advice = "Its storefront has not told of it yet; `shelftalk product set` puts it in by hand."

    def __init__(self, product: str) -> None:
        super().__init__(f"Nothing is known of {product}.", public="This shop has no such product that we know of.")


class Why:
    """The answers to "why was this one not told?"."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def contact(self, email: str, about: About, limit: int = 100) -> WhyContact:
        """Of one contact: everything they were considered for, newest first."""
        async with self._pool.acquire() as connection:
            contact_id = await connection.fetchval(SQL["contact"], email.lower())
            if contact_id is None:
                return WhyContact(known=False, entries=())
            wanted = contact_id, about.store_id, about.product_id, about.variant_id
            entries = await _entries(
                connection, await connection.fetch(SQL["entries"], *wanted, _within(limit), Channel.EMAIL)
            )
            entries += [_never_entered(row) for row in await connection.fetch(SQL["never_entered"], *wanted)]
            entries += [_turned_away(row) for row in await connection.fetch(SQL["turned_away"], *wanted)]
        entries.sort(key=lambda entry: entry.considered_at, reverse=True)
        return WhyContact(known=True, entries=tuple(entries[: _within(limit)]))

    async def product(self, store_id: StoreId, about: About, limit: int = 100) -> WhyProduct:
        """Of one product, or one variant of it: counts of all, and the first entries of those not told.

        Raises:
            UnknownVariant, UnknownProduct: as they say.
        """
        async with self._pool.acquire() as connection:
            product_id = await _product_id(connection, store_id, about)
            key = store_id, product_id, about.variant_id
            counts = await connection.fetchrow(SQL["counts"], *key)
            assert counts is not None
            not_told = await connection.fetch(SQL["not_told"], *key)
            rows = await connection.fetch(SQL["entries"], None, *key, _within(limit), Channel.EMAIL)
            entries = await _entries(connection, rows)
            never = [_never_entered(row) for row in await connection.fetch(SQL["never_entered"], None, *key)]
        return WhyProduct(
            store_id=store_id,
            product_id=product_id,
            variant_id=about.variant_id,
            waiting=counts["waiting"],
            told=counts["told"],
            not_told=tuple(ReasonCount(reason=Reason(row["reason"]), count=row["count"]) for row in not_told),
            never_entered=tuple(
                ReasonCount(reason=reason, count=count)
                for reason, count in Counter(entry.reason for entry in never if entry.reason).most_common()
            ),
            entries=(*entries, *never)[: _within(limit)],
        )


def _within(limit: int) -> int:
    return max(1, min(limit, MOST_ENTRIES))


async def _product_id(connection: Connection, store_id: StoreId, about: About) -> str:
    if about.variant_id is not None:
        found = await connection.fetchval(SQL["product_of_variant"], store_id, about.variant_id)
        if found is None:
            raise UnknownVariant(f"{store_id}/variant/{about.variant_id}")
        return found
    found = await connection.fetchval(SQL["known_product"], store_id, about.product_id)
    if found is None:
        raise UnknownProduct(f"{store_id}/product/{about.product_id}")
    return found


async def _entries(connection: Connection, rows: list[Row]) -> list[WhyEntry]:
    """The entries, with the offers that decide about those who wait."""
    products: dict[tuple[str, str], Product] = {}
    entries: list[WhyEntry] = []
    for row in rows:
        standing = None
        if row["place"] in ("waiting", "claimed") and row["ended_at"] is None:
            key = StoreId(row["store_id"]), row["product_id"]
            if key not in products:
                products[key] = await load_product(connection, *key)
            standing = _standing(row, products[key])
        entries.append(_entry(row, standing))
    return entries


def _standing(row: Row, product: Product) -> WaitStatus:
    subject = Subject.from_key(row["store_id"], row["subject"])
    offer = product.offer(subject.level, subject.id, row["locations"])
    return WaitStatus(
        not_yet=_not_yet(row, offer),
        ahead=row["ahead"],
        places=row["places"] if row["in_stock"] else 0,
        units=offer.units,
        price=offer.price,
        trigger=row["trigger_at"],
        window_ends_at=row["window_ends_at"],
    )


def _not_yet(row: Row, offer: Offer) -> NotYet:
    """The first thing in the way, in the order in which the shelf meets them."""
    if row["paused"]:
        return NotYet.PAUSED
    if row["place"] == "claimed":
        return NotYet.CALLED_FORWARD
    if row["gone"]:
        return NotYet.DISCONTINUED
    if not row["live"]:
        return NotYet.DRAFT
    if not row["on_sale"]:
        return NotYet.NOT_ON_SALE
    by_price = row["goes_by"] == Measure.PRICE
    if not row["in_stock"]:
        return NotYet.PRICE_UNKNOWN if by_price and offer.price is None else NotYet.NOT_ENOUGH_UNITS
    if not row["triggered"]:
        return NotYet.PRICE_NOT_DOWN if by_price else NotYet.QUANTITY_NOT_DOWN
    if row["places"] is not None and row["ahead"] >= row["places"]:
        return NotYet.NOT_NEXT_IN_LINE
    return NotYet.NEXT


def _entry(row: Row, standing: WaitStatus | None) -> WhyEntry:
    told = row["told_at"] is not None
    reason = Reason(row["reason"]) if row["reason"] else None
    ended = row["ended_at"] is not None or row["place"] == "left"
    if not told and ended and reason is None:
        reason = Reason.NO_MESSAGE
    refuse = Reason(row["would_refuse"]) if row["would_refuse"] else None
    if standing is not None:
        sentence = waiting_sentence(standing, row)
        if refuse is not None:
            sentence += f" And when their turn comes: {refuse.sentence}"
    elif row["alert_id"] is None and not ended:
        sentence = "They are in the conversation." if told else "They are in the conversation; nothing was sent yet."
        if refuse is not None:
            sentence += f" And before the next message: {refuse.sentence}"
    elif told:
        sentence = "They were told." + (f" It ended then: {reason.sentence}" if reason else "")
    else:
        sentence = (reason or Reason.NO_MESSAGE).sentence
    return WhyEntry(
        journey_id=row["id"],
        contact_id=row["contact_id"],
        store_id=row["store_id"],
        subject=row["subject"],
        product_title=row["product_title"],
        alert=row["alert_id"],
        conversation=row["conversation"],
        status=JourneyStatus.ENDED if ended else JourneyStatus.TOLD if told else JourneyStatus.WAITING,
        considered_at=row["entered_at"],
        told_at=row["told_at"],
        ended_at=row["ended_at"],
        reason=reason,
        standing=standing,
        would_refuse=refuse,
        sentence=sentence,
    )


def waiting_sentence(standing: WaitStatus, row: Row) -> str:
    """What support can say to one who waits, with the numbers that decide."""
    match standing.not_yet:
        case NotYet.CALLED_FORWARD:
            return "Their turn has come; the message leaves when its check allows it: quiet hours may hold it up."
        case NotYet.PAUSED:
            return Reason.CONVERSATION_PAUSED.sentence
        case NotYet.DRAFT:
            return "Every message behind the alert is still a draft, so nobody is told."
        case NotYet.DISCONTINUED:
            return "The product was discontinued; they are being told so, if there is a message for it."
        case NotYet.NOT_ON_SALE:
            return Reason.INACTIVE.sentence
        case NotYet.NOT_ENOUGH_UNITS:
            needed = row["quantity_threshold"]
            return f"{_units(standing.units)} to sell that the list counts; the alert waits for {needed}."
        case NotYet.PRICE_UNKNOWN:
            return "The price is not known, so it cannot be compared."
        case NotYet.PRICE_NOT_DOWN:
            return f"It costs {_number(row['measure'])} now; they are told at {_number(standing.trigger)} or less."
        case NotYet.QUANTITY_NOT_DOWN if not row["armed"]:
            bound = _number(standing.trigger)
            return (
                f"{_units(standing.units)} left, and it was as low when they entered: they are told when it falls to "
                f"{bound} from above."
            )
        case NotYet.QUANTITY_NOT_DOWN:
            bound = _number(standing.trigger)
            return f"{_units(standing.units)} left; they are told when it falls to {bound} or fewer."
        case NotYet.NOT_NEXT_IN_LINE:
            return f"{standing.ahead} stand before them, and there are places for {standing.places} now."
        case NotYet.NEXT:
            return "They are among the next; the shelf is about to call them forward."
        case _:
            assert_never(standing.not_yet)


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"


def _number(value: Decimal | None) -> str:
    """Without the zeros the database fills up with; money keeps its two places."""
    if value is None:
        return "–"
    plain = value.normalize()
    return f"{plain:f}" if plain == plain.to_integral() or -int(plain.as_tuple().exponent) > 2 else f"{value:.2f}"


def _never_entered(row: Row) -> WhyEntry:
    reason = Reason(row["reason"])
    return WhyEntry(
        journey_id=None,
        contact_id=row["contact_id"],
        store_id=row["store_id"],
        subject=f"variant/{row['variant']}" if row["variant"] else f"product/{row['product']}",
        product_title=row["product_title"],
        alert=row["alert"],
        status=JourneyStatus.ENDED,
        considered_at=row["happened_at"],
        told_at=None,
        ended_at=None,
        reason=reason,
        standing=None,
        would_refuse=None,
        sentence=f"They did not enter: {reason.sentence}",
    )


def _turned_away(row: Row) -> WhyEntry:
    reason = Reason(row["reason"])
    subject = f"variant/{row['variant_id']}" if row["variant_id"] else f"product/{row['product_id']}"
    return WhyEntry(
        journey_id=None,
        contact_id=row["contact_id"],
        store_id=row["store_id"],
        subject=subject if row["product_title"] is not None else None,
        product_title=row["product_title"],
        alert=None,
        conversation=row["conversation"],
        status=JourneyStatus.ENDED,
        considered_at=row["happened_at"],
        told_at=None,
        ended_at=None,
        reason=reason,
        standing=None,
        would_refuse=None,
        sentence=f"They did not enter: {reason.sentence}",
    )
