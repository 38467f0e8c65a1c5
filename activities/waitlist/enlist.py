"""Entering the waiting list: by sign-up, by what a contact did, by import. One way in for all, in one transaction."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import structlog

from activities.decisions.filters import passes
from activities.postgres.pool import Connection, Pool, Row, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.kept_sign_ups import keep_sign_up
from activities.waitlist.offers import Offer, Product
from activities.waitlist.products import UnknownVariant, load_product
from activities.waitlist.store import look_again, reshelve
from activities.waitlist.window import window_end
from schemas.alerts import Action, AlertType, Drop
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
            await connection.execute(SQL["consent"], contact_id, source)
            interest = Interest(store_id, product_id, variant_id, at or datetime.now(UTC))
            result = await enter(connection, alerts[0], contact_id, interest)
            if isinstance(result, NotEnlisted):
                wish = store_id, contact_id, product_id, variant_id, interest.at
                await keep_sign_up(connection, *wish, alerts[0]["list_code"], result.alert_id, result.reason)
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


@dataclass(frozen=True, slots=True)
class _Entry:
    """Someone about to enter, with all that decides whether they do.

    Attributes:
        there: of back in stock: there are units now, an episode is open.
        was_there: there are known to have been, when they looked.
    """

    alert: Row
    contact_id: ContactId
    interest: Interest
    subject: Subject
    product: Product
    offer: Offer
    ends_at: datetime
    currency: str | None
    late: bool
    there: bool
    was_there: bool


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
    if subject is None:
        return NotEnlisted(alert["id"], Reason.NO_VARIANT)
    if not alert["live"]:
        log.warning("nobody is enlisted: every message behind the alert is a draft", alert=alert["id"])
        return NotEnlisted(alert["id"], Reason.MESSAGE_DRAFT)
    product = await _held(connection, alert, subject, interest)
    line = alert["id"], contact_id, subject.store_id, subject.key
    known = await connection.fetchval(SQL["entry_since"], *line, interest.at if late else None)
    if known is not None:
        return Enlisted(known, False, alert["id"])
    browsed = Action(alert["action"]) is not Action.SIGN_UP
    waits_for_stock = AlertType(alert["type"]) is AlertType.BACK_IN_STOCK and (late or browsed)
    where = subject.store_id, subject.key
    entry = _Entry(
        alert,
        contact_id,
        interest,
        subject,
        product,
        product.offer(subject.level, subject.id, alert["locations"]),
        window_end(interest.at, alert["window_days"], alert["time_zone"]),
        await connection.fetchval(SQL["store_currency"], subject.store_id),
        late,
        waits_for_stock and await connection.fetchval(SQL["open_episode_of"], alert["id"], *where),
        waits_for_stock and late and browsed and await connection.fetchval(SQL["was_there"], *where, interest.at),
    )
    reason = await _why_not(connection, entry)
    if reason is not None:
        return NotEnlisted(alert["id"], reason)
    journey_id = new_journey_id()
    trigger, armed = _trigger(alert, entry.offer)
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
        entry.ends_at,
        trigger,
        armed,
        entry.currency,
        late,
    )
    await look_again(connection, subject)
    return Enlisted(journey_id, True, alert["id"], in_stock=late and entry.there)


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
    there = offer.available(AlertType(alert["type"])) >= alert["quantity_threshold"]
    if there and not await connection.fetchval(SQL["open_episode_of"], alert["id"], subject.store_id, subject.key):
        await connection.execute(SQL["hold_product"], store_id, product_id)
        product = await load_product(connection, store_id, product_id)
        await reshelve(connection, store_id, product_id, product, product.variants)
        return product
    await connection.execute(SQL["hold_product_shared"], store_id, product_id)
    return await load_product(connection, store_id, product_id)


async def _why_not(connection: Connection, entry: _Entry) -> Reason | None:
    alert, interest = entry.alert, entry.interest
    store_id, product_id = interest.store_id, interest.product_id
    if entry.ends_at <= datetime.now(UTC):
        return Reason.WINDOW_ENDED
    if await connection.fetchval(SQL["gone"], store_id, product_id, entry.subject.key):
        return Reason.DISCONTINUED
    if (reason := _about_the_offer(entry)) is not None:
        return reason
    if await connection.fetchval(SQL["bought_since"], entry.contact_id, store_id, product_id, _bought_since(entry)):
        return Reason.PURCHASED
    if not await passes(connection, alert, entry.contact_id, store_id, product_id, interest.variant_id):
        return Reason.FILTERED
    return None


def _about_the_offer(entry: _Entry) -> Reason | None:
    alert, offer = entry.alert, entry.offer
    match AlertType(alert["type"]):
        case AlertType.BACK_IN_STOCK:
            # Who signs up asks for it, whatever there is; who only looked has something to wait for if it is away.
            browsed = Action(alert["action"]) is not Action.SIGN_UP
            there = entry.there and not (entry.late and alert["tells_late"])
            nothing_to_wait_for = there or entry.was_there or _never_away(entry)
            return Reason.IN_STOCK if (browsed or entry.late) and nothing_to_wait_for else None
        case AlertType.PRICE_DROP:
            if offer.price is None:
                return Reason.INACTIVE
            other = alert["currency"] is not None and entry.currency not in (None, alert["currency"])
            return Reason.CURRENCY_CHANGED if other else None
        case AlertType.LOW_INVENTORY:
            return None


def _never_away(entry: _Entry) -> bool:
    """It is on sale, and none of its units are counted."""
    whole = entry.subject.level is Level.PRODUCT
    variants = [
        variant
        for id_, variant in entry.product.variants.items()
        if not variant.removed and (whole or id_ == entry.subject.id)
    ]
    return entry.product.on_sale and all(v.tracked is False or v.quantities.untracked for v in variants)


def _bought_since(entry: _Entry) -> datetime:
    """A purchase since then speaks against them, as before a message: however late we hear of what they did."""
    days = entry.alert["not_if_bought_days"]
    return entry.interest.at if days is None else min(entry.interest.at, datetime.now(UTC) - timedelta(days=days))


def _trigger(alert: Row, offer: Offer) -> tuple[Decimal | None, bool]:
    """The bound this entry is told at, and whether a fall to it would be a crossing."""
    match AlertType(alert["type"]):
        case AlertType.BACK_IN_STOCK:
            return None, True
        case AlertType.PRICE_DROP:
            drop = Drop(amount=alert["drop_amount"], percent=alert["drop_percent"])
            return drop.trigger(offer.price or Decimal(0)), True
        case AlertType.LOW_INVENTORY:
            return Decimal(alert["low_at"]), offer.units > alert["low_at"]
