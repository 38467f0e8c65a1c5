"""Shopify's topics about things: products, stock levels and the shop itself, in storefront facts."""

from datetime import datetime
from typing import Annotated

from activities.storefronts.buyers import currency_facts
from activities.storefronts.payload import Count, Moment, NumericId, Payload, PlainText, Price, read_payload
from activities.storefronts.shopify.fields import gid, known, observed
from activities.storefronts.shopify.objects import (
    ONLY_VARIANT,
    ProductGid,
    VariantGid,
)
from activities.storefronts.storefront import PayloadMalformed
from activities.storefronts.texts import short, web_address, whole
from schemas.incoming.facts import Policy, ProductFact, ProductGoneFact, StockFact, StoreFact, VariantFact

VARIANTS_SHOWN = 100
"""How many variants a product message shows at most (Shopify's limit)."""
# The first number is the level's own and often not the location's, so only the item is read from it.
_LevelItemGid = Annotated[str | None, gid(r"InventoryLevel/[0-9]+\?inventory_item_id=([1-9][0-9]{0,19})")]


class _Level(Payload):
    inventory_item_id: NumericId = None
    location_id: NumericId = None
    admin_graphql_api_id: _LevelItemGid = None
    updated_at: Moment = None


class _CountedLevel(_Level):
    available: Count


class _Variant(Payload):
    id: NumericId = None
    admin_graphql_api_id: VariantGid = None
    inventory_item_id: NumericId = None
    title: PlainText = None
    sku: PlainText = None
    price: Price = None
    inventory_policy: Policy | None = None
    inventory_management: PlainText = None
    inventory_quantity: Count = None


class _VariantName(Payload):
    admin_graphql_api_id: VariantGid


class _Image(Payload):
    src: PlainText = None


class _Product(Payload):
    id: NumericId = None
    admin_graphql_api_id: ProductGid = None
    title: PlainText
    handle: PlainText = None
    vendor: PlainText = None
    tags: PlainText = None
    status: PlainText = None
    published_at: Moment
    updated_at: Moment = None
    image: _Image | None = None
    variants: tuple[_Variant, ...] | None = None
    variant_gids: tuple[_VariantName, ...] | None = None


class _Gone(Payload):
    id: NumericId = None


class _Shop(Payload):
    currency: PlainText = None
    updated_at: Moment = None


def read_level(body: bytes, triggered_at: datetime | None) -> tuple[StockFact]:
    """`inventory_levels/update` and `inventory_levels/connect`: the units at a location."""
    level = read_payload(body, _CountedLevel)
    return (_stock(level, level.available, triggered_at),)


def read_no_level(body: bytes, triggered_at: datetime | None) -> tuple[StockFact]:
    """`inventory_levels/disconnect`: the location has none of it any more."""
    return (_stock(read_payload(body, _Level), 0, triggered_at),)


def read_product(body: bytes, triggered_at: datetime | None) -> tuple[ProductFact]:
    """`products/update` and `products/create`: the product as it is now."""
    return (_product(read_payload(body, _Product), triggered_at),)


def read_gone(body: bytes, triggered_at: datetime | None) -> tuple[ProductGoneFact]:
    """`products/delete`."""
    gone = read_payload(body, _Gone)
    return (ProductGoneFact(product_id=known(gone.id, "$.id"), observed_at=triggered_at),)


def read_shop(body: bytes, triggered_at: datetime | None) -> tuple[StoreFact, ...]:
    """`shop/update`. Of a shop only its currency is read; the message has its owner's name and address too."""
    shop = read_payload(body, _Shop)
    return currency_facts(shop.currency, observed(shop.updated_at, triggered_at))


def _stock(level: _Level, available: int | None, triggered_at: datetime | None) -> StockFact:
    return StockFact(
        inventory_item_id=known(level.admin_graphql_api_id or level.inventory_item_id, "$.inventory_item_id"),
        location_id=known(level.location_id, "$.location_id"),
        available=available,
        observed_at=observed(level.updated_at, triggered_at),
    )


def _product(product: _Product, triggered_at: datetime | None) -> ProductFact:
    if not product.title:
        raise PayloadMalformed(
            "$.title",
            "a product has a title; is the subscription narrowed by include_fields?",
        )
    variants = tuple(_variant(variant, f"$.variants[{place}]") for place, variant in enumerate(product.variants or ()))
    shown: set[str] = set()
    for place, variant in enumerate(variants):
        if variant.variant_id in shown:
            # Two variants with one id: something on the way rounded their ids, and they cannot be told apart.
            raise PayloadMalformed(f"$.variants[{place}].id", "an earlier variant has the same id")
        shown.add(variant.variant_id)
    return ProductFact(
        product_id=known(product.admin_graphql_api_id or product.id, "$.id"),
        title=short(product.title),
        handle=whole(product.handle),
        image_url=web_address(product.image.src) if product.image else None,
        vendor=short(product.vendor) or None,
        tags=_tags(product),
        on_sale=product.status in (None, "active", "unlisted") and product.published_at is not None,
        variants=variants,
        all_variant_ids=_all_variant_ids(product, shown),
        observed_at=observed(product.updated_at, triggered_at),
    )


def _tags(product: _Product) -> tuple[str, ...] | None:
    """Shopify writes them in one text, with commas between. An empty text: it has none; no field: not known."""
    if "tags" not in product.model_fields_set:
        return None
    return tuple(short(tag.strip()) for tag in (product.tags or "").split(",") if tag.strip())


def _variant(variant: _Variant, path: str) -> VariantFact:
    # Null (in some versions blank) means "not counted"; without the field it is not known.
    says = "inventory_management" in variant.model_fields_set
    tracked = bool(variant.inventory_management) if says else None
    return VariantFact(
        variant_id=known(variant.admin_graphql_api_id or variant.id, f"{path}.id"),
        inventory_item_id=variant.inventory_item_id,
        title="" if variant.title == ONLY_VARIANT else short(variant.title),
        sku=short(variant.sku) or None,
        price=variant.price,
        policy=variant.inventory_policy or Policy.DENY,
        tracked=tracked,
        quantity=None if tracked is False else variant.inventory_quantity,
    )


def _all_variant_ids(product: _Product, shown: set[str]) -> frozenset[str] | None:
    """A product always has a variant, so an empty list means that the message leaves them out."""
    if product.variant_gids:
        named = [name.admin_graphql_api_id for name in product.variant_gids]
        return frozenset(shown).union(name for name in named if name) if all(named) else None
    return frozenset(shown) if 0 < len(shown) < VARIANTS_SHOWN else None
