"""Entering one contact for one alert: the facts, the decision, and what is written, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from activities.decisions.filters import passes
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.offers import Product
from activities.stock.products import find_product, load_product
from activities.waitlist.admission import EntryFacts, purchase_counts_since, why_closed, why_not_admitted
from activities.waitlist.alerts import AlertInForce
from activities.waitlist.claims import give_up_place
from activities.waitlist.episodes import Change, look_again, update_episodes
from activities.waitlist.interest import Interest, subject_of, successor_for
from activities.waitlist.window import window_end
from schemas.document.alert_types.alert import Sight
from schemas.document.alert_types.offer import Measure
from schemas.document.alert_types.registry import AnyAlert, read_alert
from schemas.ids import ContactId, JourneyId, Level, Subject, new_journey_id
from schemas.reasons import Reason

SQL = load_queries("activities.waitlist", "entry.sql")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Entered:
    """A contact is in line for an alert; `entered` is false when they were already.

    Attributes:
        in_stock: of one who entered late: there is stock now, so they are told at once if a place is left.
        asks_first: the list has double opt-in, whether they have said yes or not.
        place_at_most: of a sign-up: so many have asked by now (place_shown.py).
        successor: of a sign-up for what is gone for good: the title of what they wait for instead.
    """

    journey_id: JourneyId
    entered: bool
    alert_id: str
    in_stock: bool = False
    asks_first: bool = False
    place_at_most: int | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class LeavingJourney:
    """A journey that is about to leave its line, and why."""

    journey_id: JourneyId
    reason: Reason


@dataclass(frozen=True, slots=True)
class NotEntered:
    """A contact was considered for an alert and not entered. The others as of who is."""

    alert_id: str
    reason: Reason
    asks_first: bool = False
    place_at_most: int | None = None
    successor: str | None = None


async def enter(
    connection: Connection,
    alert: AlertInForce,
    contact_id: ContactId,
    interest: Interest,
    *,
    late: bool = False,
    most_of_mailbox: int | None = None,
) -> Entered | NotEntered:
    """Enter a contact for one alert, unless the alert does not admit them.

    Args:
        late: they enter now for what they did in the past. Whoever has been in line since then does not enter again,
            and what is in stock already is not waited for, unless the alert says so.
        most_of_mailbox: how many places for it the addresses of one mailbox may have; None: any number.
    """
    subject = subject_of(alert, interest)
    closed = why_closed(for_store=alert.is_for(interest.store_id), watched=subject is not None, live=alert.live)
    if closed is Reason.MESSAGE_DRAFT:
        log.warning("nobody is enlisted: every message behind the alert is a draft", alert=alert.alert_id)
    if subject is None or closed is not None:
        return NotEntered(alert.alert_id, closed or Reason.NO_VARIANT)
    asked, asked_for = interest, subject
    if (instead := await successor_for(connection, alert, interest)) is not None:
        interest, subject = instead, subject_of(alert, instead) or subject
    interest, product = await _lock_present_product(connection, alert, subject, interest)
    since = interest.at if late else None
    known = await _entry_since(connection, alert, contact_id, (subject, asked_for), since)
    if known is not None:
        if not late and interest.quantity is not None:
            await _wants(connection, known, interest.quantity, subject)
        return Entered(known, False, alert.alert_id)
    await _end_stay_that_is_over(connection, alert, contact_id, subject)
    candidate = _Candidate(
        alert, read_alert(alert.section), contact_id, interest, subject, product, late, most_of_mailbox, asked_for
    )
    facts, currency = await _facts(connection, candidate)
    if facts.gone and await successor_for(connection, alert, asked) is not None:
        # It went, or has its successor, since it was looked at.
        return await enter(connection, alert, contact_id, asked, late=late, most_of_mailbox=most_of_mailbox)
    if (reason := why_not_admitted(candidate.terms, facts, datetime.now(UTC))) is not None:
        return NotEntered(alert.alert_id, reason)
    journey_id = await _write_entry(connection, candidate, facts, currency)
    if subject != asked_for:
        await SQL.asked_for.run(connection, journey_id=journey_id, asked_for=asked_for.key, subject=subject.key)
    await look_again(connection, subject)
    waits_for_stock = candidate.terms.measure is Measure.NOTHING
    return Entered(journey_id, True, alert.alert_id, in_stock=late and waits_for_stock and facts.sight.in_stock)


async def _entry_since(
    connection: Connection,
    alert: AlertInForce,
    contact_id: ContactId,
    subjects: Sequence[Subject],
    since: datetime | None,
) -> JourneyId | None:
    """Their journey in the line of one of these, all of one store; with `since` also one that was there then."""
    found: JourneyId | None = await SQL.entry_since.value(
        connection,
        alert_id=alert.alert_id,
        contact_id=contact_id,
        store_id=subjects[0].store_id,
        subjects=[subject.key for subject in subjects],
        since=since,
    )
    return found


async def _wants(connection: Connection, journey_id: JourneyId, quantity: int, subject: Subject) -> None:
    """One who is in line says how many units they want; what is there may be enough for them now."""
    if await SQL.wants.value(connection, journey_id=journey_id, quantity=quantity):
        await look_again(connection, subject)


async def _end_stay_that_is_over(
    connection: Connection, alert: AlertInForce, contact_id: ContactId, subject: Subject
) -> None:
    """Who was asked to leave this line, and comes back before their workflow has heard of it, leaves it here."""
    leaving = await SQL.leaving.row(
        connection,
        LeavingJourney,
        alert_id=alert.alert_id,
        contact_id=contact_id,
        store_id=subject.store_id,
        subject=subject.key,
    )
    if leaving is not None:
        await give_up_place(connection, leaving.journey_id, "refused", leaving.reason)


async def _lock_present_product(
    connection: Connection, alert: AlertInForce, subject: Subject, interest: Interest
) -> tuple[Interest, Product]:
    """The interest and its product, locked; another product's, if the variant moved there a moment ago."""
    product = await _lock_product(connection, alert, subject, interest)
    if subject.level is Level.VARIANT and subject.id not in product.variants:
        product_id = await find_product(connection, subject.store_id, None, subject.id)
        if product_id is not None and product_id != interest.product_id:
            return await _lock_present_product(connection, alert, subject, replace(interest, product_id=product_id))
    return interest, product


async def _lock_product(connection: Connection, alert: AlertInForce, subject: Subject, interest: Interest) -> Product:
    """The product, locked so that a change of stock and this entry cannot miss each other.

    An alert that is newer than the product's last change has no episode yet, though there may be stock: then it is
    opened here, under the stronger lock.
    """
    store_id, product_id = interest.store_id, interest.product_id
    product = await load_product(connection, store_id, product_id)
    offer = product.offer(subject.level, subject.id, alert.locations)
    there = offer.available(alert.measure) >= alert.quantity_threshold
    if there and not await SQL.open_episode_of.value(
        connection, alert_id=alert.alert_id, store_id=subject.store_id, subject=subject.key
    ):
        await SQL.hold_product.run(connection, store_id=store_id, product_id=product_id)
        product = await load_product(connection, store_id, product_id)
        await update_episodes(connection, store_id, product_id, [Change(product, product.variants)])
        return product
    await SQL.hold_product_shared.run(connection, store_id=store_id, product_id=product_id)
    return await load_product(connection, store_id, product_id)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Someone about to enter an alert for a subject; `late` and `most_of_mailbox` as for `enter`. `asked_for`: what
    they showed interest in, where that is gone and the subject succeeds it."""

    alert: AlertInForce
    terms: AnyAlert
    contact_id: ContactId
    interest: Interest
    subject: Subject
    product: Product
    late: bool
    most_of_mailbox: int | None
    asked_for: Subject

    @property
    def quantity(self) -> int:
        """How many units they want; at a bound nobody says it, whatever a file has."""
        return (self.interest.quantity or 1) if self.terms.measure is Measure.NOTHING else 1


@dataclass(frozen=True, slots=True)
class StoredEntryFacts:
    """What PostgreSQL knows for `EntryFacts`; `currency` is the store's."""

    gone: bool
    currency: str | None
    in_stock: bool
    was_in_stock: bool
    bought: bool
    told: bool
    crowded: bool


async def _facts(connection: Connection, candidate: _Candidate) -> tuple[EntryFacts, str | None]:
    """What decides whether they enter, and the store's currency."""
    alert, interest, contact_id = candidate.alert, candidate.interest, candidate.contact_id
    product, subject = candidate.product, candidate.subject
    store_id, product_id = interest.store_id, interest.product_id
    since = purchase_counts_since(candidate.terms, interest.at, datetime.now(UTC))
    stored = await SQL.entry_facts.one(
        connection,
        StoredEntryFacts,
        alert_id=alert.alert_id,
        contact_id=contact_id,
        store_id=store_id,
        product_id=product_id,
        subject=subject.key,
        asked_for=candidate.asked_for.key,
        entered_at=interest.at,
        purchases_since=since,
        quantity=candidate.quantity,
        most_of_mailbox=candidate.most_of_mailbox,
    )
    sight = Sight(
        offer=replace(
            product.offer(subject.level, subject.id, alert.locations),
            price=product.entry_price(subject.level, subject.id),
        ),
        for_sale=product.for_sale(subject.level, subject.id, alert.locations),
        in_stock=stored.in_stock,
        was_in_stock=stored.was_in_stock,
        never_away=product.never_away(subject.level, subject.id),
        late=candidate.late,
        same_currency=alert.currency is None or stored.currency in (None, alert.currency),
    )
    facts = EntryFacts(
        sight=sight,
        window_ends_at=window_end(interest.at, alert.window_days, alert.time_zone),
        gone=stored.gone,
        bought=stored.bought,
        told=stored.told,
        crowded=stored.crowded,
        filtered=not await passes(connection, alert, contact_id, store_id, product_id, interest.variant_id),
    )
    return facts, stored.currency


async def _write_entry(
    connection: Connection, candidate: _Candidate, facts: EntryFacts, currency: str | None
) -> JourneyId:
    """Write the journey, its place in line and the outbox row that starts its workflow."""
    journey_id, offer = new_journey_id(), facts.sight.offer
    await SQL.enter.run(
        connection,
        journey_id=journey_id,
        contact_id=candidate.contact_id,
        store_id=candidate.subject.store_id,
        subject=candidate.subject.key,
        product_id=candidate.interest.product_id,
        alert_id=candidate.alert.alert_id,
        version_id=candidate.alert.published,
        entered_at=candidate.interest.at,
        window_ends_at=facts.window_ends_at,
        trigger_at=candidate.terms.trigger(offer),
        entry_price=offer.price,
        armed=candidate.terms.armed(offer),
        currency=currency,
        late=candidate.late,
        quantity=candidate.quantity,
    )
    return journey_id
