"""Episodes in PostgreSQL: kept up to date with what the shop offers. The arithmetic is `allocation.py`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.offers import Product, locations_key
from activities.stock.products import keep_sums
from activities.waitlist.allocation import Episode, observe
from schemas.document.alert_types.offer import Offer
from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType
from schemas.ids import AlertId, Level, StoreId, Subject

SQL = load_queries("activities.waitlist", "episodes.sql")


@dataclass(frozen=True, slots=True)
class Heard:
    """A change that we heard of now.

    Attributes:
        shop_at: when it was, by the shop's own clock, however wrong that goes; None: it was said by hand.
    """

    shop_at: datetime | None


@dataclass(frozen=True, slots=True)
class WatchingAlert:
    """What decides, of an alert, about its episodes; `locations`: those whose units count, None: all."""

    id: AlertId
    type: AlertType
    level: Level
    quantity_threshold: int
    contacts_per_unit: int | None
    units_per_contact: int
    locations: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """An episode that has not ended.

    Attributes:
        locations: those whose units `available` counts; None: all.
        measure: the price or quantity that triggers were last compared with.
    """

    id: int
    alert_id: AlertId
    subject: str
    contacts_per_unit: int | None
    units_per_contact: int
    locations: Sequence[str] | None
    available: int
    arrived: int
    claimed: int
    measure: Decimal | None

    @property
    def episode(self) -> Episode:
        """The part of it that the arithmetic is about."""
        return Episode(self.contacts_per_unit, self.available, self.arrived, self.claimed, self.units_per_contact)


async def observe_units(
    connection: Connection, store_id: StoreId, items: Iterable[str], seconds: float | None = None
) -> bool:
    """Bring what is shared out of these items to the units there are now. Returns whether any came or went.

    The caller has written what was told of their stock.

    Args:
        seconds: how long it may take; None: as long as any query.
    """
    query = SQL.observe_units if seconds is None else SQL.observe_units.within(seconds)
    changed: bool = await query.value(connection, store_id=store_id, items=sorted(items))
    return changed


async def update_episodes(
    connection: Connection,
    store_id: StoreId,
    product_id: str,
    product: Product,
    changed: Iterable[str],
    *,
    heard: Heard | None = None,
    units_changed: bool = False,
    relocated: Collection[AlertId] = (),
) -> None:
    """Bring the episodes of these variants, and of the product, to what is offered now; ask shelves to look.

    The caller holds the product's row lock.

    Args:
        heard: what told of the change; None: nobody told of any.
        units_changed: as `observe_units` answered, of units that these variants sell.
        relocated: alerts for which other locations count than before: what was there already does not arrive.
    """
    variants = [Subject(store_id=store_id, level=Level.VARIANT, id=variant_id) for variant_id in changed]
    # Of a product of which only a part is known, nobody watches the whole.
    known_whole = product.whole or product.sums
    whole = [Subject(store_id=store_id, level=Level.PRODUCT, id=product_id)] if known_whole else []
    subjects = [*variants, *whole]
    keys = [subject.key for subject in subjects]
    alerts = await SQL.watching_alerts.rows(connection, WatchingAlert, store_id=store_id, subjects=keys)
    known = {
        (row.alert_id, row.subject): row
        for row in await SQL.open_episodes_of.rows(connection, OpenEpisode, store_id=store_id, subjects=keys)
    }
    if known_whole:
        counted = {locations_key(alert.locations) for alert in alerts if alert.level is Level.PRODUCT}
        sums = {key: product.sum(key) for key in counted} if product.whole else product.sums
        await keep_sums(connection, store_id, product_id, sums)
    for subject in subjects:
        changes = units_changed
        for alert in alerts:
            if alert.level == subject.level:
                before = known.get((alert.id, subject.key))
                seen = _see(product, alert, subject, before, relocated=alert.id in relocated)
                changes = await _update(connection, alert, subject, seen, before, heard) or changes
        if changes:
            await look_again(connection, subject)
    gone = [subject.key for subject in subjects if _may_be_gone(product, subject)]
    await SQL.look_at_discontinued.run(connection, store_id=store_id, subjects=gone)


async def look_again(connection: Connection, subject: Subject, item: str | None = None) -> None:
    """Ask the subject's shelf to look, if someone waits whom it could give a place to or dismiss.

    Args:
        item: some of its units were given back: whoever else sells it may look too.
    """
    await SQL.look_again.run(connection, store_id=subject.store_id, subject=subject.key)
    if item is not None:
        await look_at_sharers(connection, subject, [item])


async def look_at_sharers(connection: Connection, subject: Subject, items: Sequence[str]) -> None:
    """Ask the shelf of every other subject that sells these items to look, if someone waits there."""
    await SQL.look_at_sharers.run(connection, store_id=subject.store_id, subject=subject.key, items=items)


def _may_be_gone(product: Product, subject: Subject) -> bool:
    """Whether the subject may be gone for good; the query that dismisses those who wait decides."""
    if subject.level is Level.PRODUCT:
        return not product.on_sale
    variant = product.variants.get(subject.id)
    return not product.on_sale or variant is None or variant.removed


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an alert sees of a subject.

    Attributes:
        available: units there now, at the locations that count now.
        there_before: those of them that did not arrive, but count only now; may be negative.
        measure: the price or quantity now.
    """

    available: int
    there_before: int
    measure: Decimal | None


def _see(
    product: Product, alert: WatchingAlert, subject: Subject, known: OpenEpisode | None, *, relocated: bool
) -> _Seen:
    measure = ALERT_TYPES[alert.type].measure

    def offer(locations: Sequence[str] | None) -> Offer:
        return product.offer(subject.level, subject.id, locations)

    now = offer(alert.locations)
    available = now.available(measure)
    if known is not None:
        there_before = available - offer(known.locations).available(measure)
    else:
        there_before = available if relocated else 0
    return _Seen(available, there_before, now.measured(measure))


async def _update(
    connection: Connection,
    alert: WatchingAlert,
    subject: Subject,
    seen: _Seen,
    known: OpenEpisode | None,
    heard: Heard | None,
) -> bool:
    """Whether an episode opened, grew, shrank, ended or changed its measure."""
    before = known.episode if known is not None else None
    episode = observe(
        before,
        seen.available,
        alert.quantity_threshold,
        alert.contacts_per_unit,
        seen.there_before,
        alert.units_per_contact,
    )
    if episode is None or (
        known is not None and (episode, seen.measure, alert.locations) == (before, known.measure, known.locations)
    ):
        return False
    now = {
        "locations": alert.locations,
        "available": episode.available,
        "arrived": episode.arrived,
        "measure": seen.measure,
        "heard": heard is not None,
        "shop_at": heard.shop_at if heard is not None else None,
    }
    if known is None:
        await SQL.open_episode.run(
            connection,
            alert_id=alert.id,
            store_id=subject.store_id,
            subject=subject.key,
            contacts_per_unit=episode.contacts_per_unit,
            units_per_contact=episode.units_per_contact,
            **now,
        )
    else:
        gives = _gives(episode, seen.measure, known)
        await SQL.update_episode.run(connection, episode_id=known.id, gives=gives, **now)
    if ALERT_TYPES[alert.type].crosses:
        await SQL.arm.run(
            connection, alert_id=alert.id, store_id=subject.store_id, subject=subject.key, measure=seen.measure
        )
    return True


def _gives(now: Episode, measure: Decimal | None, known: OpenEpisode) -> bool:
    """Whether a change gives places: units came, or the measure fell, so that more triggers may hold."""
    fell = measure is not None and (known.measure is None or measure < known.measure)
    return now.arrived > known.arrived or fell
