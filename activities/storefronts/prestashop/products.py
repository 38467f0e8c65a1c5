"""What PrestaShop's webservice says of products, their combinations and stock, in storefront facts. Pure.

Source: https://devdocs.prestashop-project.org/9/webservice/resources/ (products, combinations, stock_availables).
Combinations and products are counted apart, so that both may have the id 31: a combination is the variant
`<product>-<combination>`, a product without any is its own variant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field

from activities.storefronts.payload import Count, LenientPrice, NumericId, Payload, PlainText
from activities.storefronts.texts import short, whole
from schemas.incoming.facts import Fact, Policy, ProductFact, StockFact, VariantFact

LOCATION = "shop"
"""Where all units of a shop are said to be: warehouses are summed by PrestaShop."""
PRICE = "shown_price"
"""The field that the price with taxes and reductions is asked for as: the webservice lets one name it."""
MOST = 5000


def _any_id(value: object) -> object:
    """An id; 0 and nothing: there is none."""
    return None if value in (0, "0", "", None) else value


def _in_words(value: object) -> object:
    """Text that may be there in several languages: by its language's id, or as it is where the shop has one only."""
    if not isinstance(value, list):
        return {"": value} if isinstance(value, str) else {}
    texts = [cast("dict[str, Any]", each) for each in cast("list[object]", value) if isinstance(each, dict)]
    return {str(each.get("id")): each.get("value") for each in texts if isinstance(each.get("value"), str)}


Id = Annotated[NumericId, BeforeValidator(_any_id)]
Words = Annotated[dict[str, PlainText], BeforeValidator(_in_words)]
Yes = Annotated[bool, BeforeValidator(lambda value: value in (True, 1, "1"))]
_text_or_none = BeforeValidator(lambda value: value if isinstance(value, str) else None)
"""PrestaShop writes false where there is none."""
_list = BeforeValidator(lambda value: value or ())


class _Named(Payload):
    id: Id = None


class _StockOf(Payload):
    id: Id = None
    id_product_attribute: Id = None


class _Associations(Payload):
    combinations: Annotated[tuple[_Named, ...], _list, Field(max_length=MOST)] = ()
    stock_availables: Annotated[tuple[_StockOf, ...], _list, Field(max_length=MOST)] = ()
    product_option_values: Annotated[tuple[_Named, ...], _list, Field(max_length=100)] = ()


class ShopProduct(Payload):
    """A product of `/api/products`."""

    id: Id
    name: Words = Field(default_factory=dict[str, PlainText])
    link_rewrite: Words = Field(default_factory=dict[str, PlainText])
    reference: PlainText = None
    manufacturer_name: Annotated[
        PlainText, BeforeValidator(lambda value: value if isinstance(value, str) else None)
    ] = None
    price: LenientPrice = Field(default=None, validation_alias=PRICE)
    active: Yes = False
    available_for_order: Yes = True
    id_default_image: Id = None
    associations: Annotated[_Associations, BeforeValidator(lambda value: value or {})] = _Associations()


class Combination(Payload):
    """A combination of `/api/combinations`."""

    id: Id
    id_product: Id = None
    reference: PlainText = None
    price: LenientPrice = Field(default=None, validation_alias=PRICE)
    associations: Annotated[_Associations, BeforeValidator(lambda value: value or {})] = _Associations()


class OptionValue(Payload):
    """A value of an option, such as a colour."""

    id: Id
    name: Words = Field(default_factory=dict[str, PlainText])


class StockRow(Payload):
    """A row of `/api/stock_availables`. The one of no combination has the sum, where there are combinations.

    Attributes:
        out_of_stock: 0: not sold at zero; 1: it is; 2: as the shop does by default.
    """

    id_product: Id
    id_product_attribute: Id = None
    quantity: Count = None
    out_of_stock: PlainText | int = None


@dataclass(frozen=True, slots=True)
class Shop:
    """How the shop is set up.

    Attributes:
        language: its default language's id.
        sells_at_zero: what is not said otherwise of is sold with nothing left.
        counts: it keeps stock at all.
        short_addresses: addresses of pages have words; else they have parameters.
    """

    front_page: str
    language: str = ""
    sells_at_zero: bool = False
    counts: bool = True
    short_addresses: bool = True

    def in_words(self, words: Mapping[str, str | None]) -> str:
        """Text in the shop's language, else in the first that there is."""
        return words.get(self.language) or next((text for text in words.values() if text), None) or ""

    def page(self, product_id: str, words: str) -> str:
        """The address of a product's page: with words, or the one that PrestaShop always understands."""
        if self.short_addresses and words:
            return f"{self.front_page}/{product_id}-{words}.html"
        return f"{self.front_page}/index.php?controller=product&id_product={product_id}"


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for a page of products: combinations by id, option values' names by id, stock by combination."""

    combinations: Mapping[str, Combination] = field(default_factory=dict[str, Combination])
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    stock: Mapping[tuple[str, str | None], StockRow] = field(default_factory=dict[tuple[str, str | None], StockRow])


def stock_by_subject(rows: Sequence[StockRow]) -> dict[tuple[str, str | None], StockRow]:
    """Rows by product and combination."""
    return {(row.id_product or "", row.id_product_attribute): row for row in rows}


def facts_of(products: Sequence[ShopProduct], known: Known, shop: Shop, asked_at: datetime) -> tuple[Fact, ...]:
    """Products with their variants, and the units of each."""
    facts: list[Fact] = []
    for product in products:
        ids = [each.id for each in product.associations.combinations if each.id]
        sellers: list[tuple[str | None, Combination | None]] = (
            [(id_, known.combinations.get(id_)) for id_ in ids] if ids else [(None, None)]
        )
        # A combination that was removed while this was asked, or was left out once, is told nothing of.
        there = [(id_, combination) for id_, combination in sellers if id_ is None or combination is not None]
        variants = tuple(_variant(product, id_, combination, known, shop) for id_, combination in there)
        every = frozenset(variant.variant_id for variant in variants) if len(there) == len(sellers) else None
        facts.append(_product(product, variants, every, shop, asked_at))
        for (id_, _), variant in zip(there, variants, strict=True):
            row = known.stock.get((product.id or "", id_))
            if row is not None or not shop.counts:
                facts.append(_stock(variant.variant_id, row.quantity if row and shop.counts else None, asked_at))
    return tuple(facts)


def variant_id(product_id: str, combination_id: str | None) -> str:
    """The id of a combination, or of a product that has none, as a variant."""
    return product_id if combination_id is None else f"{product_id}-{combination_id}"


def _product(
    product: ShopProduct,
    variants: tuple[VariantFact, ...],
    every: frozenset[str] | None,
    shop: Shop,
    asked_at: datetime,
) -> ProductFact:
    words = shop.in_words(product.link_rewrite)
    page = shop.page(product.id or "", words)
    return ProductFact(
        product_id=product.id or "",
        title=short(shop.in_words(product.name) or product.reference),
        page_url=whole(page),
        image_url=_image(product, words, shop),
        vendor=short(product.manufacturer_name) or None,
        on_sale=product.active and product.available_for_order,
        variants=variants,
        all_variant_ids=every,
        observed_at=asked_at,
    )


def _variant(
    product: ShopProduct, id_: str | None, combination: Combination | None, known: Known, shop: Shop
) -> VariantFact:
    own_id = variant_id(product.id or "", id_)
    options = combination.associations.product_option_values if combination else ()
    reference = (combination.reference if combination else None) or product.reference or ""
    row = known.stock.get((product.id or "", id_))
    return VariantFact(
        variant_id=own_id,
        inventory_item_id=own_id,
        title=short(", ".join(name for each in options if (name := known.options.get(each.id or "")))),
        sku=short(reference) or None,
        price=product.price if id_ is None else combination.price if combination else None,
        policy=_policy(row, shop),
        tracked=shop.counts,
    )


def _policy(row: StockRow | None, shop: Shop) -> Policy:
    match str(row.out_of_stock) if row else "2":
        case "0":
            return Policy.DENY
        case "1":
            return Policy.CONTINUE
        case _:
            return Policy.CONTINUE if shop.sells_at_zero else Policy.DENY


def _stock(item: str, available: int | None, asked_at: datetime) -> StockFact:
    return StockFact(inventory_item_id=item, location_id=LOCATION, available=available, observed_at=asked_at)


def _image(product: ShopProduct, words: str, shop: Shop) -> str | None:
    if product.id_default_image is None or not words or not shop.short_addresses:
        return None
    address = f"{shop.front_page}/{product.id_default_image}-large_default/{words}.jpg"
    return whole(address)
