"""Units that have not come yet, as if they had: the products that sell them, their supplies and episodes.

Nothing is written, and the arithmetic is that of the intake: levels `activities/stock/quantities.py`, offers
`activities/stock/offers.py`, episodes and supplies `activities/waitlist/allocation.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from math import ceil

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.offers import Locations, Product, Variant, locations_key
from activities.stock.products import UnknownVariant, load_products
from activities.stock.quantities import Quantities
from activities.waitlist.allocation import Episode, Supply, observe_supply
from activities.waitlist.episode_changes import KeptEpisode, WatchingAlert, look_at
from activities.waitlist.episodes import load_watching
from activities.waitlist.shared_units import SharedUnits
from schemas.errors import DomainError, ErrorKind
from schemas.ids import AlertId, Level, StoreId, Subject

SQL = load_queries("starter.shops", "forecast.sql")

BY_HAND = "by-hand"
"""The location of stock that is set without naming one."""


class WhichLocation(DomainError):
    """The variant's units lie at several locations, and none was named."""

    code = "which_location"
    kind = ErrorKind.INVALID
    advice = "Name the location at which they would arrive."

    def __init__(self, known: Iterable[str]) -> None:
        super().__init__(f"The variant has units at several locations: {', '.join(sorted(known))}.")


@dataclass(frozen=True, slots=True)
class StoredSupply:
    """A row of `supplies`; not `kept`: there is none yet, and `taken` is what its first look would find promised."""

    item: str
    locations: list[str] | None
    available: int
    arrived: int
    taken: Decimal
    kept: bool

    def after(self, units: int) -> Supply:
        """Once so many units are there."""
        if not self.kept:
            return Supply(units, max(units, ceil(self.taken)), self.taken)
        return observe_supply(self.supply, units)

    @property
    def supply(self) -> Supply:
        return Supply(self.available, self.arrived, self.taken)


@dataclass(frozen=True, slots=True)
class Opened:
    """An episode as it would be.

    Attributes:
        items: those that its subject sells.
        locations: those that count for it.
        changed: it is another one than now, so that those who were passed over are taken up again.
    """

    episode: Episode
    measure: Decimal | None
    locations: Locations
    items: tuple[str, ...]
    changed: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """So many units more at one location.

    Attributes:
        units_before, units: over all locations.
        subjects: those that may be told of it, each with its product as it would be, in the order in which their
            shelves would be asked to look.
        opened: the episodes that would be open, by alert and subject.
    """

    item: str
    location: str
    units_before: int
    units: int
    subjects: dict[Subject, Product]
    alerts: tuple[AlertId, ...]
    opened: dict[tuple[AlertId, str], Opened]
    shared: SharedUnits

    def places(self, opened: Opened) -> int | None:
        """How many places an episode has left to give; None: as many as are in line."""
        return self.shared.places(opened.episode, opened.items, opened.locations)

    def is_full(self, opened: Opened) -> bool:
        """Whether it has none."""
        return self.places(opened) == 0

    def most_for_one(self, opened: Opened) -> int:
        """How many units at most somebody may want whom it has a place for."""
        return self.shared.most_for_one(opened.episode, opened.items, opened.locations)

    def fits(self, opened: Opened, quantity: int) -> bool:
        """Whether it has a place for somebody who wants so many units."""
        return self.shared.fits(opened.episode, opened.items, opened.locations, quantity)

    def take(self, opened: Opened, quantity: int) -> Opened:
        """A place is given to somebody who wants so many units. Returns it after that."""
        episode = self.shared.take(opened.episode, opened.items, opened.locations, quantity)
        return replace(opened, episode=episode)


async def foresee_arrival(connection: Connection, subject: Subject, units: int, location: str | None) -> Arrival:
    """What so many units more of a variant would be.

    Args:
        location: where; None: at the one that has told of its level, or by hand where none has.

    Raises:
        UnknownVariant, WhichLocation: as they say.
    """
    store_id = subject.store_id
    item: str | None = await SQL.item_of_variant.value(connection, store_id=store_id, variant_id=subject.id)
    if item is None:
        raise UnknownVariant(str(subject))
    found: list[str] = await SQL.products_of_item.values(connection, store_id=store_id, item=item)
    before = dict(zip(found, await load_products(connection, store_id, found), strict=True))
    there = _holder(before.values(), item).quantities
    where = location if location is not None else _only_location(there)
    after = {product_id: _with_units(product, item, where, units) for product_id, product in before.items()}
    subjects = dict(_subjects(store_id, after, item))
    alerts, kept = await load_watching(connection, store_id, [each.key for each in subjects])
    known = {(each.alert_id, each.subject): each for each in kept}
    opened = {
        (alert.id, each.key): episode
        for each, product in subjects.items()
        for alert in alerts
        if alert.level == each.level
        and (episode := _opened(product, alert, each, known.get((alert.id, each.key)))) is not None
    }
    holder = _holder(after.values(), item)
    every_item = sorted({item, *(name for each in opened.values() for name in each.items)})
    return Arrival(
        item=item,
        location=where,
        units_before=max(0, there.units),
        units=max(0, holder.quantities.units),
        subjects=subjects,
        alerts=tuple(alert.id for alert in alerts),
        opened=opened,
        shared=await _shared(connection, store_id, item, every_item, holder.quantities),
    )


def _opened(product: Product, alert: WatchingAlert, subject: Subject, known: KeptEpisode | None) -> Opened | None:
    """The alert's episode of the subject, as it would be; None: none would be open."""
    seen, items = look_at(product, alert, subject, known), tuple(_items(product, subject))
    if seen is None:
        return known and Opened(known.episode, known.measure, locations_key(known.locations), items, changed=False)
    if seen.episode.over:
        return None
    return Opened(seen.episode, seen.measure, locations_key(alert.locations), items, changed=True)


async def _shared(
    connection: Connection, store_id: StoreId, arriving: str, items: Sequence[str], there: Quantities
) -> SharedUnits:
    stored = await SQL.supplies.rows(connection, StoredSupply, store_id=store_id, items=items, arriving=arriving)
    return SharedUnits(
        {
            (each.item, locations_key(each.locations)): each.after(max(0, there.units_at(each.locations)))
            if each.item == arriving
            else each.supply
            for each in stored
        }
    )


def _holder(products: Iterable[Product], item: str) -> Variant:
    """Of the variants that sell the item, the one whose total holds, as `units_at` of the schema has it."""
    selling = [
        (variant.removed, -_since(variant.quantities), variant_id, variant)
        for product in products
        for variant_id, variant in product.variants.items()
        if variant.item == item
    ]
    return min(selling, key=lambda each: each[:3])[3]


def _since(quantities: Quantities) -> float:
    """When the last total was told; before everything where none was."""
    return quantities.total_observed_at.timestamp() if quantities.total_observed_at is not None else float("-inf")


def _only_location(there: Quantities) -> str:
    if len(there.levels) > 1:
        raise WhichLocation(there.levels)
    return next(iter(there.levels), BY_HAND)


def _with_units(product: Product, item: str, location: str, units: int) -> Product:
    """The product once so many more units of the item are at the location."""
    for variant_id, variant in product.variants.items():
        if variant.item == item:
            product = product.with_quantities(variant_id, _more(variant.quantities, location, units))
    return product


def _more(known: Quantities, location: str, units: int) -> Quantities:
    """As a level that is told now. The first of all is taken for the only one: what a total told is in it."""
    level = known.levels.get(location)
    there = (level.available or 0) if level is not None else 0 if known.levels else known.elsewhere
    told = [each.observed_at for each in known.levels.values()]
    told += [known.total_observed_at] if known.total_observed_at is not None else []
    now = max((datetime.now(UTC), *(each + datetime.resolution for each in told)))
    return known.with_level(location, there + units, now)


def _subjects(store_id: StoreId, products: dict[str, Product], item: str) -> Iterable[tuple[Subject, Product]]:
    for product_id, product in products.items():
        for variant_id, variant in product.variants.items():
            if variant.item == item:
                yield Subject(store_id=store_id, level=Level.VARIANT, id=variant_id), product
        yield Subject(store_id=store_id, level=Level.PRODUCT, id=product_id), product


def _items(product: Product, subject: Subject) -> list[str]:
    """As `items_of` of the schema has it."""
    return sorted(
        {
            variant.item
            for variant_id, variant in product.variants.items()
            if (subject.level is Level.PRODUCT or variant_id == subject.id)
            and not variant.removed
            and variant.tracked is not False
        }
    )
