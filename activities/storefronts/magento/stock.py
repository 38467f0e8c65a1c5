"""How many units Magento would still sell, of what its stock items and its salable quantities say. Pure.

Sources: magento/inventory@e9d6e33, InventorySales/Model/GetProductSalableQty.php (the threshold is taken off),
InventoryExportStock/Model/PreciseExportStockProcessor.php (what is exported for which kind of product), and
InventorySales/Model/IsProductSalableCondition/BackOrderCondition.php (a threshold below nothing bounds what is sold
ahead).
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from math import floor
from typing import Annotated

from pydantic import BeforeValidator

from activities.storefronts.payload import Payload, PlainText
from schemas.incoming.facts import Policy

LOCATION = "salable"
"""Where all units of a website are said to be: which of its sources they are at does not matter to a shopper."""
MOST = 2**30
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,20})?")
_YES, _NO = (1, "1", "true"), (0, "0", "false", "")


def _read_units(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and abs(value) < MOST:
        return Decimal(value)
    raise ValueError("this is not a number of units, such as 5 or 5.5000")


def _read_flag(value: object) -> object:
    if value is None or value in _YES or value in _NO:
        return None if value is None else value in _YES
    raise ValueError("this is not a yes or no, as 1 or 0")


Units = Annotated[Decimal | None, BeforeValidator(_read_units)]
"""Units as Magento keeps them: with decimals, as text or number."""
Flag = Annotated[bool | None, BeforeValidator(_read_flag)]
"""Yes or no as PHP writes it: 1, "1", true, or nothing for no."""


class StockItem(Payload):
    """A stock item, as events and `/V1/stockItems` show it. What it leaves to the shop's configuration is as it says.

    Attributes:
        min_qty: with so many left it is sold out.
        backorders: 0: none; 1 and 2: it is sold also beyond what there is.
    """

    qty: Units = None
    min_qty: Units = None
    is_in_stock: Flag = None
    manage_stock: Flag = None
    backorders: Units = None

    @property
    def policy(self) -> Policy:
        """What the shop does at zero units. With a threshold below nothing, so many are sold ahead, and no more."""
        ahead = self.backorders in (1, 2) and (self.min_qty or 0) >= 0
        return Policy.CONTINUE if ahead else Policy.DENY

    @property
    def left(self) -> int | None:
        """Units above the threshold, rounded down; None: they are not counted."""
        if self.manage_stock is False or self.qty is None:
            return None
        left = floor(self.qty - (self.min_qty or 0))
        return min(left, 0) if self.is_in_stock is False else left


class Exported(Payload):
    """What the export of salable quantities says of one SKU."""

    sku: PlainText
    qty: Units = None
    is_salable: Flag = None


@dataclass(frozen=True, slots=True)
class Salable:
    """What the shop would sell of one product now.

    Attributes:
        units: None: they are not counted, and it can be bought.
    """

    units: int | None
    policy: Policy = Policy.DENY

    @classmethod
    def of_export(cls, exported: Exported | None, *, counted: bool) -> "Salable":
        """As the export has it: reservations and threshold are taken off already.

        Args:
            exported: None: it is not assigned to the stock of the website, and not sold there.
            counted: it is of a kind that has units of its own: of others the export says 0, and whether they are sold.
        """
        if exported is None or exported.qty is None:
            return cls(0)
        sold, qty = exported.is_salable is True, exported.qty
        if not counted:
            return cls(None if sold else 0)
        if not sold:
            return cls(min(floor(qty), 0))
        # Sold with nothing left: beyond what there is, or its units are not managed.
        return cls(floor(qty), Policy.DENY if qty > 0 else Policy.CONTINUE)

    @classmethod
    def of_item(cls, item: StockItem, *, counted: bool) -> "Salable":
        """As a stock item has it, where the shop has no salable quantities."""
        if not counted:
            return cls(0 if item.is_in_stock is False else None)
        return cls(item.left, item.policy)
