"""A shop with PrestaShop, which sends nothing and is only asked."""

from datetime import UTC, datetime
from typing import Any

from starter.simulated.prestashop.api import KEY, SimulatedPrestaShop
from starter.simulated.shop import Order, SimulatedShop, Told


class PrestaShop(SimulatedShop):
    """Its variants are combinations."""

    source = "prestashop"

    def __init__(self, products: int, each: int = 1) -> None:
        super().__init__(products, each)
        self.shop = SimulatedPrestaShop()
        for first in range(0, len(self.units), each):
            parts = {1000 + place: 0 for place in self.siblings(first)}
            named: dict[str, Any] = {"name": self.title(first), "link_rewrite": self.handle(first)}
            self.shop.add(100 + first, combinations=parts, **named)
        self._stock = {row["id_product_attribute"]: row for row in self.shop.rows["stock_availables"]}
        for place in range(len(self.units)):
            self._show(place)

    @property
    def api(self) -> SimulatedPrestaShop:
        return self.shop

    @property
    def store(self) -> str:
        return self.url.rpartition("/")[2]

    def variant(self, place: int) -> str:
        """See `SimulatedShop.variant`. As Shelftalk names a combination, whose ids are not apart from products'."""
        return f"{self.product_id(place)}-{1000 + place}"

    def answers(self) -> dict[str, str]:
        return {"url": self.url, "key": KEY}

    def ordered(self, order: Order, at: datetime) -> Told | None:
        """See `SimulatedShop.ordered`. Its clock on the wall shows UTC, for it has no other time zone."""
        row = {"product_id": str(self.product_id(order.place)), "product_attribute_id": str(1000 + order.place)}
        bought = {**row, "product_quantity": str(order.pieces)}
        self.shop.buy(order.number, order.email, bought, at=at.astimezone(UTC), total_paid=f"{order.total}")
        return None

    def changed(self, place: int, at: datetime) -> None:
        self._show(place)

    def _show(self, place: int) -> None:
        self._stock[str(1000 + place)]["quantity"] = str(self.units[place])
        self.shop.prices[str(self.product_id(place)), str(1000 + place)] = f"{self.prices[place]}"
