"""What Wix's webhooks and its API have in common: how a variant is named, how stock is told, and what is newer."""

import re
from datetime import datetime, timedelta

from activities.storefronts.payload import Count, LenientPrice, PlainText
from activities.storefronts.storefront import PayloadMalformed
from activities.storefronts.wix.shapes import WixPayload
from schemas.incoming.facts import StockFact

ONLY_LOCATION = "store"
"""Where the units of a catalogue V1 are: it knows no locations."""
_ID = re.compile(r"[0-9A-Za-z_-]{1,49}")
"""A GUID has 36; two of them, and a hyphen between, have to fit into an id of ours."""
_NO_VARIANT = re.compile(r"0{8}-0{4}-0{4}-0{4}-0{12}")
_COUNTED_VARIANT = re.compile(r"0{8}-0{4}-.+")


class Amount(WixPayload):
    """Money, as text."""

    amount: LenientPrice = None


class Prices(WixPayload):
    """Of a variant: what it costs now."""

    actual_price: Amount | None = None


class InventoryItem(WixPayload):
    """A variant at a location, of catalogue V3. It has `quantity` or `inStock`, and never both."""

    product_id: PlainText = None
    variant_id: PlainText = None
    location_id: PlainText = None
    quantity: Count = None
    in_stock: bool | None = None


class Level(WixPayload):
    """A variant's stock in catalogue V1: `quantity` where it is counted, and mostly `inStock` beside it."""

    quantity: Count = None
    in_stock: bool | None = None


def known(found: str | None, path: str) -> str:
    """An id, which has to be there.

    Raises:
        PayloadMalformed: it is not, or is none.
    """
    if found is None or _ID.fullmatch(found) is None:
        raise PayloadMalformed(path, "the id is missing, or none")
    return found


def variant_name(product_id: str, variant_id: str | None, path: str = "$.variantId") -> str:
    """A variant's id in the whole store.

    A product without options has one whose id is all zeros, and those of catalogue V1 are counted anew in each
    product. So the first is named like its product, and the others by both ids with a hyphen between, as Wix does where
    it lists the variants of a store (https://dev.wix.com/docs/api-reference/business-solutions/stores/catalog-v1/
    catalog/get-store-variant). Ids of catalogue V3 are good alone.

    Raises:
        PayloadMalformed: the variant's id is none.
    """
    if not variant_id or _NO_VARIANT.fullmatch(known(variant_id, path)):
        return product_id
    return f"{product_id}-{variant_id}" if _COUNTED_VARIANT.fullmatch(variant_id) else variant_id


def units(quantity: int | None, in_stock: bool | None) -> int | None:
    """Units that can be bought; None: there are some, and nobody counts them.

    What is said to be out of stock cannot be bought, whatever number stands beside it. What can be ordered before it is
    there is not in stock.
    """
    if in_stock is False:
        return min(quantity or 0, 0)
    return quantity


def level(item: InventoryItem, observed_at: datetime, path: str, *, gone: bool = False) -> StockFact:
    """A variant's units at a location.

    Raises:
        PayloadMalformed: it does not name what it is about, or how much there is.
    """
    product_id = known(item.product_id, f"{path}.productId")
    if item.quantity is None and item.in_stock is None and not gone:
        raise PayloadMalformed(path, "it has neither 'quantity' nor 'inStock'")
    return StockFact(
        inventory_item_id=variant_name(product_id, item.variant_id, f"{path}.variantId"),
        location_id=known(item.location_id, f"{path}.locationId") if item.location_id else ONLY_LOCATION,
        available=0 if gone else units(item.quantity, item.in_stock),
        observed_at=observed_at,
    )


def version(event_time: datetime, sequence: int | None) -> datetime:
    """When an entity was so, with its sequence in the digits that Wix leaves empty.

    Wix tells milliseconds, and numbers the events of an entity upwards (`entityEventSequence`). Facts know times only,
    so the last three digits of the number stand for the microseconds: of two events within one millisecond the later
    number wins. What remains: a thousand events later, within the same millisecond, it would not; nor where Wix's own
    times run against its numbers.
    """
    whole = event_time.replace(microsecond=event_time.microsecond // 1000 * 1000)
    return whole + timedelta(microseconds=0 if sequence is None else sequence % 1000)
