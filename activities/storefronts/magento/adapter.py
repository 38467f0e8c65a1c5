"""The storefront adapter for Adobe Commerce and Magento 2: its events, and its synchronous webhooks.

Two senders use one address, and are told apart by the header of their signatures:
- Adobe I/O Events (https://developer.adobe.com/events/docs/guides/) sends what Commerce tells of products and stock,
  as CloudEvents or in its older envelope, each signed twice by keys that all its customers share.
- Commerce itself (https://developer.adobe.com/commerce/extensibility/webhooks/) asks before it goes on, and a shopper
  waits. It is answered that it may, and nothing is read of it.

A shop of plain Magento sends nothing. It is polled (`api.py`).
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote

from pydantic import AliasChoices, Field

from activities.storefronts.magento.signatures import PublicKeys
from activities.storefronts.magento.things import followed, read_event
from activities.storefronts.payload import Moment, Payload, PlainText, fit, parse_json
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    WebhookAnswer,
    WebhookRequest,
    does_not_fit,
)
from schemas.incoming.facts import Fact, WebhookDelivery

WEBHOOK = "webhook"
"""The topic of all synchronous webhooks: which it is, the body need not say."""
_BY_COMMERCE = "x-adobe-commerce-webhook-signature"
_BY_EVENTS = ("x-adobe-digital-signature-1", "x-adobe-digital-signature-2")
_PREFIX = "com.adobe.commerce."
_STORE = re.compile(r"(?=.{3,255}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9._-]+)*")
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_EVENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_.:-]{1,150}")
_VALIDATION = re.compile(rb'\s*\{\s*"validationUrl"\s*:\s*"https:[^"]{1,500}"\s*\}\s*')
_GO_ON = WebhookAnswer(b'{"op":"success"}', headers={"Content-Type": "application/json"})


class _Data(Payload):
    value: object = None


class _Inner(Payload):
    data: _Data | None = None


class _Envelope(Payload):
    """A CloudEvent, or what was sent before there were any: the event under `event`."""

    id: PlainText = None
    event_id: PlainText = Field(default=None, validation_alias=AliasChoices("eventid", "event_id"))
    type: PlainText = None
    time: Moment = None
    recipient: PlainText = Field(default=None, validation_alias="recipientclientid")
    recipient_too: PlainText = Field(default=None, validation_alias="recipient_client_id")
    data: _Data | None = None
    event: _Inner | None = None

    @property
    def client_id(self) -> str | None:
        """Whom it is for, where it says so in one way."""
        named = {self.recipient, self.recipient_too} - {None}
        return named.pop() if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class _Signed:
    envelope: _Envelope
    topic: str
    in_body: bool


class Magento:
    """The storefront adapter for Adobe Commerce and Magento 2. It fulfils `Storefront`.

    A secret holds public keys as PEM: of webhooks, and after the client id that events are for those of events
    (`signatures.py`).
    """

    source: ClassVar[str] = "magento"

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """See `Storefront.page_url`. The handle is the URL key.

        No address selects one part of a configurable product by its id, so it is behind the number sign, where caches
        do not see it.
        """
        page = f"{front_page}/{quote(handle, safe='')}.html"
        return f"{page}#variant={quote(variant_id, safe='')}" if variant_id else page

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """A challenge is echoed as plain text. The other way to show that the address is ours is taken, and is for
        people: they open the link that it names, within 5 minutes.
        """
        challenge = request.query.get("challenge", "")
        if not request.body and _CHALLENGE.fullmatch(challenge):
            return WebhookAnswer(challenge.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})
        return WebhookAnswer() if _VALIDATION.fullmatch(request.body) else None

    def store_named(self, request: WebhookRequest) -> str | None:
        """See `Storefront.store_named`: `store` of the address, the shop's address without https."""
        store = request.query.get("store", "")
        return store if _STORE.fullmatch(store) else None

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        """See `Storefront.verify`."""
        known = [keys for secret in secrets for keys in PublicKeys.read(secret)]
        if request.header(_BY_COMMERCE) is not None:
            return self._webhook(request, [keys for keys in known if keys.client_id is None])
        signed = self._event(request, [keys for keys in known if keys.client_id is not None])
        event_id = signed.envelope.id or signed.envelope.event_id or ""
        if not _EVENT_ID.fullmatch(event_id):
            raise DeliveryMalformed("The event's id is missing, or is not of the form that Adobe uses.")
        sent_at = signed.envelope.time
        return WebhookDelivery(
            store_id=self._store(request),
            source=self.source,
            topic=signed.topic,
            key=f"event:{event_id}",
            triggered_at=sent_at if sent_at is not None and sent_at.tzinfo else None,
            about_people=not (signed.in_body and followed(signed.topic)),
        )

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """See `Storefront.read`."""
        if delivery.topic == WEBHOOK or not followed(delivery.topic):
            return NotOurs(delivery.topic)
        envelope = fit(parse_json(body), _Envelope)
        data = envelope.data or (envelope.event.data if envelope.event else None)
        return read_event(delivery.topic, data.value if data else None, _aware(delivery.triggered_at))

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """Commerce goes on only if it is told so; to events any 2xx will do."""
        return _GO_ON if delivery.topic == WEBHOOK else None

    def _webhook(self, request: WebhookRequest, known: Sequence[PublicKeys]) -> WebhookDelivery:
        """Commerce signs base64 of the body; Adobe's page says HMAC, its code makes a signature by a key."""
        signature, signed = request.header(_BY_COMMERCE), base64.b64encode(request.body)
        fitting = [keys.made(signature, signed) for keys in known]
        if not any(fitting):
            raise does_not_fit(_BY_COMMERCE)
        # The same question asked again is the same delivery: it is answered alike, and changes nothing.
        key = f"{WEBHOOK}:{hashlib.sha256(request.body).hexdigest()}"
        return WebhookDelivery(
            store_id=self._store(request), source=self.source, topic=WEBHOOK, key=key, about_people=True
        )

    def _event(self, request: WebhookRequest, known: Sequence[PublicKeys]) -> _Signed:
        signatures = [request.header(name) for name in _BY_EVENTS]
        made = [[keys.made(signature, request.body) for signature in signatures] for keys in known]
        fitting = [keys.client_id for keys, by_these in zip(known, made, strict=True) if any(by_these)]
        if not fitting:
            raise does_not_fit(_BY_EVENTS[0])
        try:
            values = parse_json(request.body)
            if isinstance(values, list):
                raise DeliveryMalformed("Events come in batches; choose one request for each event at Adobe.")
            envelope = fit(values, _Envelope)
        except PayloadMalformed as error:
            raise DeliveryMalformed(f"The event cannot be read: {error.path}: {error.message}.") from None
        if envelope.client_id not in fitting:
            raise does_not_fit(_BY_EVENTS[0])
        topic = envelope.type or request.header("x-adobe-event-code") or ""
        if not _EVENT_TYPE.fullmatch(topic):
            raise DeliveryMalformed("The event's type is missing, or is not of the form that Adobe uses.")
        return _Signed(envelope, topic.removeprefix(_PREFIX), in_body=envelope.type is not None)

    def _store(self, request: WebhookRequest) -> str:
        store = self.store_named(request)
        if store is None:
            raise DeliveryMalformed("The address does not end in ?store= and the shop's address without https.")
        return store


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment.tzinfo else None
