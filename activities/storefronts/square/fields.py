"""What Square's webhooks and its API have in common: how counts are told.

Source: https://developer.squareup.com/reference/square/objects/InventoryCount. Of the states that units can be in, one
is to be sold: IN_STOCK. What is sold, wasted, on its way or reserved is told beside it.
"""

import re
from datetime import datetime

from activities.storefronts.payload import Count, Moment, Payload, PlainText
from activities.storefronts.storefront import PayloadMalformed
from schemas.incoming.facts import StockFact

TO_BE_SOLD = "IN_STOCK"
_ID = re.compile(r"[A-Za-z0-9#:_-]{1,100}")


class InventoryCount(Payload):
    """Units of a variation in one state at one location."""

    catalog_object_id: PlainText = None
    catalog_object_type: PlainText = None
    location_id: PlainText = None
    state: PlainText = None
    quantity: Count = None
    calculated_at: Moment = None


def known(found: str | None, path: str) -> str:
    """An id, which has to be there.

    Raises:
        PayloadMalformed: it is not, or is none.
    """
    if found is None or _ID.fullmatch(found) is None:
        raise PayloadMalformed(path, "the id is missing, or none")
    return found


def level(count: InventoryCount, otherwise: datetime | None, path: str) -> StockFact | None:
    """The units that can be sold; None: it counts others, or those of no variation.

    Args:
        otherwise: when it was so, where the count does not say it.

    Raises:
        PayloadMalformed: it does not say what, where, how much or when.
    """
    if count.state != TO_BE_SOLD or count.catalog_object_type not in (None, "ITEM_VARIATION"):
        return None
    if count.quantity is None:
        raise PayloadMalformed(f"{path}.quantity", "the count has no quantity")
    at = count.calculated_at if count.calculated_at is not None and count.calculated_at.tzinfo else otherwise
    if at is None:
        raise PayloadMalformed(f"{path}.calculated_at", "neither this nor 'created_at' says when it was so")
    return StockFact(
        inventory_item_id=known(count.catalog_object_id, f"{path}.catalog_object_id"),
        location_id=known(count.location_id, f"{path}.location_id"),
        available=count.quantity,
        observed_at=at,
    )
