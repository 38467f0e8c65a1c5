"""What a shop offers of a product right now, as alerts see it. Pure.

What is unpublished, draft, archived or removed is not for sale. What an alert makes of an offer is said in
`schemas/document/alert_types/offer.py`.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import assert_never

from activities.stock.quantities import Quantities
from schemas.document.alert_types.offer import NOTHING, Offer
from schemas.ids import Level
from schemas.incoming.facts import Policy


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant, with all that is known of its units.

    Attributes:
        item: whose units it sells; variants of one item sell the same ones.
        doubted: its price is 0.00 and may be a glitch: it has not held for long enough.
    """

    item: str
    removed: bool
    tracked: bool | None
    policy: Policy
    price: Decimal | None
    quantities: Quantities
    doubted: bool = False

    def offer(self, locations: Collection[str] | None) -> Offer:
        """What is offered of it, counting these locations (None: all)."""
        if self.removed:
            return NOTHING
        counted = self.tracked is not False and not self.quantities.untracked
        units = max(0, self.quantities.units_at(locations)) if counted else 0
        price = None if self.doubted else self.price
        return Offer(units, not counted or self.policy is Policy.CONTINUE, price)


Locations = tuple[str, ...] | None
"""Those that count; None: all."""


def locations_key(locations: Collection[str] | None) -> Locations:
    """These locations as a key."""
    return None if locations is None else tuple(locations)


@dataclass(frozen=True, slots=True)
class Sum:
    """What all variants of a product offer together, on sale or not: kept up by what each of them changes.

    Attributes:
        units: of all; those of an item that several variants sell are counted once.
        open_ended: how many of them can be bought whatever their units.
        prices: how many of those that can be bought cost so much, where that is known. Only what somebody costs.
    """

    units: int = 0
    open_ended: int = 0
    prices: Mapping[Decimal, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def offer(self) -> Offer:
        """All of it as one: the lowest price of those that can be bought."""
        return Offer(self.units, self.open_ended > 0, min(self.prices, default=None))

    def after(self, was: Offer, now: Offer, more_units: int) -> "Sum":
        """The sum once one variant offers this, and all together so many more units."""
        prices = self.prices
        if (before := _prices(was)) != (after := _prices(now)):
            counted = Counter(prices)
            counted.subtract(before)
            counted.update(after)
            prices = MappingProxyType(+counted)
        return Sum(self.units + more_units, self.open_ended + now.open_ended - was.open_ended, prices)


def _prices(offer: Offer) -> tuple[Decimal, ...]:
    """What it costs, if it can be bought."""
    return (offer.price,) if offer.can_be_bought and offer.price is not None else ()


@dataclass(frozen=True, slots=True)
class Product:
    """One product with its variants, by id; not `whole`: with some of them. `sums`: those of all that are kept."""

    on_sale: bool
    variants: Mapping[str, Variant]
    whole: bool = True
    sums: Mapping[Locations, Sum] = field(default_factory=lambda: MappingProxyType({}))

    def offer(self, level: Level, id_: str, locations: Collection[str] | None) -> Offer:
        """What is offered of one of its variants, or of all of it: units summed, the lowest price."""
        if not self.on_sale:
            return NOTHING
        match level:
            case Level.VARIANT:
                return self.variants[id_].offer(locations) if id_ in self.variants else NOTHING
            case Level.PRODUCT:
                return self.sum(locations).offer
            case _:
                assert_never(level)

    def sum(self, locations: Collection[str] | None) -> Sum:
        """What all its variants offer together, on sale or not: as it is kept, or found by going through all."""
        if not self.whole or locations_key(locations) in self.sums:
            return self.sums[locations_key(locations)]
        offers = [(variant.item, variant.offer(locations)) for variant in self.variants.values()]
        by_item: dict[str, int] = {}
        for item, offer in offers:
            by_item[item] = max(by_item.get(item, 0), offer.units)
        prices = Counter(price for _, offer in offers for price in _prices(offer))
        return Sum(sum(by_item.values()), sum(offer.open_ended for _, offer in offers), prices)

    def with_quantities(self, variant_id: str, quantities: Quantities) -> "Product":
        """The product with these of one variant, its sums kept up.

        Of a product that is not whole, all variants that sell the same item must be there.
        """
        variant = self.variants[variant_id]
        now = replace(variant, quantities=quantities)
        changed = replace(self, variants={**self.variants, variant_id: now})
        sums = {
            key: known.after(
                variant.offer(key), now.offer(key), changed._units(now.item, key) - self._units(now.item, key)
            )
            for key, known in self.sums.items()
        }
        return replace(changed, sums=sums)

    def sellers(self, item: str) -> list[str]:
        """Those of its variants that sell the units of this item."""
        return [variant_id for variant_id, variant in self.variants.items() if variant.item == item]

    def for_sale(self, level: Level, id_: str, locations: Collection[str] | None) -> bool:
        """Whether a variant is on sale, sold out or not; or any variant can be bought."""
        if level is Level.PRODUCT:
            return self.offer(level, id_, locations).can_be_bought
        return self.on_sale and id_ in self.variants and not self.variants[id_].removed

    def entry_price(self, level: Level, id_: str) -> Decimal | None:
        """The price that a contact enters at, of a variant or of all: the lowest, sold out or not, doubted or not."""
        variants = [self.variants[id_]] if level is Level.VARIANT and id_ in self.variants else []
        if level is Level.PRODUCT:
            variants = list(self.variants.values())
        prices = [variant.price for variant in variants if variant.price is not None and not variant.removed]
        return min(prices, default=None) if self.on_sale else None

    def _units(self, item: str, locations: Collection[str] | None) -> int:
        """The units of an item, whichever of its variants sell them."""
        return max(self.variants[variant_id].offer(locations).units for variant_id in self.sellers(item))

    def never_away(self, level: Level, id_: str) -> bool:
        """The product, or that variant of it, is on sale, and none of its units are counted: it cannot come back."""
        variants = [
            variant
            for variant_id, variant in self.variants.items()
            if not variant.removed and (level is Level.PRODUCT or variant_id == id_)
        ]
        return self.on_sale and all(v.tracked is False or v.quantities.untracked for v in variants)
