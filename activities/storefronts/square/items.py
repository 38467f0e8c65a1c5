"""An item of Square's catalogue, with its variations, in storefront facts.

Source: https://developer.squareup.com/reference/square/objects/CatalogItem. Money is in the smallest unit of its
currency; of those that Square takes, the yen alone has no hundredths.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from activities.storefronts.buyers import is_currency
from activities.storefronts.payload import Payload, PlainText
from activities.storefronts.square.fields import known
from activities.storefronts.storefront import PayloadMalformed
from activities.storefronts.texts import LONGEST_TEXT, short
from schemas.incoming.facts import Fact, ProductFact, ProductGoneFact, StoreFact, VariantFact

_WITHOUT_HUNDREDTHS = frozenset({"JPY"})


class Money(Payload):
    """An amount."""

    amount: int | None = None
    currency: PlainText = None

    def price(self) -> Decimal | None:
        """In whole units; None: it is not told, or below nothing."""
        if self.amount is None or self.amount < 0:
            return None
        return Decimal(self.amount).scaleb(0 if self.currency in _WITHOUT_HUNDREDTHS else -2)


class _Override(Payload):
    track_inventory: bool | None = None


class _VariationData(Payload):
    name: PlainText = None
    sku: PlainText = None
    price_money: Money | None = None
    track_inventory: bool | None = None
    location_overrides: tuple[_Override, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether its units are counted, at all locations or at some."""
        return bool(self.track_inventory) or any(each.track_inventory for each in self.location_overrides)


class _Variation(Payload):
    id: PlainText = None
    is_deleted: bool = False
    item_variation_data: _VariationData | None = None


class _ItemData(Payload):
    name: PlainText = None
    ecom_uri: PlainText = None
    ecom_image_uris: tuple[str, ...] = ()
    is_archived: bool = False
    variations: tuple[_Variation, ...] = ()


class CatalogItem(Payload):
    """An object of the catalogue, of the type ITEM."""

    id: PlainText = None
    type: PlainText = None
    is_deleted: bool = False
    item_data: _ItemData | None = None


@dataclass(frozen=True, slots=True)
class ItemRead:
    """What an item says, and of which variations counts are to be asked for."""

    facts: tuple[Fact, ...]
    counted: tuple[str, ...]


def read_item(item: CatalogItem, observed_at: datetime) -> ItemRead:
    """An item as it is now, or that it is gone.

    Raises:
        PayloadMalformed: it has no id or no name.
    """
    product_id, data = known(item.id, "$.id"), item.item_data
    if item.is_deleted:
        return ItemRead((ProductGoneFact(product_id=product_id, observed_at=observed_at),), ())
    if data is None or not data.name:
        raise PayloadMalformed("$.item_data.name", "an item has a name")
    there = [each for each in data.variations if not each.is_deleted]
    variants = [_variant(each, alone=len(there) == 1) for each in there]
    image = next((each for each in data.ecom_image_uris if _is_address(each)), None)
    told = ProductFact(
        product_id=product_id,
        title=short(data.name),
        handle=product_id,
        page_url=data.ecom_uri if _is_address(data.ecom_uri) else None,
        image_url=image,
        on_sale=not data.is_archived,
        variants=tuple(variants),
        all_variant_ids=frozenset(each.variant_id for each in variants) or None,
        observed_at=observed_at,
    )
    currencies = [each.item_variation_data.price_money for each in there if each.item_variation_data]
    currency = next((each.currency for each in currencies if each is not None and is_currency(each.currency)), None)
    store = (StoreFact(currency=currency, observed_at=observed_at),) if currency else ()
    return ItemRead((told, *store), tuple(each.variant_id for each in variants if each.tracked))


def _variant(variation: _Variation, *, alone: bool) -> VariantFact:
    variant_id = known(variation.id, "$.item_data.variations[*].id")
    data = variation.item_variation_data or _VariationData()
    return VariantFact(
        variant_id=variant_id,
        inventory_item_id=variant_id,
        title="" if alone else short(data.name),
        sku=short(data.sku) or None,
        price=data.price_money.price() if data.price_money else None,
        tracked=data.counted,
    )


def _is_address(text: str | None) -> bool:
    return text is not None and len(text) <= LONGEST_TEXT and text.startswith(("https://", "http://"))
