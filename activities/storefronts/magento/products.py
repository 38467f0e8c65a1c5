"""What Magento's REST API says of products and their parts, in storefront facts. Pure.

Source: https://developer.adobe.com/commerce/webapi/rest/quick-reference/ (catalogProductRepositoryV1). A part of a
configurable product that has no page of its own is a variant by its own id; one that is sold by itself too, and any
part of a grouped product, is a variant by both ids: a variant is of one product.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from activities.storefronts.magento.fields import (
    ENABLED,
    HIDDEN,
    MOST_PARTS,
    SIMPLE,
    Code,
    effective_price,
)
from activities.storefronts.magento.site import HTML, Site
from activities.storefronts.magento.stock import LOCATION, Salable
from activities.storefronts.payload import LenientPrice, NumericId, Payload, PlainText, fit
from activities.storefronts.texts import short, whole
from schemas.incoming.facts import Fact, ProductFact, StockFact, VariantFact

GROUPED = "associated"
"""The link of a grouped product to its parts."""
_FEW = Field(max_length=5000)
_if_any = BeforeValidator(lambda value: value or None)
"""PHP writes an object without fields as an empty list."""


class _Attribute(Payload):
    attribute_code: PlainText
    value: object = None


class _Link(Payload):
    link_type: PlainText = None
    linked_product_sku: PlainText = None


class _More(Payload):
    website_ids: tuple[NumericId, ...] | None = None
    configurable_product_links: Annotated[tuple[NumericId, ...], Field(max_length=MOST_PARTS)] | None = None


class _Price(Payload):
    price: LenientPrice


class RestProduct(Payload):
    """A product of `/V1/products`."""

    id: NumericId
    sku: PlainText
    name: PlainText = None
    price: LenientPrice = None
    status: Code = None
    visibility: Code = None
    type_id: PlainText = None
    extension_attributes: Annotated[_More | None, _if_any] = None
    product_links: Annotated[Annotated[tuple[_Link, ...], _FEW] | None, _if_any] = None
    custom_attributes: Annotated[Annotated[tuple[_Attribute, ...], _FEW] | None, _if_any] = None

    @property
    def counted(self) -> bool:
        """It has units of its own."""
        return self.type_id in SIMPLE

    @property
    def part_only(self) -> bool:
        """It has no page of its own."""
        return self.counted and self.visibility == HIDDEN

    @property
    def part_ids(self) -> tuple[str, ...]:
        """Of a configurable product, its parts."""
        links = self.extension_attributes.configurable_product_links if self.extension_attributes else None
        return tuple(dict.fromkeys(link for link in links or () if link)) if self.type_id == "configurable" else ()

    @property
    def part_skus(self) -> tuple[str, ...]:
        """Of a grouped product, its parts: the API tells their SKUs only."""
        links = self.product_links if self.type_id == "grouped" else None
        named = [link.linked_product_sku for link in links or () if link.link_type == GROUPED]
        return tuple(dict.fromkeys(sku for sku in named if sku))[:MOST_PARTS]

    def attribute(self, code: str) -> str | None:
        """An attribute of its own by its code, where it is text."""
        values = (each.value for each in self.custom_attributes or () if each.attribute_code == code)
        return next((value for value in values if isinstance(value, str) and "\0" not in value), None)

    def sold_at(self, website_id: str) -> bool:
        """It is enabled, and of this website where it says so."""
        sites = self.extension_attributes.website_ids if self.extension_attributes else None
        return self.status == ENABLED and (sites is None or website_id in sites)


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for a page of products.

    Attributes:
        parts: of composite products, by id and by SKU.
        salable: by SKU; of what is not in it nothing is known.
    """

    by_id: Mapping[str, RestProduct] = field(default_factory=dict[str, RestProduct])
    by_sku: Mapping[str, RestProduct] = field(default_factory=dict[str, RestProduct])
    salable: Mapping[str, Salable] = field(default_factory=dict[str, Salable])

    def parts(self, product: RestProduct) -> Iterator[RestProduct]:
        """Those of a composite product that are known and have units of their own."""
        by_id = (self.by_id.get(part) for part in product.part_ids)
        by_sku = (self.by_sku.get(part) for part in product.part_skus)
        return (part for part in (*by_id, *by_sku) if part is not None and part.counted)


def facts_of(products: Iterable[RestProduct], known: Known, site: Site, asked_at: datetime) -> tuple[Fact, ...]:
    """Products with their variants, and the units of each that has some, once."""
    facts: list[Fact] = []
    levels: dict[str, StockFact] = {}
    for product in products:
        sold = sellers(product, known)
        facts.append(_product(product, sold, known, site, asked_at))
        for seller in sold:
            salable = known.salable.get(seller.sku or "")
            if seller.id is not None and salable is not None:
                levels[seller.id] = StockFact(
                    inventory_item_id=seller.id, location_id=LOCATION, available=salable.units, observed_at=asked_at
                )
    return (*facts, *levels.values())


def sellers(product: RestProduct, known: Known) -> Sequence[RestProduct]:
    """What its units are those of. Of a bundle the shop says whether it is sold, and that is all that counts of it."""
    if product.type_id in ("configurable", "grouped"):
        return list(known.parts(product))
    return () if product.part_only else [product]


def _product(
    product: RestProduct, sold: Sequence[RestProduct], known: Known, site: Site, asked_at: datetime
) -> ProductFact:
    enabled = [seller for seller in sold if seller is product or seller.sold_at(site.website_id)]
    variants = tuple(_variant(product, seller, known, asked_at) for seller in enabled)
    # A part that was not found, though it is named, may have been left out once: it is no variant that is gone.
    every = len(sold) >= len(product.part_ids) + len(product.part_skus)
    handle = whole(product.attribute("url_key"))
    return ProductFact(
        product_id=product.id or "",
        title=short(product.name or product.sku),
        handle=handle,
        # The handle alone says the address where it ends as it does by default.
        page_url=whole(f"{site.front_page}/{handle}{site.suffix}") if handle and site.suffix != HTML else None,
        image_url=_image(product, site),
        on_sale=product.sold_at(site.website_id) and product.visibility != HIDDEN,
        variants=variants,
        all_variant_ids=frozenset(variant.variant_id for variant in variants) or None if every else None,
        observed_at=asked_at,
    )


def _variant(product: RestProduct, seller: RestProduct, known: Known, asked_at: datetime) -> VariantFact:
    own_page = seller.visibility != HIDDEN or product.type_id == "grouped"
    salable = known.salable.get(seller.sku or "") or Salable(None)
    return VariantFact(
        variant_id=variant_id(product.id or "", seller.id or "", own_page=seller is not product and own_page),
        inventory_item_id=seller.id,
        title="" if seller is product else _part_title(seller.name or "", product.name or ""),
        sku=short(seller.sku) or None,
        price=effective_price(
            seller.price,
            _price(seller.attribute("special_price")),
            seller.attribute("special_from_date"),
            seller.attribute("special_to_date"),
            asked_at,
        ),
        policy=salable.policy,
    )


def variant_id(product_id: str, part_id: str, *, own_page: bool) -> str:
    """What a part of a product is known by: by both ids, where it is sold by itself too."""
    return f"{product_id}-{part_id}" if own_page else part_id


def _part_title(part: str, whole_name: str) -> str:
    """Magento names a part after its product, with its options after a dash: `Mug-Blue` is the blue one."""
    rest = part.removeprefix(whole_name).strip(" -") if whole_name else part
    return short(rest or part)


def _price(text: str | None) -> Decimal | None:
    return fit({"price": text}, _Price).price


def _image(product: RestProduct, site: Site) -> str | None:
    path = product.attribute("image")
    if not path or path == "no_selection" or site.media is None:
        return None
    return whole(f"{site.media}/catalog/product/{path.lstrip('/')}")
