"""Telnyx's webhooks for text messages, signed with Ed25519.

Sources: https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks, …/messages/error-codes (as of June
2026; 40310 also at https://developers.telnyx.com/api/errors/40310). The signature is over the header telnyx-timestamp,
a bar and the raw body.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field

from activities.providers.provider import FRESH, SETTING, PlainProvider, ProviderCall
from activities.providers.reading import derived_id, plain_code, read_phone, read_reference, read_time
from activities.providers.words import word_in
from activities.storefronts.payload import Payload, read_payload
from activities.storefronts.storefront import PayloadMalformed
from schemas.channels import Channel
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

_STATUSES = {
    "queued": MessageEventKind.ACCEPTED,
    "sending": MessageEventKind.ACCEPTED,
    "sent": MessageEventKind.ACCEPTED,
    "delivery_unconfirmed": MessageEventKind.ACCEPTED,
    "delivered": MessageEventKind.DELIVERED,
    "sending_failed": MessageEventKind.FAILED,
    "delivery_failed": MessageEventKind.FAILED,
    "expired": MessageEventKind.SOFT_BOUNCED,
}
_CODES = {
    "40001": MessageEventKind.BOUNCED,
    "40012": MessageEventKind.BOUNCED,
    "40310": MessageEventKind.BOUNCED,
    "40300": MessageEventKind.SUPPRESSED,
    "40002": MessageEventKind.SENDER_AT_FAULT,
    "40003": MessageEventKind.SENDER_AT_FAULT,
    "40010": MessageEventKind.SENDER_AT_FAULT,
    "40329": MessageEventKind.SENDER_AT_FAULT,
    "40006": MessageEventKind.SOFT_BOUNCED,
}
"""Not routable (a landline), no number, as found on the way or at once; said STOP; taken for spam, blocked for it, not
registered for 10DLC, a toll-free number not verified; the recipient's carrier is down."""


class _Number(Payload):
    number: str | None = Field(default=None, alias="phone_number")
    status: str | None = None


class _Error(Payload):
    code: str | int | None = None


class _Message(Payload):
    id: str = Field(min_length=1)
    sender: _Number = Field(default=_Number(), alias="from")
    to: tuple[_Number, ...] = ()
    text: str | None = None
    tags: tuple[str, ...] | None = None
    errors: tuple[_Error, ...] | None = None
    type: str | None = None


class _Data(Payload):
    id: str | None = None
    type: str = Field(alias="event_type")
    at: str | None = Field(default=None, alias="occurred_at")
    message: _Message = Field(alias="payload")


class _Call(Payload):
    data: _Data


class _Other(Payload):
    type: str = Field(alias="event_type")


class _AnyCall(Payload):
    data: _Other


class Telnyx(PlainProvider):
    """It fulfils `Provider`. Its secrets are public keys.

    Raises:
        ValueError: one is no public key of Ed25519.
    """

    name: ClassVar[str] = "telnyx"
    scheme: ClassVar[str] = "Ed25519"

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__(secrets)
        try:
            self._keys = tuple(
                Ed25519PublicKey.from_public_bytes(base64.b64decode(secret, validate=True)) for secret in secrets
            )
        except ValueError:
            raise ValueError(f"{SETTING}: of telnyx write the public key of the account, in base64") from None

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """See `Provider.verify`."""
        self.needs_secret("KEY, the public key of the account")
        timestamp = call.header("telnyx-timestamp")
        signed = timestamp.encode("utf-8", "surrogatepass") + b"|" + call.body
        try:
            signature = base64.b64decode(call.header("telnyx-signature-ed25519"), validate=True)
        except (binascii.Error, ValueError):
            signature = b""
        if not any(_fits(key, signature, signed) for key in self._keys):
            raise self.refuse("telnyx-signature-ed25519")
        return self.delivery(derived_id(timestamp, call.body), self.check_age(timestamp, now, FRESH))

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        if not read_payload(call.body, _AnyCall).data.type.startswith("message."):
            return ()
        data = read_payload(call.body, _Call).data
        if data.type == "message.received":
            return _text(data)
        return tuple(_event(data, recipient) for recipient in data.message.to if recipient.status in _STATUSES)


def _fits(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _text(data: _Data) -> tuple[MessageEvent, ...]:
    sender = read_phone(data.message.sender.number)
    if sender is None:
        return ()
    text = data.message.text or ""
    at = read_time(data.at)
    return (
        MessageEvent(kind=word_in(text), id=data.message.id, channel=Channel.SMS, address=sender, at=at, text=text),
    )


def _event(data: _Data, recipient: _Number) -> MessageEvent:
    if recipient.status is None:
        raise PayloadMalformed("$.data.payload.to[0].status", "the status is missing")
    codes = [plain_code(error.code) for error in data.message.errors or ()]
    code = codes[0] if codes else None
    kind = _STATUSES[recipient.status]
    if kind is MessageEventKind.FAILED:
        kind = _CODES.get(code or "", kind)
    tags = [
        tag.removeprefix("shelftalk_message:").removeprefix("shelftalk_message=") for tag in data.message.tags or ()
    ]
    return MessageEvent(
        kind=kind,
        id=f"{data.message.id}/{recipient.status}",
        channel=Channel.SMS,
        reference=read_reference(*tags),
        address=read_phone(recipient.number),
        at=read_time(data.at),
        code=code,
    )
