"""The storefront adapter for Wix: verifies a webhook and has it read by its event, in the modules beside it.

Source: https://dev.wix.com/docs/api-reference/business-solutions/stores, catalogues V1 and V3: a site has one of them,
an app is installed on sites of both, so both kinds of event arrive. Those of V3 hold what they are about as it is then,
with an id, a time and a number. Those of V1 have none of these: they are known by their bytes, and as of when they were
signed; of products they tell only that something changed, which the API has to be asked about.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar, cast
from urllib.parse import quote

from activities.storefronts.payload import Moment, PlainText, fit
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    WebhookAnswer,
    WebhookRequest,
    does_not_fit,
)
from activities.storefronts.wix.fields import InventoryItem, Level, known, level, variant_name, version
from activities.storefronts.wix.orders import Order, read_order
from activities.storefronts.wix.products import Product, read_product, stock_v1
from activities.storefronts.wix.shapes import WixPayload
from activities.storefronts.wix.signed import Claims, Message, claims_in, genuine, instance, message_in, nested
from schemas.incoming.facts import Fact, HintFact, ProductGoneFact, WebhookDelivery

_V3 = "wix.stores.catalog.v3."
_V1_STOCK = "com.wix.ecommerce.inventory.api.v1."
_V1_CATALOGUE = "com.wix.ecommerce.catalog.api.v1."
_ABOUT_THINGS = (_V3, _V1_STOCK, _V1_CATALOGUE)
"""Messages of any other event may hold names and addresses."""
_TOPIC = re.compile(r"[A-Za-z0-9_.-]{1,130}")
_SEQUENCE = re.compile(r"[0-9]{1,20}")
_EVENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_ORDERS = frozenset({"wix.ecom.v1.order_approved", "wix.ecom.v1.order_updated", "wix.ecom.v1.order_canceled"})
_ShapeT = TypeVar("_ShapeT", bound=WixPayload)


class _EventName(WixPayload):
    id: PlainText = None


class _Event(WixPayload):
    """An event of V3, and of orders: what it is about stands in the one of these that fits its kind."""

    entity_id: PlainText = None
    event_time: Moment = None
    entity_event_sequence: Any = None
    created_event: dict[str, Any] | None = None
    updated_event: dict[str, Any] | None = None
    deleted_event: dict[str, Any] | None = None
    action_event: dict[str, Any] | None = None


class _ChangedVariant(WixPayload):
    id: PlainText = None
    new_value: Level | None = None


class _VariantsChanged(WixPayload):
    product_id: PlainText = None
    external_id: PlainText = None
    variants: tuple[_ChangedVariant, ...] = ()


class _ProductNamed(WixPayload):
    product_id: PlainText = None
    external_id: PlainText = None


class Wix:
    """The storefront adapter for Wix. It fulfils `Storefront`.

    A secret is the public key of an app, in PEM. The store is the app's instance on a site.
    """

    source: ClassVar[str] = "wix"

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """See `Storefront.page_url`. The page knows no variants in its address; it does not mind that it names one."""
        page = f"{front_page}/product-page/{quote(handle, safe='')}"
        return f"{page}?variantId={quote(variant_id, safe='')}" if variant_id else page

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Wix sends only deliveries."""

    def store_named(self, request: WebhookRequest) -> str | None:
        """See `Storefront.store_named`: the app's instance."""
        try:
            return instance(message_in(claims_in(request.body)))
        except PayloadMalformed:
            return None

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        """See `Storefront.verify`. All of it is signed."""
        if not genuine(request.body, secrets, request.at):
            raise does_not_fit("The token that is the body")
        try:
            claims = claims_in(request.body)
            message = message_in(claims)
        except PayloadMalformed as error:
            raise DeliveryMalformed(str(error)) from None
        store, topic = instance(message), message.event_type or ""
        if store is None:
            raise DeliveryMalformed("The message names no instance of the app.")
        if _TOPIC.fullmatch(topic) is None:
            raise DeliveryMalformed("The message does not say which event it is.")
        return WebhookDelivery(
            store_id=store,
            source=self.source,
            topic=topic,
            key=f"{topic}:{_key(message, request.body)}",
            triggered_at=_signed_at(claims),
            about_people=not topic.startswith(_ABOUT_THINGS),
        )

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """See `Storefront.read`."""
        data = nested(message_in(claims_in(body)).data)
        topic = delivery.topic
        if topic in _ORDERS:
            event = fit(data, _Event)
            order = event.updated_event if topic.endswith("_updated") else event.action_event
            return read_order(_entity(order, Order, "order", "currentEntity"), _when(event, delivery))
        if topic.startswith(_V3):
            return _read_v3(topic.removeprefix(_V3), fit(data, _Event), delivery)
        if topic.startswith((_V1_STOCK, _V1_CATALOGUE)):
            return _read_v1(topic.rpartition(".")[2], data, delivery)
        return NotOurs(topic)

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """Wix looks at the status only."""


def _key(message: Message, body: bytes) -> str:
    """The event's own id, or the digest of the bytes, in which the second stands that they were signed in."""
    try:
        event_id = fit(nested(message.data), _EventName).id
    except PayloadMalformed:
        event_id = None
    return event_id if event_id and _EVENT_ID.fullmatch(event_id) else hashlib.sha256(body.strip()).hexdigest()


def _signed_at(claims: Claims) -> datetime | None:
    try:
        return None if claims.iat is None else datetime.fromtimestamp(claims.iat, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _when(event: _Event, delivery: WebhookDelivery) -> datetime:
    time = event.event_time
    if time is not None and time.tzinfo is not None:
        sequence = str(event.entity_event_sequence)
        return version(time, int(sequence) if _SEQUENCE.fullmatch(sequence) else None)
    return _as_signed(delivery, "$.eventTime")


def _as_signed(delivery: WebhookDelivery, path: str) -> datetime:
    if delivery.triggered_at is None:
        raise PayloadMalformed(path, "neither this nor the token's 'iat' says when it was so")
    return delivery.triggered_at


def _read_v3(name: str, event: _Event, delivery: WebhookDelivery) -> tuple[Fact, ...] | NotOurs:
    match name:
        case "inventory_item_created":
            item = _entity(event.created_event, InventoryItem, "entity")
            return (level(item, _when(event, delivery), "$.createdEvent.entity"),)
        case "inventory_item_updated":
            item = _entity(event.updated_event, InventoryItem, "currentEntity")
            return (level(item, _when(event, delivery), "$.updatedEvent.currentEntity"),)
        case "inventory_item_updated_with_reason":
            return _with_reason(event, delivery)
        case "inventory_item_deleted":
            return _no_item(event, delivery)
        case "product_created":
            return read_product(_entity(event.created_event, Product, "entity"), _when(event, delivery))
        case "product_updated":
            return read_product(_entity(event.updated_event, Product, "currentEntity"), _when(event, delivery))
        case "product_deleted":
            product_id = known(event.entity_id, "$.entityId")
            return (ProductGoneFact(product_id=product_id, observed_at=_when(event, delivery)),)
        case _:
            return NotOurs(delivery.topic)


def _with_reason(event: _Event, delivery: WebhookDelivery) -> tuple[Fact, ...]:
    """The documentation leaves open under which name the item stands in it; without one, its other event tells."""
    try:
        item = _entity(event.action_event, InventoryItem, "inventoryItem", "currentInventoryItem", "currentEntity")
    except PayloadMalformed:
        return ()
    return (level(item, _when(event, delivery), "$.actionEvent.body"),)


def _no_item(event: _Event, delivery: WebhookDelivery) -> tuple[Fact, ...]:
    """The location has none of it any more. Where the message does not say of what, nothing is known by it."""
    deleted = (event.deleted_event or {}).get("deletedEntity")
    if deleted is None:
        return ()
    item = fit(deleted, InventoryItem)
    return (level(item, _when(event, delivery), "$.deletedEvent.deletedEntity", gone=True),)


def _entity(inside: dict[str, Any] | None, shape: type[_ShapeT], *names: str) -> _ShapeT:
    """What an event is about: an object, or the same written as text (`…AsJson`); of an action in its `body`.

    Raises:
        PayloadMalformed: it is not there, or not of this shape.
    """
    held = inside or {}
    body = nested(held.get("body", held.get("bodyAsJson", held)))
    where = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    for name in names:
        found = where.get(name, where.get(f"{name}AsJson"))
        if found is not None:
            return fit(nested(found), shape)
    raise PayloadMalformed("$", f"the event has no '{names[0]}'")


def _read_v1(name: str, data: Any, delivery: WebhookDelivery) -> tuple[Fact, ...] | NotOurs:
    match name:
        case "InventoryVariantsChanged":
            changed = fit(data, _VariantsChanged)
            product_id = known(changed.product_id or changed.external_id, "$.productId")
            at = _as_signed(delivery, "$")
            return tuple(
                stock_v1(variant_name(product_id, each.id, f"$.variants[{place}].id"), told, at)
                for place, each in enumerate(changed.variants)
                if (told := each.new_value) is not None and (told.quantity is not None or told.in_stock is not None)
            )
        case "ProductDeleted":
            product_id = known(fit(data, _ProductNamed).product_id, "$.productId")
            return (ProductGoneFact(product_id=product_id, observed_at=_as_signed(delivery, "$")),)
        case "InventoryItemChanged" | "ProductCreated" | "ProductChanged" | "VariantsChanged":
            named = fit(data, _ProductNamed)
            product_id = known(named.product_id or named.external_id, "$.productId")
            return (HintFact(product_id=product_id, observed_at=_as_signed(delivery, "$")),)
        case _:
            return NotOurs(delivery.topic)
