"""What a shop offers of a product right now, as alerts see it. Pure.

What is unpublished, draft, archived or removed is not for sale. What an alert makes of an offer is said in
`schemas/document/alert_types/offer.py`.
"""

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
    """What all variants of a product offer together, on sale or not; `price_known`: the price is not an older one."""

    offer: Offer
    price_known: bool = True

    def after(self, was: Offer, now: Offer, more_units: int) -> "Sum | None":
        """The sum once one variant offers this; None: the other variants must be looked at."""
        if was.open_ended != now.open_ended:
            return None
        price, known = self.offer.price, self.price_known
        if now.can_be_bought and not was.can_be_bought:
            price = min((each for each in (price, now.price) if each is not None), default=None)
        elif was.can_be_bought and not now.can_be_bought and was.price is not None:
            # It may have been the cheapest.
            known = known and price is not None and was.price > price
        return Sum(Offer(self.offer.units + more_units, self.offer.open_ended, price), known)


@dataclass(frozen=True, slots=True)
class Product:
    """One product with its variants, by id; not `whole`: with some of them only, and perhaps the `sums` of all."""

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
        """What all its variants offer together, on sale or not."""
        if not self.whole:
            return self.sums[locations_key(locations)]
        offers = [variant.offer(locations) for variant in self.variants.values()]
        prices = [offer.price for offer in offers if offer.price is not None and offer.can_be_bought]
        open_ended = any(offer.open_ended for offer in offers)
        return Sum(Offer(self._units(locations), open_ended, min(prices, default=None)))

    def with_quantities(self, variant_id: str, quantities: Quantities) -> "Product":
        """The product with these of one variant. Its sums are gone where the other variants must be looked at for them.

        Of a product that is not whole, all variants that sell the same item must be there.
        """
        variant = self.variants[variant_id]
        now = replace(variant, quantities=quantities)
        changed = replace(self, variants={**self.variants, variant_id: now})
        sums: dict[Locations, Sum] = {}
        for key, known in self.sums.items():
            after = known.after(variant.offer(key), now.offer(key), changed._units(key) - self._units(key))
            if after is None:
                return replace(changed, sums={})
            sums[key] = after
        return replace(changed, sums=sums)

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

    def _units(self, locations: Collection[str] | None) -> int:
        """All its units: those of an item that several variants sell are counted once."""
        by_item: dict[str, int] = {}
        for variant in self.variants.values():
            by_item[variant.item] = max(by_item.get(variant.item, 0), variant.offer(locations).units)
        return sum(by_item.values())

    def never_away(self, level: Level, id_: str) -> bool:
        """The product, or that variant of it, is on sale, and none of its units are counted: it cannot come back."""
        variants = [
            variant
            for variant_id, variant in self.variants.items()
            if not variant.removed and (level is Level.PRODUCT or variant_id == id_)
        ]
        return self.on_sale and all(v.tracked is False or v.quantities.untracked for v in variants)
