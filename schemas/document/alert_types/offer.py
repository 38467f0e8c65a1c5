"""What a shop offers of one subject, and how much of it counts for alerts. Pure.

Untracked stock is not counted: no share of it can be promised and it cannot run low, but its price can drop. A shop
that sells on at zero (policy *continue*) is out of stock for alerts that count units; for one that goes by the price it
can be bought.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

ZERO_PRICE_HOLDS = timedelta(hours=1)
"""How long a price of 0.00 must hold before it counts, unless the installation says otherwise (`Settings`)."""


class Measure(StrEnum):
    """What the trigger of an alert is compared with."""

    NOTHING = "nothing"
    """There is no trigger: that there are units is enough."""
    PRICE = "price"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True)
class Offer:
    """One subject, as it can be bought now.

    Attributes:
        units: that are for sale and counted; ≥ 0.
        open_ended: it can be bought whatever `units` says.
        price: in the store's currency; None when it is not known, may be a glitch, or nothing is for sale.
    """

    units: int
    open_ended: bool
    price: Decimal | None

    @property
    def can_be_bought(self) -> bool:
        """Whether it is for sale, counted or not."""
        return self.open_ended or self.units > 0

    def available(self, measure: Measure) -> int:
        """How much there is for an alert of this measure; zero closes its episode."""
        match measure:
            case Measure.NOTHING | Measure.QUANTITY:
                return self.units
            case Measure.PRICE:
                if self.price is None:
                    return 0
                return max(1, self.units) if self.open_ended else self.units
            case _:
                assert_never(measure)

    def measured(self, measure: Measure) -> Decimal | None:
        """What triggers are compared with; None: nothing, or it is not known."""
        match measure:
            case Measure.NOTHING:
                return None
            case Measure.PRICE:
                return self.price
            case Measure.QUANTITY:
                return Decimal(self.units)
            case _:
                assert_never(measure)


NOTHING = Offer(0, False, None)
