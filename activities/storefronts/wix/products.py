"""Wix's products, of both catalogues, in storefront facts: the same reading for webhooks and for its API."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from pydantic import Field

from activities.storefronts.buyers import currency_facts
from activities.storefronts.payload import LenientPrice, PlainText
from activities.storefronts.storefront import PayloadMalformed
from activities.storefronts.texts import short, web_address, whole
from activities.storefronts.wix.fields import (
    ONLY_LOCATION,
    Level,
    Prices,
    known,
    units,
    variant_name,
)
from activities.storefronts.wix.shapes import WixPayload
from schemas.incoming.facts import ProductFact, StockFact, StoreFact, VariantFact


class _ChoiceName(WixPayload):
    choice_name: PlainText = None


class _Choice(WixPayload):
    option_choice_names: _ChoiceName | None = None


class _ProductData(WixPayload):
    product_id: PlainText = None


class Variant(WixPayload):
    """A variant of catalogue V3, in its product or in a list of its own."""

    id: PlainText = None
    sku: PlainText = None
    price: Prices | None = None
    visible: bool = True
    choices: tuple[_Choice, ...] = ()
    option_choices: tuple[_Choice, ...] = ()
    product_data: _ProductData | None = None

    @property
    def title(self) -> str:
        named = (each.option_choice_names for each in self.choices or self.option_choices)
        return " / ".join(each.choice_name for each in named if each is not None and each.choice_name)


class _Variants(WixPayload):
    variants: tuple[Variant, ...] = ()


class _Name(WixPayload):
    name: PlainText = None


class _Url(WixPayload):
    url: PlainText = None


class _Media(WixPayload):
    main: Any = None
    main_media: Any = None


class Product(WixPayload):
    """A product of catalogue V3."""

    id: PlainText = None
    name: PlainText = None
    slug: PlainText = None
    visible: bool = True
    currency: PlainText = None
    brand: _Name | None = None
    url: _Url | None = None
    media: _Media | None = None
    variants_info: _Variants | None = None


class _PriceV1(WixPayload):
    currency: PlainText = None
    price: LenientPrice = None
    discounted_price: LenientPrice = None

    @property
    def now(self) -> object:
        return self.price if self.discounted_price is None else self.discounted_price


class _VariantFieldsV1(WixPayload):
    price_data: _PriceV1 | None = None
    sku: PlainText = None
    visible: bool = True


class _VariantV1(WixPayload):
    id: PlainText = None
    choices: Mapping[str, PlainText] = Field(default_factory=dict[str, str | None])
    variant: _VariantFieldsV1 | None = None
    stock: Level | None = None


class _PageV1(WixPayload):
    base: PlainText = None
    path: PlainText = None


class ProductV1(WixPayload):
    """A product of catalogue V1."""

    id: PlainText = None
    name: PlainText = None
    slug: PlainText = None
    visible: bool = True
    sku: PlainText = None
    brand: PlainText = None
    media: _Media | None = None
    price_data: _PriceV1 | None = None
    product_page_url: _PageV1 | None = None
    stock: Level | None = None
    variants: tuple[_VariantV1, ...] = ()


def read_product(
    product: Product, observed_at: datetime, variants: Iterable[Variant] | None = None
) -> tuple[ProductFact | StoreFact, ...]:
    """A product of catalogue V3, with the currency where it is told.

    Args:
        variants: all that it has, where they were asked for apart; else those that stand in it, if any.

    Raises:
        PayloadMalformed: it has no id or no name.
    """
    product_id = known(product.id, "$.id")
    told = product.variants_info.variants if variants is None and product.variants_info else variants or ()
    shown = tuple(_variant(product_id, each) for each in told if each.visible)
    currency = product.currency
    store = currency_facts(currency, observed_at)
    told_of = ProductFact(
        product_id=product_id,
        title=_title(product.name),
        handle=whole(product.slug),
        page_url=web_address(product.url.url if product.url else None),
        image_url=_image(product.media),
        vendor=_cut(product.brand.name if product.brand else None),
        on_sale=product.visible,
        variants=shown,
        all_variant_ids=frozenset(each.variant_id for each in shown) or None,
        observed_at=observed_at,
    )
    return (told_of, *store)


def _variant(product_id: str, variant: Variant) -> VariantFact:
    name = variant_name(product_id, known(variant.id, "$.variantsInfo.variants[*].id"))
    price = variant.price.actual_price if variant.price else None
    return VariantFact(
        variant_id=name,
        inventory_item_id=name,
        title=short(variant.title),
        sku=_cut(variant.sku),
        price=price.amount if price else None,
    )


def read_product_v1(product: ProductV1, observed_at: datetime) -> tuple[ProductFact | StockFact | StoreFact, ...]:
    """A product of catalogue V1, with the stock and the currency that stand in it.

    Raises:
        PayloadMalformed: it has no id or no name.
    """
    product_id = known(product.id, "$.id")
    shown = [each for each in product.variants if each.variant is None or each.variant.visible]
    names = [variant_name(product_id, each.id) for each in shown] or [product_id]
    variants = [_variant_v1(name, each, product) for name, each in zip(names, shown, strict=False)] or [
        _only_variant(product_id, product)
    ]
    page = product.product_page_url
    base = (page.base or "").rstrip("/") if page else ""
    told = ProductFact(
        product_id=product_id,
        title=_title(product.name),
        handle=whole(product.slug),
        page_url=web_address(f"{base}/{(page.path or '').lstrip('/')}" if page and base else None),
        image_url=_image(product.media),
        vendor=_cut(product.brand),
        on_sale=product.visible,
        variants=tuple(variants),
        all_variant_ids=frozenset(names),
        observed_at=observed_at,
    )
    currency = product.price_data.currency if product.price_data else None
    levels = [each.stock for each in shown] or [product.stock]
    stock = [stock_v1(name, each, observed_at) for name, each in zip(names, levels, strict=True) if each is not None]
    store = currency_facts(currency, observed_at)
    return (told, *store, *stock)


def stock_v1(name: str, stock: Level, observed_at: datetime) -> StockFact:
    """The units of a variant in catalogue V1."""
    return StockFact(
        inventory_item_id=name,
        location_id=ONLY_LOCATION,
        available=units(stock.quantity, stock.in_stock),
        observed_at=observed_at,
    )


def _variant_v1(name: str, variant: _VariantV1, product: ProductV1) -> VariantFact:
    fields = variant.variant or _VariantFieldsV1()
    price = fields.price_data or product.price_data
    return VariantFact.model_validate(
        {
            "variant_id": name,
            "inventory_item_id": name,
            "title": short(" / ".join(each for each in variant.choices.values() if each)),
            "sku": _cut(fields.sku or product.sku),
            "price": price.now if price else None,
        }
    )


def _only_variant(product_id: str, product: ProductV1) -> VariantFact:
    return _variant_v1(product_id, _VariantV1(), product)


def _title(name: str | None) -> str:
    if not name:
        raise PayloadMalformed("$.name", "a product has a name")
    return short(name)


def _cut(text: str | None) -> str | None:
    return short(text) or None


def _image(media: _Media | None) -> str | None:
    """Where it stands differs between catalogues and events: the first web address on the way down to it."""
    found: Any = (media.main or media.main_media) if media else None
    for _ in range(3):
        if not isinstance(found, dict):
            break
        fields = cast("dict[str, Any]", found)
        found = fields.get("url") or fields.get("image")
    return web_address(found) if isinstance(found, str) else None
