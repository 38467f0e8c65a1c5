"""What Magento's events say of products and stock, in storefront facts.

Of units they say what lies in the default source, before what is reserved for orders is taken off: more than may be
sold, so that somebody would be told of units that are others' already. So an event of units is a hint, and the shop is
asked for what it would sell (`api.py`).

Source: https://developer.adobe.com/commerce/extensibility/events/ (events reference). Which fields an event has, each
shop configures itself; all are wanted by default.
"""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from activities.storefronts.magento.fields import (
    ENABLED,
    HIDDEN,
    MOST_PARTS,
    SIMPLE,
    Code,
    Texts,
    effective_price,
)
from activities.storefronts.magento.stock import Flag, StockItem, Units
from activities.storefronts.payload import LenientPrice, Moment, NumericId, Payload, PayloadT, PlainText, fit
from activities.storefronts.storefront import NotOurs, PayloadMalformed
from activities.storefronts.texts import short, whole
from schemas.incoming.facts import Fact, HintFact, ProductFact, ProductGoneFact, VariantFact

VALUE = "$.data.value"

_STOCK_ITEM = re.compile(r"observer\.cataloginventory_stock_item_save_(commit_)?after")
_SAVED = re.compile(r"observer\.catalog_product_save_(commit_)?after|product_repository\.save")
_DELETED = re.compile(r"observer\.catalog_product_delete_(commit_)?after")


class _StockItemSaved(StockItem):
    product_id: NumericId = None


class _Links(Payload):
    configurable_product_links: Annotated[tuple[NumericId, ...], Field(max_length=MOST_PARTS)] = ()


class _Quantity(Payload):
    qty: Units = None
    is_in_stock: Flag = None


class _Product(Payload):
    id: NumericId = Field(default=None, validation_alias=AliasChoices("entity_id", "id"))
    type_id: PlainText = None
    sku: PlainText = None
    name: PlainText = None
    status: Code = None
    visibility: Code = None
    price: LenientPrice = None
    special_price: LenientPrice = None
    special_from_date: Texts = None
    special_to_date: Texts = None
    url_key: PlainText = None
    updated_at: Moment = None
    stock_data: StockItem | None = None
    quantity_and_stock_status: _Quantity | None = None
    is_new: Flag = Field(default=None, validation_alias="_isNew")
    extension_attributes: Annotated[_Links | None, BeforeValidator(lambda value: value or None)] = None


def followed(topic: str) -> bool:
    """Whether an event of this type is about products or stock."""
    return any(each.search(topic) for each in (_STOCK_ITEM, _SAVED, _DELETED))


def read_event(topic: str, value: object, sent_at: datetime | None) -> tuple[Fact, ...] | NotOurs:
    """The facts in the value of an event."""
    if _STOCK_ITEM.search(topic):
        return (_stock_item(_fit(value, _StockItemSaved), sent_at),)
    if _SAVED.search(topic):
        return _product(_fit(value, _Product), sent_at)
    if _DELETED.search(topic):
        return (ProductGoneFact(product_id=_known(_fit(value, _Product).id, "entity_id"), observed_at=sent_at),)
    return NotOurs(topic)


def _stock_item(item: _StockItemSaved, sent_at: datetime | None) -> HintFact:
    if item.qty is None and item.manage_stock is not False:
        raise PayloadMalformed(f"{VALUE}.qty", "it is missing; are the fields of the subscription narrowed?")
    return HintFact(variant_id=_known(item.product_id, "product_id"), observed_at=_time(None, sent_at))


def _product(product: _Product, sent_at: datetime | None) -> tuple[Fact, ...]:
    product_id = _known(product.id, "entity_id")
    observed_at = _time(product.updated_at, sent_at)
    facts: list[Fact] = []
    simple = product.type_id is None or product.type_id in SIMPLE
    described = product.name and product.type_id and product.status and product.visibility
    if described and not (simple and product.visibility == HIDDEN):
        facts.append(_product_fact(product, product_id, observed_at))
    stock = _stock_data(product)
    if simple and stock is not None:
        facts.append(HintFact(variant_id=product_id, observed_at=observed_at))
    elif not facts and product.visibility != HIDDEN:
        raise PayloadMalformed(
            f"{VALUE}.name",
            "neither name, type_id, status and visibility are there nor the quantity; "
            "are the fields of the subscription narrowed?",
        )
    return tuple(facts)


def _product_fact(product: _Product, product_id: str, observed_at: datetime) -> ProductFact:
    return ProductFact(
        product_id=product_id,
        title=short(product.name),
        handle=whole(product.url_key),
        on_sale=product.status == ENABLED and product.visibility != HIDDEN,
        variants=_variants(product, product_id, observed_at),
        observed_at=observed_at,
    )


def _variants(product: _Product, product_id: str, observed_at: datetime) -> tuple[VariantFact, ...]:
    """Of a simple product itself. Of a new configurable one its parts, by their ids: what is known of parts already is
    more than this message says of them.
    """
    if product.type_id not in SIMPLE:
        links = product.extension_attributes.configurable_product_links if product.extension_attributes else ()
        parts = dict.fromkeys(link for link in links if link) if product.is_new else {}
        return tuple(VariantFact(variant_id=part, inventory_item_id=part) for part in parts)
    stock = _stock_data(product) or StockItem()
    return (
        VariantFact(
            variant_id=product_id,
            inventory_item_id=product_id,
            sku=short(product.sku) or None,
            price=effective_price(
                product.price, product.special_price, product.special_from_date, product.special_to_date, observed_at
            ),
            policy=stock.policy,
            tracked=stock.manage_stock,
        ),
    )


def _stock_data(product: _Product) -> StockItem | None:
    """What the message says of stock: in one of two places, the second with the number only."""
    if product.stock_data is not None and (
        product.stock_data.qty is not None or product.stock_data.manage_stock is False
    ):
        return product.stock_data
    number = product.quantity_and_stock_status
    if number is None or number.qty is None:
        return None
    return StockItem(qty=number.qty, is_in_stock=number.is_in_stock)


def _fit(value: object, shape: type[PayloadT]) -> PayloadT:
    try:
        return fit(value, shape)
    except PayloadMalformed as error:
        raise PayloadMalformed(VALUE + error.path.removeprefix("$"), error.message) from None


def _known(found: str | None, field: str) -> str:
    if found is None:
        raise PayloadMalformed(f"{VALUE}.{field}", "the id is missing; are the fields of the subscription narrowed?")
    return found


def _time(updated_at: datetime | None, sent_at: datetime | None) -> datetime:
    """The event's own time, else the product's, which Magento keeps in UTC."""
    if sent_at is not None:
        return sent_at
    if updated_at is not None:
        return updated_at if updated_at.tzinfo else updated_at.replace(tzinfo=UTC)
    raise PayloadMalformed("$.time", "neither this nor updated_at of the product is there")
