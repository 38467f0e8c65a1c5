"""The life of a simulated shop: it sells, is restocked and changes prices; its API shows it, its platform tells it."""

import asyncio
import random
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from starter.simulated.deliveries import Deliveries, as_it_was
from starter.simulated.shop import Order, SendingShop, SimulatedShop, Told

MOST_UNITS = 5
"""That come at once."""
SOLD, RESTOCKED = 0.6, 0.85
"""Of what happens: so much is an order, up to here a restock, and the rest a change of a price."""
CENT = Decimal("0.01")


class Life:
    """Of one shop. What happens is said in a line."""

    def __init__(
        self, shop: SimulatedShop, deliveries: Deliveries, dice: random.Random, say: Callable[[str], None]
    ) -> None:
        self.shop, self.deliveries = shop, deliveries
        self._dice, self._say = dice, say

    def stock(self) -> None:
        """What there is at the beginning: of every other thing nothing."""
        at = self.deliveries.moment()
        for place in range(len(self.shop.units)):
            self.shop.set(place, self._dice.randint(1, MOST_UNITS) if place % 2 else 0, at)

    def open(self) -> None:
        """Tell what there is, where no catalogue does."""
        if isinstance(self.shop, SendingShop):
            for topic, message in self.shop.opening(self.deliveries.moment()):
                told: Told = topic, message
                self.deliveries.tell(self.shop, partial(as_it_was, told), "what it has")

    def restock(self, place: int, units: int) -> None:
        """So many units came."""
        before = self.shop.units[place]
        self.shop.set(place, before + units, self.deliveries.moment())
        about = f"{self.name(place)}: {units} came, there are {before + units}"
        self._say(about)
        self._tell_units(place, about)

    def sell(self, place: int, pieces: int, email: str) -> None:
        """Somebody bought as many, or those that there are."""
        at, pieces = self.deliveries.moment(), min(pieces, self.shop.units[place])
        if not pieces:
            return
        order = Order(self.deliveries.next_number() % 10**9, place, pieces, email, self.shop.prices[place] * pieces)
        self.shop.set(place, self.shop.units[place] - pieces, at)
        about = f"{self.name(place)}: {pieces} bought, {self.shop.units[place] or 'none'} left"
        self._say(about)
        told = self.shop.ordered(order, at)
        if told is not None and isinstance(self.shop, SendingShop):
            self.deliveries.tell(self.shop, partial(as_it_was, told), about)
        self._tell_units(place, about)

    def reprice(self, place: int, price: Decimal) -> None:
        """It costs so much now."""
        about = f"{self.name(place)}: {price} in place of {self.shop.prices[place]}"
        self.shop.set_price(place, price, self.deliveries.moment())
        self._say(about)
        if isinstance(shop := self.shop, SendingShop):
            self.deliveries.tell(shop, lambda at, number: shop.product_message(place, at, number), about)

    async def live(self, every: float) -> None:
        """Something happens every so many seconds, for ever."""
        while True:
            await asyncio.sleep(every)
            self.happen()

    def happen(self) -> None:
        """One thing, by the dice."""
        chance, places = self._dice.random(), range(len(self.shop.units))
        there = [place for place in places if self.shop.units[place]]
        gone = [place for place in places if not self.shop.units[place]]
        if chance < SOLD and there:
            self.sell(
                self._dice.choice(there), self._dice.randint(1, 2), f"buyer-{self._dice.randint(1, 99)}@example.com"
            )
        elif chance < RESTOCKED and gone:
            self.restock(self._dice.choice(gone), self._dice.randint(1, MOST_UNITS))
        else:
            place = self._dice.choice(places)
            factor = Decimal(self._dice.choice(("0.80", "0.90", "1.10", "1.25")))
            self.reprice(place, (self.shop.prices[place] * factor).quantize(CENT, ROUND_HALF_UP))

    def name(self, place: int) -> str:
        """What people call a variant."""
        number = place - self.shop.siblings(place)[0]
        return self.shop.title(place) + (f", size {number + 1}" if self.shop.each > 1 else "")

    def _tell_units(self, place: int, about: str) -> None:
        if isinstance(shop := self.shop, SendingShop):
            self.deliveries.tell(shop, lambda at, number: shop.message(place, at, number), about)
