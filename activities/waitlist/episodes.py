"""Episodes in PostgreSQL: kept up to date with what the shop offers. The arithmetic is `allocation.py`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.offers import Product
from activities.waitlist.allocation import Episode, observe
from schemas.document.alert_types.offer import Offer
from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType
from schemas.ids import AlertId, Level, StoreId, Subject

SQL = load_queries("activities.waitlist", "episodes.sql")


@dataclass(frozen=True, slots=True)
class WatchingAlert:
    """What decides, of an alert, about its episodes; `locations`: those whose units count, None: all."""

    id: AlertId
    type: AlertType
    level: Level
    quantity_threshold: int
    contacts_per_unit: int | None
    locations: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """An episode that has not ended; `measure`: the price or quantity that triggers were last compared with."""

    id: int
    alert_id: AlertId
    subject: str
    contacts_per_unit: int | None
    available: int
    arrived: int
    claimed: int
    measure: Decimal | None

    @property
    def episode(self) -> Episode:
        """The part of it that the arithmetic is about."""
        return Episode(self.contacts_per_unit, self.available, self.arrived, self.claimed)


async def update_episodes(
    connection: Connection, store_id: StoreId, product_id: str, product: Product, changed: Iterable[str]
) -> None:
    """Bring the episodes of these variants, and of the product, to what is offered now; ask shelves to look.

    The caller holds the product's row lock.
    """
    variants = [Subject(store_id=store_id, level=Level.VARIANT, id=variant_id) for variant_id in changed]
    # Of a product that is not loaded as a whole, nobody watches the whole.
    whole = [Subject(store_id=store_id, level=Level.PRODUCT, id=product_id)] if product.whole else []
    subjects = [*variants, *whole]
    keys = [subject.key for subject in subjects]
    alerts = await SQL.watching_alerts.rows(connection, WatchingAlert, store_id=store_id, subjects=keys)
    known = {
        (row.alert_id, row.subject): row
        for row in await SQL.open_episodes_of.rows(connection, OpenEpisode, store_id=store_id, subjects=keys)
    }
    for subject in subjects:
        changes = False
        for alert in alerts:
            if alert.level == subject.level:
                offer = product.offer(subject.level, subject.id, alert.locations)
                changes = (
                    await _update(connection, alert, subject, offer, known.get((alert.id, subject.key))) or changes
                )
        if changes:
            await look_again(connection, subject)
    gone = [subject.key for subject in subjects if _may_be_gone(product, subject)]
    await SQL.look_at_discontinued.run(connection, store_id=store_id, subjects=gone)


async def look_again(connection: Connection, subject: Subject) -> None:
    """Ask the subject's shelf to look, if someone waits whom it could give a place to or dismiss."""
    await SQL.look_again.run(connection, store_id=subject.store_id, subject=subject.key)


def _may_be_gone(product: Product, subject: Subject) -> bool:
    """Whether the subject may be gone for good; the query that dismisses those who wait decides."""
    if subject.level is Level.PRODUCT:
        return not product.on_sale
    variant = product.variants.get(subject.id)
    return not product.on_sale or variant is None or variant.removed


async def _update(
    connection: Connection, alert: WatchingAlert, subject: Subject, offer: Offer, known: OpenEpisode | None
) -> bool:
    """Whether an episode opened, grew, shrank, ended or changed its measure."""
    type_ = ALERT_TYPES[alert.type]
    before = known.episode if known is not None else None
    available, measure = offer.available(type_.measure), offer.measured(type_.measure)
    episode = observe(before, available, alert.quantity_threshold, alert.contacts_per_unit)
    if episode is None or (known is not None and episode == before and measure == known.measure):
        return False
    if known is None:
        await SQL.open_episode.run(
            connection,
            alert_id=alert.id,
            store_id=subject.store_id,
            subject=subject.key,
            contacts_per_unit=episode.contacts_per_unit,
            available=episode.available,
            arrived=episode.arrived,
            measure=measure,
        )
    else:
        await SQL.update_episode.run(
            connection, episode_id=known.id, available=episode.available, arrived=episode.arrived, measure=measure
        )
    if type_.crosses:
        await SQL.arm.run(
            connection, alert_id=alert.id, store_id=subject.store_id, subject=subject.key, measure=measure
        )
    return True
