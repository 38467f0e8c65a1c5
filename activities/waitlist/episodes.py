"""Episodes in PostgreSQL: kept up to date with what the shop offers. The arithmetic is `allocation.py`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.offers import Product, locations_key
from activities.stock.products import keep_sums
from activities.waitlist.episode_changes import EpisodeChanges, Heard, KeptEpisode, WatchingAlert
from schemas.ids import AlertId, Level, StoreId, Subject

SQL = load_queries("activities.waitlist", "episodes.sql")

ARMED_AT_ONCE = 2000
"""Of a line, by whoever tells of a rise: it takes tenths of a second, and a shop waits for the answer."""


async def observe_units(
    connection: Connection, store_id: StoreId, items: Iterable[str], seconds: float | None = None
) -> set[str]:
    """Bring what is shared out of these items to the units there are now. Returns of which any came or went.

    The caller has written what was told of their stock.

    Args:
        seconds: how long it may take; None: as long as any query.
    """
    query = SQL.observe_units if seconds is None else SQL.observe_units.within(seconds)
    return set(await query.values(connection, store_id=store_id, items=sorted(items)))


@dataclass(frozen=True, slots=True)
class Change:
    """A product as it has become, and those of its variants that changed to it; `heard` None: nobody told of it."""

    product: Product
    variants: Collection[str]
    heard: Heard | None = None


async def load_watching(
    connection: Connection, store_id: StoreId, subjects: Sequence[str]
) -> tuple[list[WatchingAlert], list[KeptEpisode]]:
    """The alerts that watch these subjects, and the episodes of them that are open."""
    alerts = await SQL.watching_alerts.rows(connection, WatchingAlert, store_id=store_id, subjects=subjects)
    return alerts, await SQL.open_episodes_of.rows(connection, KeptEpisode, store_id=store_id, subjects=subjects)


async def update_episodes(
    connection: Connection,
    store_id: StoreId,
    product_id: str,
    changes: Sequence[Change],
    *,
    units_changed: Collection[str] = (),
    relocated: Collection[AlertId] = (),
) -> None:
    """Bring the episodes of a product and its variants to what is offered after each change; ask shelves to look.

    The caller holds the product's row lock.

    Args:
        changes: one after the other, each product with as much as any of them has.
        units_changed: the items of which units came or went, as `observe_units` answered.
        relocated: alerts for which other locations count than before: what was there already does not arrive.
    """
    # Of a product of which only a part is known, nobody watches the whole.
    last = changes[-1].product
    whole = [Subject(store_id=store_id, level=Level.PRODUCT, id=product_id)] if last.whole or last.sums else []
    subjects = [
        [*(Subject(store_id=store_id, level=Level.VARIANT, id=id_) for id_ in each.variants), *whole]
        for each in changes
    ]
    keys = list(dict.fromkeys(subject.key for some in subjects for subject in some))
    alerts, known = await load_watching(connection, store_id, keys)
    if whole:
        counted = {locations_key(alert.locations) for alert in alerts if alert.level is Level.PRODUCT}
        sums = {key: last.sum(key) for key in counted} if last.whole else last.sums
        await keep_sums(connection, store_id, product_id, sums)
    episodes = EpisodeChanges(alerts, known, relocated)
    looks: dict[str, None] = {}
    for change, some in zip(changes, subjects, strict=True):
        for subject in some:
            changed = episodes.observe(change.product, subject, change.heard)
            if changed or _sells_any(change.product, subject, units_changed):
                looks[subject.key] = None
    await _write(connection, store_id, episodes)
    if looks:
        await SQL.look_again.run(connection, store_id=store_id, subjects=list(looks))
    gone = {subject.key for some in subjects for subject in some if _may_be_gone(last, subject)}
    if gone:
        await SQL.look_at_discontinued.run(connection, store_id=store_id, subjects=sorted(gone))


async def look_again(connection: Connection, subject: Subject, item: str | None = None) -> None:
    """Ask the subject's shelf to look, if someone waits whom it could give a place to or dismiss.

    Args:
        item: some of its units were given back: whoever else sells it may look too.
    """
    await SQL.look_again.run(connection, store_id=subject.store_id, subjects=[subject.key])
    if item is not None:
        await look_at_sharers(connection, subject, [item])


async def look_at_sharers(connection: Connection, subject: Subject, items: Sequence[str]) -> None:
    """Ask the shelf of every other subject that sells these items to look, if someone waits there."""
    await SQL.look_at_sharers.run(connection, store_id=subject.store_id, subject=subject.key, items=items)


def _sells_any(product: Product, subject: Subject, items: Collection[str]) -> bool:
    """Whether the subject sells any of these items."""
    sold = product.variants.values() if subject.level is Level.PRODUCT else [product.variants.get(subject.id)]
    return any(variant is not None and variant.item in items for variant in sold)


def _may_be_gone(product: Product, subject: Subject) -> bool:
    """Whether the subject may be gone for good; the query that dismisses those who wait decides."""
    if subject.level is Level.PRODUCT:
        return not product.on_sale
    variant = product.variants.get(subject.id)
    return not product.on_sale or variant is None or variant.removed


async def _write(connection: Connection, store_id: StoreId, changes: EpisodeChanges) -> None:
    rows = changes.to_write
    if kept := [_row(each) for each in rows if each.id is not None]:
        await SQL.update_episodes.run(connection, episodes=kept)
    if new := [_row(each) for each in rows if each.id is None]:
        await SQL.open_episodes.run(connection, store_id=store_id, episodes=new)
    for (alert_id, subject), measure in changes.highest.items():
        await SQL.arm.run(
            connection, alert_id=alert_id, store_id=store_id, subject=subject, measure=measure, most=ARMED_AT_ONCE
        )
    if changes.as_before:
        await SQL.take_up_again.run(connection, store_id=store_id, subjects=changes.as_before)


def _row(each: KeptEpisode) -> dict[str, object]:
    return {
        **asdict(each),
        "measure": None if each.measure is None else str(each.measure),
        "shop_at": None if each.shop_at is None else each.shop_at.isoformat(),
    }
