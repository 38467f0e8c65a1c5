"""The open API: a shop of any other system tells of itself, signed by Standard Webhooks. It fulfils `Storefront`."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from urllib.parse import quote

from activities.storefronts.buyers import address, items, money
from activities.storefronts.open.messages import (
    CheckoutUpdated,
    Envelope,
    Item,
    Money,
    OrderUpdated,
    ProductDeleted,
    ProductUpdated,
    StockUpdated,
    Variant,
)
from activities.storefronts.open.signing import FRESH, fits, is_fresh, signed_at
from activities.storefronts.payload import fit, read_payload
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    SignatureWrong,
    WebhookAnswer,
    WebhookRequest,
    does_not_fit,
)
from schemas.incoming.facts import (
    CheckoutFact,
    Fact,
    ItemFact,
    OrderFact,
    OrderMoney,
    Policy,
    ProductFact,
    ProductGoneFact,
    StockFact,
    StoreFact,
    VariantFact,
    WebhookDelivery,
)

_ABOUT_THINGS = frozenset({"product.updated", "product.deleted", "stock.updated"})
"""Messages of any other type may hold names and addresses."""
_STORE = re.compile(r"[!-~]{1,255}")
CENTS_OF_CENTS = Decimal("0.0001")
"""The decimals that money is kept with."""
_WEBHOOK_ID = re.compile(r"[!-~]{1,150}")


class Open:
    """The open API.

    A secret is `whsec_` and 24 to 64 bytes in base64. The store is named by the address, and has a secret of its own.
    """

    source: ClassVar[str] = "open"

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """See `Storefront.page_url`; for a shop that gives a handle and no address."""
        page = f"{front_page}/products/{quote(handle, safe='')}"
        return f"{page}?variant={quote(variant_id, safe='')}" if variant_id else page

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """There is nothing to ask but deliveries."""

    def store_named(self, request: WebhookRequest) -> str | None:
        """See `Storefront.store_named`: `?store=` of the address."""
        named = request.query.get("store") or ""
        return named.lower() if _STORE.fullmatch(named) else None

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        """See `Storefront.verify`. Id, time and body are signed; the store is the one whose secret it is."""
        id_, timestamp = request.header("webhook-id") or "", request.header("webhook-timestamp") or ""
        if not fits(secrets, id_, timestamp, request.body, request.header("webhook-signature") or ""):
            raise does_not_fit("webhook-signature (made of webhook-id, webhook-timestamp and the body)")
        at = signed_at(timestamp)
        if at is None or not is_fresh(at, request.at):
            raise SignatureWrong(
                f"webhook-timestamp is not within {FRESH.seconds // 60} minutes of now: sign each attempt anew, with "
                "the seconds since 1970 of a clock that is right."
            )
        store = self.store_named(request)
        if store is None:
            raise DeliveryMalformed("The address names no store: it ends in ?store=shop.example.")
        if _WEBHOOK_ID.fullmatch(id_) is None:
            raise DeliveryMalformed("webhook-id is missing, or longer than 150 characters, or has others than ASCII's.")
        try:
            topic = read_payload(request.body, Envelope).type
        except PayloadMalformed as error:
            raise DeliveryMalformed(str(error)) from None
        return WebhookDelivery(
            store_id=store,
            source=self.source,
            topic=topic,
            key=id_,
            triggered_at=at,
            about_people=topic not in _ABOUT_THINGS,
        )

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """See `Storefront.read`."""
        message = read_payload(body, Envelope)
        at = message.when()
        if at is None:
            raise PayloadMalformed("$.timestamp", "the time lacks its offset from UTC, as in 2026-01-31T09:30:00Z")
        try:
            match message.type:
                case "product.updated":
                    return _product(fit(message.data, ProductUpdated), at)
                case "product.deleted":
                    return (ProductGoneFact(product_id=fit(message.data, ProductDeleted).id, observed_at=at),)
                case "stock.updated":
                    return _stock(fit(message.data, StockUpdated), at)
                case "order.updated":
                    return _order(fit(message.data, OrderUpdated), at)
                case "checkout.updated":
                    return _checkout(fit(message.data, CheckoutUpdated), at)
                case _:
                    return NotOurs(delivery.topic)
        except PayloadMalformed as error:
            raise PayloadMalformed(f"$.data{error.path.removeprefix('$')}", error.message) from None

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """Our own answer says what became of it."""


def _product(product: ProductUpdated, at: datetime) -> tuple[Fact, ...]:
    names = [variant.id for variant in product.variants]
    if len(set(names)) < len(names):
        raise PayloadMalformed("$.variants", "two variants have the same id")
    told = ProductFact(
        product_id=product.id,
        title=product.title or "",
        handle=product.handle,
        page_url=product.url,
        image_url=product.image,
        vendor=product.vendor,
        tags=None if product.tags is None else tuple(tag for tag in product.tags if tag),
        collections=None if product.collections is None else tuple(each for each in product.collections if each),
        on_sale=product.on_sale,
        variants=tuple(_variant(variant) for variant in product.variants),
        all_variant_ids=frozenset(names),
        observed_at=at,
    )
    return (told,) if product.currency is None else (told, StoreFact(currency=product.currency, observed_at=at))


def _variant(variant: Variant) -> VariantFact:
    return VariantFact(
        variant_id=variant.id,
        inventory_item_id=variant.item or variant.id,
        title=variant.title or "",
        sku=variant.sku,
        price=variant.price,
        policy=Policy.CONTINUE if variant.sells_at_zero else Policy.DENY,
        tracked=variant.counted,
        quantity=None if variant.counted is False else variant.units,
    )


def _stock(stock: StockUpdated, at: datetime) -> tuple[Fact, ...]:
    return tuple(
        StockFact(inventory_item_id=level.item, location_id=level.location, available=level.units, observed_at=at)
        for level in stock.levels
    )


def _order(order: OrderUpdated, at: datetime) -> tuple[Fact, ...]:
    email = address(order.email)
    if email is None:
        raise PayloadMalformed("$.email", "this is not a valid e-mail address")
    ordered_at = order.ordered_at
    if ordered_at is not None and ordered_at.tzinfo is None:
        raise PayloadMalformed("$.ordered_at", "the time lacks its offset from UTC, as in 2026-01-31T09:30:00Z")
    came_to = order.money
    if came_to is not None and came_to.total is not None and (came_to.refunded or 0) > came_to.total:
        raise PayloadMalformed("$.money.refunded", "more than the total cannot have been given back")
    return (
        OrderFact(
            order_id=order.id,
            email=email,
            items=_items(order.items),
            ordered_at=ordered_at or at,
            cancelled=order.cancelled,
            money=_came_to(came_to) if came_to else None,
            codes=tuple(code for code in order.codes if code),
            observed_at=at,
        ),
    )


def _came_to(told: Money) -> OrderMoney | None:
    total, refunded = (amount and amount.quantize(CENTS_OF_CENTS) for amount in (told.total, told.refunded))
    return money(total, refunded, told.currency)


def _checkout(checkout: CheckoutUpdated, at: datetime) -> tuple[Fact, ...]:
    email = address(checkout.email)
    if email is None and checkout.email:
        raise PayloadMalformed("$.email", "this is not a valid e-mail address")
    id_ = hashlib.sha256(checkout.id.encode()).hexdigest()[:32]
    there = tuple(item for item in _items(checkout.items) if item.quantity)
    return (CheckoutFact(checkout_id=id_, email=email, items=there, observed_at=at),)


def _items(told: tuple[Item, ...]) -> tuple[ItemFact, ...]:
    return items((each.product, each.variant, each.quantity) for each in told)
