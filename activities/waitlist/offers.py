"""What a shop offers of a product right now, as alerts see it. Pure.

Stated meanings: unpublished, draft, archived or removed is nothing for sale. Untracked stock is not counted: no share
of it can be promised and it cannot run low, but its price can drop. A shop that sells on at zero (policy *continue*)
is out of stock for back in stock and low inventory, for only real units count; for a price drop it can be bought.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from activities.waitlist.quantities import Quantities
from schemas.alerts import AlertType
from schemas.facts import Policy
from schemas.ids import Level


@dataclass(frozen=True, slots=True)
class Offer:
    """One subject, as it can be bought now.

    Attributes:
        units: that are for sale and counted; ≥ 0.
        open_ended: it can be bought whatever `units` says.
        price: in the store's currency; None when it is not known or nothing is for sale.
    """

    units: int
    open_ended: bool
    price: Decimal | None

    def available(self, type_: AlertType) -> int:
        """How much there is for an alert of this type; zero closes its episode."""
        match type_:
            case AlertType.BACK_IN_STOCK | AlertType.LOW_INVENTORY:
                return self.units
            case AlertType.PRICE_DROP:
                if self.price is None:
                    return 0
                return max(1, self.units) if self.open_ended else self.units
            case _:
                assert_never(type_)

    def measure(self, type_: AlertType) -> Decimal | None:
        """What triggers of this type are compared with."""
        match type_:
            case AlertType.BACK_IN_STOCK:
                return None
            case AlertType.PRICE_DROP:
                return self.price
            case AlertType.LOW_INVENTORY:
                return Decimal(self.units)
            case _:
                assert_never(type_)


NOTHING = Offer(0, False, None)


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant, with all that is known of its units."""

    removed: bool
    tracked: bool | None
    policy: Policy
    price: Decimal | None
    quantities: Quantities

    def offer(self, locations: Collection[str] | None) -> Offer:
        """What is offered of it, counting these locations (None: all)."""
        if self.removed:
            return NOTHING
        counted = self.tracked is not False and not self.quantities.untracked
        units = max(0, self.quantities.units_at(locations)) if counted else 0
        return Offer(units, not counted or self.policy is Policy.CONTINUE, self.price)


@dataclass(frozen=True, slots=True)
class Product:
    """One product with its variants, by id."""

    on_sale: bool
    variants: Mapping[str, Variant]

    def offer(self, level: Level, id_: str, locations: Collection[str] | None) -> Offer:
        """What is offered of one of its variants, or of all of it: units summed, the lowest price."""
        if not self.on_sale:
            return NOTHING
        match level:
            case Level.VARIANT:
                return self.variants[id_].offer(locations) if id_ in self.variants else NOTHING
            case Level.PRODUCT:
                offers = [variant.offer(locations) for variant in self.variants.values()]
                prices = [o.price for o in offers if o.price is not None and (o.units or o.open_ended)]
                return Offer(sum(o.units for o in offers), any(o.open_ended for o in offers), min(prices, default=None))
            case _:
                assert_never(level)
