"""The storefront adapter for Square: verifies a webhook and reads it.

Sources: https://developer.squareup.com/docs/webhooks/step3validate (the signature, which is over the address and the
body), https://developer.squareup.com/reference/square/inventory-api/webhooks. https://developer.squareup.com/reference/square/orders-api/webhooks.
Messages about the catalogue and about orders hold ids only: that something changed. What it is now, the API has to be
asked.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote

from activities.storefronts.payload import Moment, Payload, PlainText, read_payload
from activities.storefronts.square.fields import InventoryCount, known, level
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    WebhookAnswer,
    WebhookRequest,
    does_not_fit,
)
from schemas.incoming.facts import Fact, HintFact, WebhookDelivery

SIGNATURE = "x-square-hmacsha256-signature"
STOCK = "inventory.count.updated"
CATALOGUE = "catalog.version.updated"
ORDERS = ("order.created", "order.updated")
_MERCHANT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TYPE = re.compile(r"[a-z0-9_.]{1,100}")
_EVENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class _Event(Payload):
    merchant_id: PlainText = None
    type: PlainText = None
    event_id: PlainText = None
    created_at: Moment = None


class _Counts(Payload):
    inventory_counts: tuple[InventoryCount, ...]


class _Data(Payload):
    object: _Counts


class _CountUpdated(Payload):
    data: _Data


class _Order(Payload):
    id: PlainText = None


class _OrderChanged(Payload):
    data: _Order


class Square:
    """The storefront adapter for Square. It fulfils `Storefront`.

    A secret is the signature key of a webhook subscription. The store is the merchant.
    """

    source: ClassVar[str] = "square"

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """See `Storefront.page_url`. A guess: the page of an item is told by the API, and that goes before this."""
        page = f"{front_page}/product/{quote(handle, safe='')}"
        return f"{page}?variation={quote(variant_id, safe='')}" if variant_id else page

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Square sends only deliveries; its test is one of them, signed."""

    def store_named(self, request: WebhookRequest) -> str | None:
        """See `Storefront.store_named`: the merchant."""
        try:
            merchant = read_payload(request.body, _Event).merchant_id or ""
        except PayloadMalformed:
            return None
        return merchant if _MERCHANT.fullmatch(merchant) else None

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        """See `Storefront.verify`. The address is signed too, as Square was given it."""
        claimed = (request.header(SIGNATURE) or "").encode("utf-8", "surrogatepass")
        signatures = [sign(request.url, request.body, secret) for secret in secrets if secret.strip()]
        fitting = [hmac.compare_digest(signature, claimed) for signature in signatures]
        if not any(fitting):
            raise does_not_fit(f"{SIGNATURE} (made of the address as Square was given it, and the body)")
        try:
            event = read_payload(request.body, _Event)
        except PayloadMalformed as error:
            raise DeliveryMalformed(str(error)) from None
        merchant, topic, event_id = event.merchant_id or "", event.type or "", event.event_id or ""
        if not _MERCHANT.fullmatch(merchant):
            raise DeliveryMalformed("The message names no merchant.")
        if not (_TYPE.fullmatch(topic) and _EVENT_ID.fullmatch(event_id)):
            raise DeliveryMalformed("The message does not say which event it is: 'type' or 'event_id' is missing.")
        created = event.created_at
        return WebhookDelivery(
            store_id=merchant,
            source=self.source,
            topic=topic,
            key=f"{topic}:{event_id}",
            triggered_at=created if created is not None and created.tzinfo else None,
            about_people=topic not in (STOCK, CATALOGUE, *ORDERS),
        )

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """See `Storefront.read`. Of the catalogue the message tells that it changed, which hints at all of it."""
        match delivery.topic:
            case "inventory.count.updated":
                return _levels(body, delivery.triggered_at)
            case "catalog.version.updated":
                at = delivery.triggered_at
                return () if at is None else (HintFact(observed_at=at),)
            case "order.created" | "order.updated":
                order_id = known(read_payload(body, _OrderChanged).data.id, "$.data.id")
                at = delivery.triggered_at
                return () if at is None else (HintFact(order_id=order_id, observed_at=at),)
            case _:
                return NotOurs(delivery.topic)

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """Square looks at the status only."""


def sign(url: str, body: bytes, key: str) -> bytes:
    """The signature of a message to this address."""
    return base64.b64encode(hmac.digest(key.encode(), url.encode("utf-8", "surrogatepass") + body, "sha256"))


def _levels(body: bytes, created_at: datetime | None) -> tuple[Fact, ...]:
    counts = read_payload(body, _CountUpdated).data.object.inventory_counts
    told = (level(count, created_at, f"$.data.object.inventory_counts[{at}]") for at, count in enumerate(counts))
    return tuple(each for each in told if each is not None)
