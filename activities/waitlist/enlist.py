"""Entering the waiting list: by sign-up, by what a contact did, by import. One way in for all, in one transaction."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from activities.decisions.filters import passes
from activities.postgres.pool import Connection, Pool, Row, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.offers import Product
from activities.stock.products import UnknownVariant, load_product
from activities.waitlist.admission import EntryFacts, purchase_counts_since, why_closed, why_not_admitted
from activities.waitlist.store import look_again, update_episodes
from activities.waitlist.unfulfilled_sign_ups import keep_unfulfilled_sign_up
from activities.waitlist.window import window_end
from schemas.channels import Channel
from schemas.document.alert_types.alert import Sight
from schemas.document.alert_types.offer import Measure
from schemas.document.alert_types.registry import AnyAlert, read_alert
from schemas.document.alert_types.vocabulary import Action
from schemas.errors import DomainError, ErrorKind
from schemas.ids import ContactId, JourneyId, Level, StoreId, Subject, new_contact_id, new_journey_id
from schemas.reasons import Reason

SQL = load_queries("activities.waitlist", "enlist.sql")
log = structlog.get_logger()


class NoAlert(DomainError):
    """No published conversation takes sign-ups."""

    code = "no_alert"
    kind = ErrorKind.NOT_OPEN
    advice = "Publish one: `shelftalk conversation publish FILE`."

    def __init__(self) -> None:
        super().__init__(
            "No published conversation has an alert by 'sign-up'.",
            public="Sign-ups are not open yet. Please try again later.",
        )


@dataclass(frozen=True, slots=True)
class Interest:
    """What a contact showed interest in, and when (aware)."""

    store_id: StoreId
    product_id: str
    variant_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Enlisted:
    """A contact stands in line for an alert; `entered` is false when they stood there already.

    Attributes:
        in_stock: of one who entered late: there is stock now, so they are told at once if a place is left.
    """

    journey_id: JourneyId
    entered: bool
    alert_id: str
    in_stock: bool = False


@dataclass(frozen=True, slots=True)
class NotEnlisted:
    """A contact was considered for an alert and not entered."""

    alert_id: str
    reason: Reason


class Declined(DomainError):
    """A contact could not be entered; for those who asked to be told why."""

    code = "not_enlisted"
    kind = ErrorKind.CONFLICT

    def __init__(self, declined: NotEnlisted) -> None:
        super().__init__(f"Alert '{declined.alert_id}' does not enter them: {declined.reason.sentence}")


class Enlisting:
    """The way into the waiting list."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_on_deadlock
    async def sign_up(
        self,
        email: str,
        store_id: StoreId,
        variant_id: str,
        source: str,
        at: datetime | None = None,
        list_code: str | None = None,
    ) -> Enlisted | NotEnlisted:
        """Put a contact in line for a variant (or its product); one who stands there already keeps their place.

        A sign-up that could not be entered is kept as an event, with the reason (P7): back-population finds those that
        came while every message was a draft (P4).

        Args:
            email: a valid address; letter case does not matter.
            source: where consent was given, for the record.
            at: when they asked; now, if not given. Their place in line and their window count from then.
            list_code: for this list; by default for the default list, or else the first that takes sign-ups.

        Raises:
            UnknownVariant, NoAlert: as they say.
        """
        async with transaction(self._pool) as connection:
            product_id = await connection.fetchval(SQL["product_of_variant"], store_id, variant_id)
            if product_id is None:
                raise UnknownVariant(f"{store_id}/variant/{variant_id}")
            alerts = await connection.fetch(SQL["alerts_for"], Action.SIGN_UP, list_code, None)
            if not alerts:
                raise NoAlert
            contact_id = await contact(connection, email)
            await connection.execute(SQL["consent"], contact_id, Channel.EMAIL, source)
            interest = Interest(store_id, product_id, variant_id, at or datetime.now(UTC))
            result = await enter(connection, alerts[0], contact_id, interest)
            if isinstance(result, NotEnlisted):
                late_entry = store_id, contact_id, product_id, variant_id, interest.at
                await keep_unfulfilled_sign_up(
                    connection, *late_entry, alerts[0]["list_code"], result.alert_id, result.reason
                )
            return result

    @staticmethod
    async def interested(
        connection: Connection, action: Action, contact_id: ContactId, interest: Interest
    ) -> list[Enlisted | NotEnlisted]:
        """A contact browsed or carted a known product: enter them wherever an alert is fed by that.

        Where no variant was named and the product has only one, it is that one.
        """
        if interest.variant_id is None:
            only = await connection.fetchval(SQL["only_variant"], interest.store_id, interest.product_id)
            interest = replace(interest, variant_id=only)
        return [
            await enter(connection, alert, contact_id, interest)
            for alert in await connection.fetch(SQL["alerts_for"], action, None, None)
        ]


async def contact(connection: Connection, email: str) -> ContactId:
    """The contact of this address, made if there is none."""
    return await connection.fetchval(SQL["contact"], new_contact_id(), email.lower())


async def enter(
    connection: Connection, alert: Row, contact_id: ContactId, interest: Interest, *, late: bool = False
) -> Enlisted | NotEnlisted:
    """Enter a contact for one alert, unless something speaks against it.

    Args:
        alert: a row of `alerts_for`.
        late: they enter now for what they did in the past. Whoever stood in line since then does not enter again, and
            is not asked to wait for what is in stock, nor told of it at once unless the alert says so.
    """
    subject = _subject(alert, interest)
    closed = why_closed(watched=subject is not None, live=alert["live"])
    if closed is Reason.MESSAGE_DRAFT:
        log.warning("nobody is enlisted: every message behind the alert is a draft", alert=alert["id"])
    if subject is None or closed is not None:
        return NotEnlisted(alert["id"], closed or Reason.NO_VARIANT)
    product = await _held(connection, alert, subject, interest)
    line = alert["id"], contact_id, subject.store_id, subject.key
    known = await connection.fetchval(SQL["entry_since"], *line, interest.at if late else None)
    if known is not None:
        return Enlisted(known, False, alert["id"])
    terms = read_alert(alert["section"])
    candidate = _Candidate(alert, terms, contact_id, interest, subject, product, late)
    facts, currency = await _facts(connection, candidate)
    if (reason := why_not_admitted(terms, facts, datetime.now(UTC))) is not None:
        return NotEnlisted(alert["id"], reason)
    journey_id = new_journey_id()
    await connection.execute(
        SQL["enter"],
        journey_id,
        contact_id,
        subject.store_id,
        subject.key,
        interest.product_id,
        alert["id"],
        alert["published"],
        interest.at,
        facts.window_ends_at,
        terms.trigger(facts.sight.offer),
        terms.armed(facts.sight.offer),
        currency,
        late,
    )
    await look_again(connection, subject)
    waits_for_stock = terms.measure is Measure.NOTHING
    return Enlisted(journey_id, True, alert["id"], in_stock=late and waits_for_stock and facts.sight.in_stock)


def _subject(alert: Row, interest: Interest) -> Subject | None:
    """What of the interest this alert watches; None when it watches variants and none was named."""
    level = Level(alert["level"])
    id_ = interest.product_id if level is Level.PRODUCT else interest.variant_id
    return Subject(store_id=interest.store_id, level=level, id=id_) if id_ else None


async def _held(connection: Connection, alert: Row, subject: Subject, interest: Interest) -> Product:
    """The product, held so that a change of stock and this entry cannot miss each other.

    An alert that is newer than the product's last change has no episode yet, though there may be stock: then it is
    opened here, under the stronger lock.
    """
    store_id, product_id = interest.store_id, interest.product_id
    product = await load_product(connection, store_id, product_id)
    offer = product.offer(subject.level, subject.id, alert["locations"])
    there = offer.available(Measure(alert["measure"])) >= alert["quantity_threshold"]
    if there and not await connection.fetchval(SQL["open_episode_of"], alert["id"], subject.store_id, subject.key):
        await connection.execute(SQL["hold_product"], store_id, product_id)
        product = await load_product(connection, store_id, product_id)
        await update_episodes(connection, store_id, product_id, product, product.variants)
        return product
    await connection.execute(SQL["hold_product_shared"], store_id, product_id)
    return await load_product(connection, store_id, product_id)


@dataclass(frozen=True, slots=True)
class _Filters:
    """The filters of an alert, as they are stored."""

    alert_id: str
    triggers: object
    profile: object


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Someone about to enter an alert for a subject; `late` as `enter` has it."""

    alert: Row
    terms: AnyAlert
    contact_id: ContactId
    interest: Interest
    subject: Subject
    product: Product
    late: bool


async def _facts(connection: Connection, candidate: _Candidate) -> tuple[EntryFacts, str | None]:
    """What decides whether they enter, and the store's currency."""
    alert, interest, contact_id = candidate.alert, candidate.interest, candidate.contact_id
    product, subject = candidate.product, candidate.subject
    store_id, product_id = interest.store_id, interest.product_id
    since = purchase_counts_since(candidate.terms, interest.at, datetime.now(UTC))
    row = await connection.fetchrow(
        SQL["entry_facts"], alert["id"], contact_id, store_id, product_id, subject.key, interest.at, since
    )
    assert row is not None, "a query of no table has one row"
    sight = Sight(
        offer=product.offer(subject.level, subject.id, alert["locations"]),
        in_stock=row["in_stock"],
        was_in_stock=row["was_in_stock"],
        never_away=product.never_away(subject.level, subject.id),
        late=candidate.late,
        same_currency=alert["currency"] is None or row["currency"] in (None, alert["currency"]),
    )
    filters = _Filters(alert["alert_id"], alert["triggers"], alert["profile"])
    facts = EntryFacts(
        sight=sight,
        window_ends_at=window_end(interest.at, alert["window_days"], alert["time_zone"]),
        gone=row["gone"],
        bought=row["bought"],
        filtered=not await passes(connection, filters, contact_id, store_id, product_id, interest.variant_id),
    )
    return facts, row["currency"]
