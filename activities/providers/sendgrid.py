"""SendGrid's event webhook: batches of events, signed with ECDSA over P-256.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event. The signature is over the header
X-Twilio-Email-Event-Webhook-Timestamp and the raw body. What the verification key in its settings is, is a public key:
it opens nothing, but only events signed by its other half are believed.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import Field

from activities.providers.provider import RETRIED, SETTING, PlainProvider, ProviderCall
from activities.providers.reading import (
    clicked_by_machine,
    derived_id,
    is_senders_fault,
    link_digest,
    opened_by_machine,
    read_address,
    read_code,
    read_many,
    read_reference,
    read_time,
    reference_of,
)
from activities.storefronts.payload import Payload
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

_KINDS = {
    "processed": MessageEventKind.ACCEPTED,
    "delivered": MessageEventKind.DELIVERED,
    "deferred": MessageEventKind.DEFERRED,
    "bounce": MessageEventKind.BOUNCED,
    "blocked": MessageEventKind.SOFT_BOUNCED,
    "dropped": MessageEventKind.FAILED,
    "spamreport": MessageEventKind.COMPLAINED,
    "open": MessageEventKind.OPENED,
    "click": MessageEventKind.CLICKED,
    "unsubscribe": MessageEventKind.UNSUBSCRIBED,
    "group_unsubscribe": MessageEventKind.UNSUBSCRIBED,
}
_DROPPED = {
    "invalid": MessageEventKind.BOUNCED,
    "bounced address": MessageEventKind.SUPPRESSED,
    "unsubscribed address": MessageEventKind.SUPPRESSED,
    "spam reporting address": MessageEventKind.SUPPRESSED,
    "recipient list over package quota": MessageEventKind.FAILED,
}
"""By the reason: whether the address is no good, or SendGrid's own list has it. Any other is no word on the address."""


class _Event(Payload):
    event: str
    email: str | None = None
    timestamp: int | None = None
    sg_event_id: str | None = None
    sg_message_id: str | None = None
    smtp_id: str | None = Field(default=None, alias="smtp-id")
    shelftalk_message: str | None = None
    type: str | None = None
    reason: str | None = None
    response: str | None = None
    status: str | None = None
    useragent: str | None = None
    url: str | None = None
    sg_machine_open: bool | None = None


class SendGrid(PlainProvider):
    """It fulfils `Provider`. Its secrets are verification keys.

    Raises:
        ValueError: one is no public key of P-256.
    """

    name: ClassVar[str] = "sendgrid"
    scheme: ClassVar[str] = "ECDSA over P-256"

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__(secrets)
        self._keys = tuple(_public_key(secret) for secret in secrets)

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """See `Provider.verify`."""
        self.needs_secret("KEY, the verification key of its event webhook")
        timestamp = call.header("x-twilio-email-event-webhook-timestamp")
        signed = timestamp.encode("utf-8", "surrogatepass") + call.body
        try:
            signature = base64.b64decode(call.header("x-twilio-email-event-webhook-signature"), validate=True)
        except (binascii.Error, ValueError):
            signature = b""
        if not any(_fits(key, signature, signed) for key in self._keys):
            raise self.refuse("X-Twilio-Email-Event-Webhook-Signature")
        at = self.check_age(timestamp, now, RETRIED)
        return self.delivery(hashlib.sha256(call.body).hexdigest(), at)

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        return tuple(_event(each) for each in read_many(call.body, _Event) if each.event in _KINDS)


def _public_key(secret: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(secret, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError(
            f"{SETTING}: of sendgrid write the verification key of its event webhook, in base64 as shown there"
        )
    return key


def _fits(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _event(event: _Event) -> MessageEvent:
    kind = _kind(event)
    return MessageEvent(
        kind=kind,
        id=event.sg_event_id or derived_id(event.event, event.sg_message_id, event.email, event.timestamp, event.url),
        reference=read_reference(event.shelftalk_message) or reference_of(event.smtp_id),
        address=read_address(event.email),
        at=read_time(event.timestamp),
        code=read_code(event.status, event.reason, event.response),
        link=link_digest(event.url),
    )


def _kind(event: _Event) -> MessageEventKind:
    kind = _KINDS["blocked" if (event.event, event.type) == ("bounce", "blocked") else event.event]
    match kind:
        case MessageEventKind.BOUNCED | MessageEventKind.SOFT_BOUNCED if is_senders_fault(event.reason, event.status):
            return MessageEventKind.SENDER_AT_FAULT
        case MessageEventKind.FAILED:
            return _DROPPED.get((event.reason or "").lower(), kind)
        case MessageEventKind.OPENED if event.sg_machine_open or opened_by_machine(event.useragent):
            return MessageEventKind.MACHINE_OPENED
        case MessageEventKind.CLICKED if clicked_by_machine(event.useragent):
            return MessageEventKind.MACHINE_CLICKED
        case _:
            return kind
