"""Why not: for everyone who was considered and not told, the reason on record; for those who wait, their status.

It reads what the shelf reads, and checks in the shelf's order. Contacts are ids throughout; no answer holds an address.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from activities.stock.offers import Product
from activities.stock.products import UnknownProduct, UnknownVariant, load_product
from schemas.ids import ContactId, StoreId
from schemas.reasons import Reason
from schemas.responses.journeys import AHEAD_COUNTED_TO, JourneyStatus, stay_sentences
from schemas.responses.why import ReasonCount, WaitStatus, WhyContact, WhyEntry, WhyProduct
from starter.support.considered import (
    ConsideredJourney,
    JourneyCounts,
    NotEnteredAlert,
    NotEnteredConversation,
)
from starter.support.sent_messages import sent_messages
from starter.support.wait_status import wait_status, waiting_sentence

SQL = load_queries("starter.support", "why.sql")

MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class About:
    """What is asked about; None means any. `variant_id` includes those who wait for its whole product.

    Attributes:
        stores: only of these, whatever else is asked.
        until: of a contact, what they were considered for later is left out.
    """

    store_id: str | None = None
    variant_id: str | None = None
    product_id: str | None = None
    stores: Sequence[StoreId] | None = None
    until: datetime | None = None


class Why:
    """The answers to "why was this one not told?"."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def contact(self, address: str, about: About, limit: int = 100, by: str | None = None) -> WhyContact:
        """Of one contact: everything they were considered for, newest first, and every message to them, in order.

        Args:
            address: an e-mail address or a number.
            by: who asks, for the audit.
        """
        async with self._pool.acquire() as connection:
            contact_id: ContactId | None = await SQL.contact.value(connection, address=address.lower())
            if by is not None:
                await write_audit(connection, by, "ask why", {"contact": contact_id, "store": about.store_id})
            if contact_id is None:
                return WhyContact(known=False, entries=())
            entries = await considered(connection, contact_id, about, limit)
            messages = await sent_messages(
                connection,
                contact_id,
                _within(limit),
                store_id=about.store_id,
                stores=about.stores,
                product_id=about.product_id,
                variant_id=about.variant_id,
            )
        # Whether another store knows them is not for a key of this one.
        known = about.stores is None or bool(entries)
        return WhyContact(known=known, entries=tuple(entries), messages=messages)

    async def product(self, store_id: StoreId, about: About, limit: int = 100) -> WhyProduct:
        """Of one product, or one variant of it: counts of all, and the first entries of those not told.

        Raises:
            UnknownVariant, UnknownProduct: as they say.
        """
        async with self._pool.acquire() as connection:
            product_id = await _product_id(connection, store_id, about)
            about = About(store_id, about.variant_id, product_id)
            counts = await SQL.counts.one(
                connection, JourneyCounts, store_id=store_id, product_id=product_id, variant_id=about.variant_id
            )
            not_told = await SQL.not_told.rows(
                connection, ReasonCount, store_id=store_id, product_id=product_id, variant_id=about.variant_id
            )
            entries = await _entries(connection, None, about, limit)
            never = await _not_entered_alerts(connection, None, about)
        return WhyProduct(
            store_id=store_id,
            product_id=product_id,
            variant_id=about.variant_id,
            waiting=counts.waiting,
            unconfirmed=counts.unconfirmed,
            told=counts.told,
            not_told=tuple(not_told),
            never_entered=tuple(
                ReasonCount(reason=reason, count=count)
                for reason, count in Counter(entry.reason for entry in never if entry.reason).most_common()
            ),
            entries=(*entries, *never)[: _within(limit)],
        )


async def considered(connection: Connection, contact_id: ContactId, about: About, limit: int) -> list[WhyEntry]:
    """Everything that a contact was considered for, the newest first."""
    entries = await _entries(connection, contact_id, about, limit)
    entries += await _not_entered_alerts(connection, contact_id, about)
    turned_away = await SQL.turned_away.rows(
        connection,
        NotEnteredConversation,
        contact_id=contact_id,
        store_id=about.store_id,
        stores=about.stores,
        product_id=about.product_id,
        variant_id=about.variant_id,
    )
    entries += [_not_entered_conversation(each) for each in turned_away]
    entries = [each for each in entries if about.until is None or each.considered_at <= about.until]
    entries.sort(key=lambda entry: entry.considered_at, reverse=True)
    return entries[: _within(limit)]


def _within(limit: int) -> int:
    return max(1, min(limit, MOST_ENTRIES))


async def _product_id(connection: Connection, store_id: StoreId, about: About) -> str:
    found: str | None
    if about.variant_id is not None:
        found = await SQL.product_of_variant.value(connection, store_id=store_id, variant_id=about.variant_id)
        if found is None:
            raise UnknownVariant(f"{store_id}/variant/{about.variant_id}")
        return found
    found = await SQL.known_product.value(connection, store_id=store_id, product_id=about.product_id)
    if found is None:
        raise UnknownProduct(f"{store_id}/product/{about.product_id}")
    return found


async def _entries(connection: Connection, contact_id: str | None, about: About, limit: int) -> list[WhyEntry]:
    """The journeys of a contact or a product; of those in line, with the offer that decides about them."""
    journeys = await SQL.entries.rows(
        connection,
        ConsideredJourney,
        contact_id=contact_id,
        store_id=about.store_id,
        stores=about.stores,
        product_id=about.product_id,
        variant_id=about.variant_id,
        until=about.until,
        most=_within(limit),
        counted_to=AHEAD_COUNTED_TO,
    )
    products: dict[tuple[StoreId, str], Product] = {}
    entries: list[WhyEntry] = []
    for journey in journeys:
        status = None
        if journey.place in ("waiting", "claimed") and journey.ended_at is None:
            assert journey.product_id is not None, "who is in line waits for something"
            key = journey.store_id, journey.product_id
            if key not in products:
                products[key] = await load_product(connection, *key)
            status = wait_status(journey, products[key])
        entries.append(_entry(journey, status))
    return entries


def _entry(journey: ConsideredJourney, status: WaitStatus | None) -> WhyEntry:
    told = journey.told_at is not None
    reason = journey.reason
    if not told and journey.ended and reason is None:
        reason = Reason.NO_MESSAGE
    return WhyEntry(
        journey_id=journey.id,
        contact_id=journey.contact_id,
        store_id=journey.store_id,
        subject=journey.subject,
        product_title=journey.product_title,
        alert=journey.alert_id,
        conversation=journey.conversation,
        status=JourneyStatus.ENDED if journey.ended else JourneyStatus.TOLD if told else JourneyStatus.WAITING,
        considered_at=journey.entered_at,
        told_at=journey.told_at,
        ended_at=journey.ended_at,
        reason=reason,
        standing=status,
        held_up_by=None if journey.ended else journey.held_up_by,
        would_refuse=journey.would_refuse,
        moves=journey.moves,
        successor=journey.successor,
        stays_from=journey.stays_from,
        stays_as=journey.stays_as,
        sentence=" ".join(
            [
                _sentence(journey, status, reason),
                *_successor(journey),
                *_moves(journey),
                *stay_sentences(journey.stays_from, journey.stays_as),
            ]
        ),
    )


def _moves(journey: ConsideredJourney) -> list[str]:
    return [move.sentence for move in journey.moves]


def _successor(journey: ConsideredJourney) -> list[str]:
    """What is said of the successor of what they wait for, or waited for."""
    if journey.unlike is not None:
        return [f"The successor of its product, {journey.unlike}, has no variant like it, or several."]
    if journey.successor is None or journey.gone:
        return []
    return [f"Once it is gone for good, they wait for its successor, {journey.successor}."]


def _sentence(journey: ConsideredJourney, status: WaitStatus | None, reason: Reason | None) -> str:
    """What support can say about this journey."""
    told, refuse = journey.told_at is not None, journey.would_refuse
    if status is not None:
        sentence = waiting_sentence(status, journey)
        return sentence if refuse is None else f"{sentence} And when their turn comes: {refuse.sentence}"
    if journey.alert_id is None and not journey.ended:
        sentence = "They are in the conversation." if told else "They are in the conversation; nothing was sent yet."
        sentence += f" {journey.held_up_by.put_off(journey.put_off_until)}" if journey.held_up_by else ""
        return sentence if refuse is None else f"{sentence} And before the next message: {refuse.sentence}"
    if told:
        ended = f" It ended then: {reason.sentence}" if reason else ""
        if journey.held_up_by and not journey.ended:
            return f"They were told.{ended} {journey.held_up_by.put_off(journey.put_off_until)}"
        return f"They were told.{ended}"
    return (reason or Reason.NO_MESSAGE).sentence


async def _not_entered_alerts(connection: Connection, contact_id: str | None, about: About) -> Sequence[WhyEntry]:
    """Whose events were considered for an alert, and who did not enter it."""
    found = await SQL.never_entered.rows(
        connection,
        NotEnteredAlert,
        contact_id=contact_id,
        store_id=about.store_id,
        stores=about.stores,
        product_id=about.product_id,
        variant_id=about.variant_id,
    )
    return [
        _not_entered(
            each,
            subject=f"variant/{each.variant}" if each.variant else f"product/{each.product}",
            alert=each.alert,
            conversation=None,
        )
        for each in found
    ]


def _not_entered_conversation(row: NotEnteredConversation) -> WhyEntry:
    subject = f"variant/{row.variant_id}" if row.variant_id else f"product/{row.product_id}"
    return _not_entered(
        row,
        subject=subject if row.product_title is not None else None,
        alert=None,
        conversation=row.conversation,
    )


def _not_entered(
    row: NotEnteredAlert | NotEnteredConversation, *, subject: str | None, alert: str | None, conversation: str | None
) -> WhyEntry:
    return WhyEntry(
        journey_id=None,
        contact_id=row.contact_id,
        store_id=row.store_id,
        subject=subject,
        product_title=row.product_title,
        alert=alert,
        conversation=conversation,
        status=JourneyStatus.ENDED,
        considered_at=row.happened_at,
        told_at=None,
        ended_at=None,
        reason=row.reason,
        standing=None,
        held_up_by=None,
        would_refuse=None,
        sentence=f"They did not enter: {row.reason.sentence}",
    )
