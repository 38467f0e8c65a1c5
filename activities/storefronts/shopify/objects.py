"""The objects of Shopify's GraphQL Admin API in storefront facts, wherever they come: by answer, bulk file or event.

Source: https://shopify.dev/docs/api/admin-graphql, versions 2026-01 to 2026-10. `*_FIELDS` is what has to be asked for
of each; a field that is missing refuses the object, for a price without its policy would be read as another policy.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator

from activities.storefronts.payload import Count, Moment, Payload, PlainText, Price
from activities.storefronts.shopify.fields import gid, known
from activities.storefronts.storefront import PayloadMalformed
from activities.storefronts.texts import short, web_address, whole
from schemas.incoming.facts import Policy, ProductFact, StockFact, VariantFact

ONLY_VARIANT = "Default Title"
"""What Shopify calls the variant of a product without options; no shopper should read it."""
ON_SALE = frozenset({"ACTIVE", "UNLISTED"})
"""An unlisted product's page opens by its link."""

PRODUCT_FIELDS = "id title handle status publishedAt updatedAt vendor tags featuredMedia { preview { image { url } } }"
VARIANT_FIELDS = "id title sku price inventoryPolicy inventoryQuantity updatedAt"
ITEM_FIELDS = "id tracked"
LEVEL_FIELDS = 'id updatedAt location { id } item { id } quantities(names: ["available"]) { name quantity }'

ProductGid = Annotated[str | None, gid(r"Product/([1-9][0-9]{0,19})")]
VariantGid = Annotated[str | None, gid(r"ProductVariant/([1-9][0-9]{0,19})")]
ItemGid = Annotated[str | None, gid(r"InventoryItem/([1-9][0-9]{0,19})")]
LocationGid = Annotated[str | None, gid(r"Location/([1-9][0-9]{0,19})")]


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


GraphPolicy = Annotated[Policy, BeforeValidator(_lowered)]


class Image(Payload):
    """An image by its address."""

    url: PlainText = None


class Preview(Payload):
    """What is shown of a medium before it is opened."""

    image: Image | None = None


class Media(Payload):
    """A product's first medium: an image, a film or a model."""

    preview: Preview | None = None


class PageInfo(Payload):
    """Whether a list goes on."""

    hasNextPage: bool = False  # noqa: N815 - Shopify's name
    endCursor: PlainText = None  # noqa: N815 - Shopify's name

    @property
    def onward(self) -> str | None:
        """Where it goes on; None: it ends here."""
        return self.endCursor if self.hasNextPage else None


class Place(Payload):
    """The id of a location."""

    id: LocationGid = None


class Amount(Payload):
    """`InventoryQuantity`: units in one state."""

    name: PlainText = None
    quantity: Count = None


class ItemName(Payload):
    """The id of an inventory item."""

    id: ItemGid = None


class Level(Payload):
    """`InventoryLevel`: units of an item at a location."""

    updatedAt: Moment = None  # noqa: N815 - Shopify's name
    location: Place
    item: ItemName
    quantities: tuple[Amount, ...] = ()


class Levels(Payload):
    """A page of an item's levels."""

    nodes: tuple[Level, ...] = ()
    pageInfo: PageInfo = PageInfo()  # noqa: N815 - Shopify's name


class Item(Payload):
    """`InventoryItem`: what a variant's units are counted under."""

    id: ItemGid = None
    tracked: bool | None = None
    inventoryLevels: Levels = Levels()  # noqa: N815 - Shopify's name


class Variant(Payload):
    """`ProductVariant`. Who asks for one must ask for its title and its policy, which facts do not leave open."""

    id: VariantGid = None
    title: PlainText
    sku: PlainText = None
    price: Price = None
    inventoryPolicy: GraphPolicy  # noqa: N815 - Shopify's name
    inventoryQuantity: Count = None  # noqa: N815 - Shopify's name
    updatedAt: Moment = None  # noqa: N815 - Shopify's name
    inventoryItem: Item | None = None  # noqa: N815 - Shopify's name


class Product(Payload):
    """`Product`, without its variants."""

    id: ProductGid = None
    title: PlainText
    handle: PlainText = None
    status: PlainText
    publishedAt: Moment  # noqa: N815 - Shopify's name
    updatedAt: Moment = None  # noqa: N815 - Shopify's name
    vendor: PlainText = None
    tags: tuple[PlainText, ...] | None = None
    featuredMedia: Media | None = None  # noqa: N815 - Shopify's name


def product_fact(
    product: Product, variants: Sequence[Variant], asked_at: datetime, all_variant_ids: frozenset[str] | None = None
) -> ProductFact:
    """A product with these of its variants.

    Args:
        asked_at: it was so at this moment at least, by the shop's clock. Where the objects are newer, their own time
            counts.

    Raises:
        PayloadMalformed: it is none.
    """
    if not product.title:
        raise PayloadMalformed("$.title", "a product has a title")
    return ProductFact(
        product_id=known(product.id, "$.id"),
        title=short(product.title),
        handle=whole(product.handle),
        image_url=_image_url(product.featuredMedia),
        vendor=short(product.vendor) or None,
        tags=None if product.tags is None else tuple(short(tag) for tag in product.tags if tag and tag.strip()),
        on_sale=product.status in ON_SALE and product.publishedAt is not None,
        variants=tuple(_variant_fact(variant) for variant in variants),
        all_variant_ids=all_variant_ids,
        observed_at=newest(asked_at, product.updatedAt, *(variant.updatedAt for variant in variants)),
    )


def _variant_fact(variant: Variant) -> VariantFact:
    item = variant.inventoryItem
    tracked = item.tracked if item else None
    return VariantFact(
        variant_id=known(variant.id, "$.id"),
        inventory_item_id=item.id if item else None,
        title="" if variant.title == ONLY_VARIANT else short(variant.title),
        sku=short(variant.sku) or None,
        price=variant.price,
        policy=variant.inventoryPolicy,
        tracked=tracked,
        # Over all locations, as in the webhooks: what is sellable online alone would look like units that come and go
        # each time the one is told after the other.
        quantity=None if tracked is False else variant.inventoryQuantity,
    )


def stock_fact(level: Level, asked_at: datetime, *, tracked: bool) -> StockFact:
    """The units at a location; of an item that is not tracked there is no number.

    Raises:
        PayloadMalformed: it is none.
    """
    available = next((each.quantity for each in level.quantities if each.name == "available"), None)
    return StockFact(
        inventory_item_id=known(level.item.id, "$.item.id"),
        location_id=known(level.location.id, "$.location.id"),
        available=available if tracked else None,
        observed_at=newest(asked_at, level.updatedAt),
    )


def newest(first: datetime, *others: datetime | None) -> datetime:
    """The latest of these moments; those without their offset do not count."""
    return max([first, *(each for each in others if each is not None and each.tzinfo is not None)]).astimezone(UTC)


def _image_url(media: Media | None) -> str | None:
    preview = media.preview if media else None
    return web_address(preview.image.url) if preview and preview.image else None


def variant_ids(variants: Iterable[Variant]) -> frozenset[str]:
    """Theirs, all of them.

    Raises:
        PayloadMalformed: one has none.
    """
    return frozenset(known(variant.id, "$.id") for variant in variants)
