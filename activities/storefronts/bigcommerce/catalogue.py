"""BigCommerce's products, variants and stock in storefront facts, as its API answers. Pure.

Source: https://github.com/bigcommerce/docs at 24f580ca, reference/catalog/products_catalog.v3.yml and inventory.v3.yml.
- `inventory_tracking` says what units are counted by: the variant, the product (all variants sell the same units), or
  not at all.
- What can be sold is `available_to_sell`, the units on hand less the safety stock, of each location that is enabled and
  whose `is_in_stock` is not off. A disabled location never counts, whatever it holds.
- BigCommerce sells nothing beyond its stock.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from activities.storefronts.payload import Count, NumericId, Payload, PlainText, Price
from activities.storefronts.texts import short, whole
from schemas.incoming.facts import Fact, Policy, ProductFact, StockFact, VariantFact

NOT_FOR_SALE = "not-for-sale"
"""The location under which a variant has no units that cannot be bought though nobody counts it."""


class _Option(Payload):
    label: PlainText = None


class _Variant(Payload):
    id: NumericId
    sku: PlainText = None
    calculated_price: Price = None
    purchasing_disabled: bool = False
    option_values: tuple[_Option, ...] = ()


class _Address(Payload):
    url: PlainText = None


class _Image(Payload):
    is_thumbnail: bool = False
    url_standard: PlainText = None


class Product(Payload):
    """A product with `include=variants,images`."""

    id: NumericId
    name: PlainText
    is_visible: bool = False
    availability: PlainText = None
    inventory_tracking: PlainText = None
    base_variant_id: NumericId = None
    custom_url: _Address | None = None
    calculated_price: Price = None
    images: tuple[_Image, ...] = ()
    variants: tuple[_Variant, ...] = ()

    @property
    def by_product(self) -> bool:
        """All its variants sell the same units."""
        return self.inventory_tracking == "product" and self.base_variant_id is None and len(self.variants) > 1

    @property
    def counted_variants(self) -> tuple[str, ...]:
        """Those that the inventory knows by themselves."""
        if self.inventory_tracking == "none" or self.by_product:
            return ()
        return tuple(variant.id for variant in self.variants if variant.id)

    def item(self, variant_id: str) -> str:
        """What the units of one of its variants are kept under. Products and variants are counted up apart."""
        return f"product-{self.id}" if self.by_product else variant_id


class _Identity(Payload):
    variant_id: NumericId = None
    product_id: NumericId = None


class _Settings(Payload):
    is_in_stock: bool | None = None


class _Location(Payload):
    location_id: NumericId
    available_to_sell: Count = None
    location_enabled: bool | None = None
    settings: _Settings | None = None

    @property
    def sellable(self) -> int:
        in_stock = self.settings is None or self.settings.is_in_stock is not False
        return (self.available_to_sell or 0) if self.location_enabled is not False and in_stock else 0


class Item(Payload):
    """One row of the inventory."""

    identity: _Identity
    locations: tuple[_Location, ...] = ()


def read_product(product: Product, items: Sequence[Item], asked_at: datetime) -> tuple[Fact, ...]:
    """A product as it is now. Levels come first, so that nothing is counted that an earlier level said.

    Args:
        items: rows of the inventory, also of other products.
        asked_at: when it was asked for.
    """
    if product.id is None or not product.name:
        return ()
    fact = ProductFact(
        product_id=product.id,
        title=short(product.name),
        handle=_path(product),
        image_url=_image(product),
        on_sale=product.is_visible and product.availability != "disabled",
        variants=tuple(_variant(product, variant, variant.id) for variant in product.variants if variant.id),
        all_variant_ids=frozenset(variant.id for variant in product.variants if variant.id) or None,
        observed_at=asked_at,
    )
    return (*_levels(product, items, asked_at), fact)


def _variant(product: Product, variant: _Variant, variant_id: str) -> VariantFact:
    labels = [option.label for option in variant.option_values if option.label]
    price = product.calculated_price if variant.calculated_price is None else variant.calculated_price
    return VariantFact(
        variant_id=variant_id,
        inventory_item_id=product.item(variant_id),
        title=short(" / ".join(labels)),
        sku=short(variant.sku) or None,
        price=None if price is None else Decimal(price),
        policy=Policy.DENY,
        tracked=product.inventory_tracking != "none" or variant.purchasing_disabled,
    )


def _levels(product: Product, items: Sequence[Item], asked_at: datetime) -> Iterator[StockFact]:
    disabled = {variant.id for variant in product.variants if variant.purchasing_disabled}
    told = set[tuple[str, str]]()
    for item in items:
        for location in item.locations if item.identity.product_id == product.id else ():
            variant_id = item.identity.variant_id
            if location.location_id is None or (variant_id is None and not product.by_product):
                continue
            kept_under = product.item(variant_id or "")
            if (kept_under, location.location_id) in told:
                continue
            told.add((kept_under, location.location_id))
            available = 0 if variant_id in disabled and not product.by_product else location.sellable
            yield StockFact(
                inventory_item_id=kept_under,
                location_id=location.location_id,
                available=available,
                observed_at=asked_at,
            )
    if product.inventory_tracking == "none":
        for variant_id in sorted(each for each in disabled if each):
            yield StockFact(inventory_item_id=variant_id, location_id=NOT_FOR_SALE, available=0, observed_at=asked_at)


def _path(product: Product) -> str | None:
    """A path that was cut would lead elsewhere, so one that is too long is left out."""
    path = product.custom_url.url if product.custom_url else None
    return whole(path)


def _image(product: Product) -> str | None:
    pictures = sorted(product.images, key=lambda image: not image.is_thumbnail)
    address = pictures[0].url_standard if pictures else None
    return whole(address) if address and address.startswith("https://") else None
