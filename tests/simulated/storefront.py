"""A storefront as unlike Shopify as one can be: it pings unsigned, asks with a GET, signs inside its body, and wants to
read a word of its own.

A message is base64url of JSON, a point, and its HMAC in hexadecimal. The JSON: store, topic, id, data.
"""

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote

from activities.storefronts.payload import Count, NumericId, Payload, PlainText, read_payload
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    WebhookAnswer,
    WebhookRequest,
    does_not_fit,
)
from schemas.incoming.facts import Fact, ProductFact, StockFact, VariantFact, WebhookDelivery

SEEN_AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


class _Envelope(Payload):
    store: PlainText = None
    topic: PlainText = None
    id: PlainText = None


class _Product(Payload):
    id: NumericId
    variant: NumericId
    path: PlainText


class _ProductMessage(Payload):
    data: _Product


class _Stock(Payload):
    item: NumericId
    units: Count


class _StockMessage(Payload):
    data: _Stock


class SimulatedStorefront:
    """Believes whoever knows the store's secret."""

    source: ClassVar[str] = "simulated"

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """Its handle is a path; a variant is a place on the page."""
        page = f"{front_page}/{quote(handle)}.html"
        return f"{page}#{quote(variant_id, safe='')}" if variant_id else page

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """A challenge is echoed, a ping is taken; neither is signed."""
        if (challenge := request.query.get("challenge")) is not None:
            return WebhookAnswer(challenge.encode(), headers={"Content-Type": "text/plain"})
        return WebhookAnswer() if request.body.startswith(b"webhook_id=") else None

    def store_named(self, request: WebhookRequest) -> str | None:
        try:
            return read_payload(_opened(request.body), _Envelope).store
        except (PayloadMalformed, ValueError):
            return None

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        message, _, signature = request.body.partition(b".")
        if not any(hmac.compare_digest(signature, _sign(message, secret)) for secret in secrets):
            raise does_not_fit("The end of the body")
        try:
            envelope = read_payload(_opened(request.body), _Envelope)
        except PayloadMalformed as error:
            raise DeliveryMalformed(str(error)) from None
        if not (envelope.store and envelope.topic and envelope.id):
            raise DeliveryMalformed("store, topic or id is missing")
        return WebhookDelivery(store_id=envelope.store, source=self.source, topic=envelope.topic, key=envelope.id)

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        match delivery.topic:
            case "product":
                return (_product(read_payload(_opened(body), _ProductMessage).data),)
            case "stock":
                stock = read_payload(_opened(body), _StockMessage).data
                return (
                    StockFact(
                        inventory_item_id=_known(stock.item),
                        location_id="1",
                        available=stock.units,
                        observed_at=SEEN_AT,
                    ),
                )
            case _:
                return NotOurs(delivery.topic)

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        del delivery
        return WebhookAnswer(b'{"op":"success"}', headers={"Content-Type": "application/json"})


def signed(secret: str, **message: object) -> WebhookRequest:
    """What it would send."""
    body = base64.urlsafe_b64encode(json.dumps(message).encode())
    return WebhookRequest(body + b"." + _sign(body, secret), {"Content-Type": "application/jwt"})


def _sign(message: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), message, "sha256").hex().encode()


def _opened(body: bytes) -> bytes:
    return base64.urlsafe_b64decode(body.partition(b".")[0])


def _known(id_: str | None) -> str:
    if id_ is None:
        raise PayloadMalformed("$.data", "an id is missing")
    return id_


def _product(product: _Product) -> ProductFact:
    variant = VariantFact(variant_id=_known(product.variant), inventory_item_id=_known(product.variant), title="One")
    return ProductFact(
        product_id=_known(product.id),
        title="Kettle",
        handle=product.path,
        on_sale=True,
        variants=(variant,),
        observed_at=SEEN_AT,
    )
