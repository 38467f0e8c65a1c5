"""WooCommerce's products and variations in storefront facts, as its webhooks and its API show them alike. Pure.

Source: https://github.com/woocommerce/woocommerce-rest-api-docs at 13d61967, wp-api-v3/_products.md and
_product-variations.md; https://github.com/woocommerce/woocommerce at 066c576, includes/wc-stock-functions.php.
- Units are counted where `manage_stock` is true, or "parent" on a variation: then the units are those of its product.
  Where they are not counted, `stock_status` is what people set by hand.
- `stock_status` is outofstock from the shop's no-stock amount down, which may be more than 0: what is out of stock has
  nothing to sell, whatever its quantity.
- `backorders` other than no: it is sold below that, too.
- A product without variations is its own only variant. Ids of products and variations are counted up together.
- The body of a variation has the variation's name, and no word on the product: what else changed is left to be read.

All units are reported under one location, levels before their product, so that nothing is counted that an earlier level
said.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator

from activities.storefronts.payload import (
    Count,
    LenientPrice,
    NumericId,
    Payload,
    PlainText,
    parse_json,
    read_payload,
)
from activities.storefronts.storefront import NotOurs, PayloadMalformed
from activities.storefronts.texts import short, web_address, whole
from schemas.incoming.facts import Fact, HintFact, Policy, ProductFact, ProductGoneFact, StockFact, VariantFact

LOCATION = "shop"
"""A shop has one stock; plugins that give it more keep them elsewhere."""
VARIATION = "variation"
VARIABLE = ("variable", "variable-subscription")
"""Types of products whose variations are bought."""
WITHOUT_ITSELF = (*VARIABLE, "grouped")
"""Types of products that nobody can buy themselves."""
PUBLISHED = frozenset({"publish", "true"})


def _counted(value: object) -> object:
    return "parent" if value == "parent" else "own" if value is True or value == "yes" else "no"


def _status(value: object) -> object:
    """Older versions say of a variation whether it is visible, not its status."""
    return str(value).lower() if isinstance(value, bool) else value


class _Option(Payload):
    option: PlainText = None


class _Image(Payload):
    src: PlainText = None


class _Tag(Payload):
    name: PlainText = None


class Sold(Payload):
    """What products and variations have in common: it can be bought."""

    id: NumericId
    status: Annotated[PlainText, BeforeValidator(_status)] = None
    permalink: PlainText = None
    sku: PlainText = None
    price: LenientPrice = None
    purchasable: bool | None = None
    manage_stock: Annotated[Literal["own", "parent", "no"], BeforeValidator(_counted)] = "no"
    stock_quantity: Count = None
    stock_status: PlainText = None
    backorders: PlainText = None

    @property
    def for_sale(self) -> bool:
        """Whether a shopper could buy it, if there were some."""
        return (self.status in PUBLISHED or self.status is None) and self.purchasable is not False

    @property
    def to_be_had(self) -> bool:
        """Whether a shopper can buy it now, whatever is counted."""
        return self.for_sale and self.stock_status != "outofstock"

    @property
    def counts(self) -> bool:
        return self.manage_stock != "no"

    @property
    def units(self) -> int:
        """Of what is counted; none of what is not to be had."""
        there = self.stock_quantity or 0
        return there if self.to_be_had else min(0, there)


class Variation(Sold):
    """A variation, as its product's list shows it."""

    attributes: tuple[_Option, ...] = ()


class Product(Sold):
    """A product, or a variation as a webhook shows it: like a product, with the id of its own."""

    name: PlainText
    type: PlainText
    slug: PlainText = None
    parent_id: int | None = None
    images: tuple[_Image, ...] = ()
    tags: tuple[_Tag, ...] | None = None
    categories: tuple[_Tag, ...] | None = None
    variations: tuple[NumericId, ...] = ()


class _Gone(Payload):
    id: NumericId


def read_product_message(body: bytes, at: datetime) -> tuple[Fact, ...] | NotOurs:
    """`product.created`, `product.updated` and `product.restored`: a product, or a variation of one.

    Raises:
        PayloadMalformed: it is neither.
    """
    product = read_payload(body, Product)
    if product.type != VARIATION:
        facts = read_product(product, (), at)
        # Of its variations the message has the ids; what they cost and whether they are there it does not say.
        return (*facts, _hint(product.id, at)) if product.type in VARIABLE else facts
    if product.parent_id is None or product.parent_id < 1:
        raise PayloadMalformed("$.parent_id", "a variation has the id of its product")
    parent = str(product.parent_id)
    return (*_levels(product, parent, at), _hint(parent, at))


def read_product(product: Product, variations: Sequence[Variation], at: datetime) -> tuple[Fact, ...]:
    """A product as it is at this moment.

    Args:
        variations: those of its variations that are known.

    Raises:
        PayloadMalformed: the id is missing.
    """
    id_ = _known(product.id)
    if product.type in WITHOUT_ITSELF:
        told = [*_own_level(product, id_, at), *(fact for each in variations for fact in _levels(each, id_, at))]
        # Variations without units of their own each tell of their product's.
        levels = tuple({fact.inventory_item_id: fact for fact in reversed(told)}.values())
        variants = tuple(_variant(each, id_, _options(each)) for each in variations)
        everyone = frozenset(each for each in product.variations if each)
    else:
        levels = _levels(product, id_, at)
        variants = (_variant(product, id_, ""),)
        everyone = frozenset({id_})
    return (
        *levels,
        ProductFact(
            product_id=id_,
            title=short(product.name),
            handle=whole(product.slug),
            page_url=web_address(product.permalink),
            image_url=web_address(product.images[0].src if product.images else None),
            tags=_names(product.tags),
            collections=_names(product.categories),
            on_sale=product.status == "publish",
            variants=variants,
            # An empty list: the product was made just now, and its variations come after it.
            all_variant_ids=everyone or None,
            observed_at=at,
        ),
    )


def read_gone(body: bytes, at: datetime) -> tuple[ProductGoneFact]:
    """`product.deleted`: an id and nothing else, so that another message under this topic deletes nothing.

    Raises:
        PayloadMalformed: it holds more than an id, or none.
    """
    gone = read_payload(body, _Gone)
    if set(parse_json(body)) != {"id"}:
        raise PayloadMalformed("$", "a message that a product was deleted holds its id only")
    return (ProductGoneFact(product_id=_known(gone.id), observed_at=at),)


def _variant(sold: Sold, product_id: str, title: str) -> VariantFact:
    id_ = _known(sold.id)
    return VariantFact(
        variant_id=id_,
        inventory_item_id=_item(sold, product_id),
        title=title,
        sku=short(sold.sku) or None,
        price=sold.price,
        policy=Policy.CONTINUE if sold.to_be_had and sold.backorders in ("yes", "notify") else Policy.DENY,
        # What is set out of stock by hand is as good as counted, with nothing left.
        tracked=sold.counts or not sold.to_be_had,
    )


def _levels(sold: Sold, product_id: str, at: datetime) -> tuple[StockFact, ...]:
    """The units of one that is counted, or that is not to be had."""
    if not sold.counts and sold.to_be_had:
        return ()
    units = sold.units if sold.counts else 0
    return (
        StockFact(inventory_item_id=_item(sold, product_id), location_id=LOCATION, available=units, observed_at=at),
    )


def _own_level(product: Product, product_id: str, at: datetime) -> tuple[StockFact, ...]:
    """The units that a product keeps for those of its variations that have none of their own.

    Nobody can buy the product itself, so `purchasable` says nothing here.
    """
    if not product.counts:
        return ()
    units = product.model_copy(update={"purchasable": None}).units
    return (StockFact(inventory_item_id=product_id, location_id=LOCATION, available=units, observed_at=at),)


def _item(sold: Sold, product_id: str) -> str:
    """What its units are kept under: its product's, or its own. One that is not for sale has none of its sisters'."""
    return product_id if sold.manage_stock == "parent" and sold.for_sale else _known(sold.id)


def _options(variation: Variation) -> str:
    return short(" / ".join(each.option for each in variation.attributes if each.option))


def _hint(product_id: str | None, at: datetime) -> HintFact:
    return HintFact(product_id=_known(product_id), observed_at=at)


def _names(tags: tuple[_Tag, ...] | None) -> tuple[str, ...] | None:
    return None if tags is None else tuple(short(tag.name) for tag in tags if tag.name)


def _known(found: str | None) -> str:
    if found is None:
        raise PayloadMalformed("$.id", "the id is missing")
    return found
