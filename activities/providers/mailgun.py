"""Mailgun's webhooks: one event in each call, with its signature in the body.

Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks. The signature is the
HMAC-SHA256 of a time and a token, under the webhook signing key, which is not the API key. It vouches for neither the
event nor anything else of the body: so each is good for one delivery. Calls of subaccounts have a
`parent-signature` too.
"""

import hmac
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from activities.providers.provider import RETRIED, PlainProvider, ProviderCall, same
from activities.providers.reading import (
    clicked_by_machine,
    derived_id,
    is_senders_fault,
    link_digest,
    opened_by_machine,
    read_address,
    read_code,
    read_reference,
    read_time,
    reference_of,
)
from activities.storefronts.payload import Payload, read_payload
from activities.storefronts.storefront import PayloadMalformed
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

_KINDS = {
    "accepted": MessageEventKind.ACCEPTED,
    "delivered": MessageEventKind.DELIVERED,
    "failed": MessageEventKind.FAILED,
    "rejected": MessageEventKind.FAILED,
    "opened": MessageEventKind.OPENED,
    "clicked": MessageEventKind.CLICKED,
    "unsubscribed": MessageEventKind.UNSUBSCRIBED,
    "complained": MessageEventKind.COMPLAINED,
}
_ON_THEIR_LIST = frozenset({"suppress-bounce", "suppress-complaint", "suppress-unsubscribe"})
_SAYS_NOTHING = frozenset({"espblock", "generic", "old"})
"""Reasons of a failure for good that are about the sender's standing or the receiver's server, or are not known."""
_NO_SUCH_ADDRESS = "5.1."


class _Signature(Payload):
    timestamp: str
    token: str
    signature: str


class _Headers(Payload):
    message_id: str | None = Field(default=None, alias="message-id")


class _Message(Payload):
    headers: _Headers = _Headers()


class _Status(Payload):
    code: int | None = None
    message: str | None = None
    description: str | None = None


class _Client(Payload):
    agent: str | None = Field(default=None, alias="user-agent")
    bot: str | None = None


class _Event(Payload):
    event: str
    id: str | None = None
    timestamp: Decimal | int | None = None
    severity: str | None = None
    reason: str | None = None
    recipient: str | None = None
    url: str | None = None
    message: _Message = _Message()
    status: _Status = Field(default=_Status(), alias="delivery-status")
    client: _Client = Field(default=_Client(), alias="client-info")
    variables: dict[str, object] = Field(default_factory=dict[str, object], alias="user-variables")


class _Signed(Payload):
    signature: _Signature
    parent: _Signature | None = Field(default=None, alias="parent-signature")


class _Body(Payload):
    event: _Event = Field(alias="event-data")


class Mailgun(PlainProvider):
    """It fulfils `Provider`. Its secrets are webhook signing keys."""

    name: ClassVar[str] = "mailgun"
    scheme: ClassVar[str] = "HMAC-SHA256 of a time and a token, in the body"

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """See `Provider.verify`."""
        self.needs_secret("KEY, the webhook signing key")
        try:
            signed = read_payload(call.body, _Signed)
        except PayloadMalformed:
            raise self.refuse("The signature in the body") from None
        for signature in filter(None, (signed.signature, signed.parent)):
            if any(same(signature.signature, sign(signature, secret)) for secret in self.secrets):
                at = self.check_age(signature.timestamp, now, RETRIED)
                # By what was signed, and nothing that was not: the same once more is the same delivery.
                return self.delivery(signature.signature, at)
        raise self.refuse("The signature in the body")

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        event = read_payload(call.body, _Body).event
        if event.event not in _KINDS:
            return ()
        message_id = event.message.headers.message_id
        return (
            MessageEvent(
                kind=_kind(event),
                id=event.id or derived_id(event.event, message_id, event.recipient, event.timestamp, event.url),
                reference=read_reference(event.variables.get("shelftalk_message")) or reference_of(message_id),
                address=read_address(event.recipient),
                at=read_time(event.timestamp),
                code=read_code(event.status.message, event.status.description, event.status.code),
                link=link_digest(event.url),
            ),
        )


def sign(signature: _Signature, secret: str) -> str:
    """What the signature of this time and token has to be, under this key."""
    signed = (signature.timestamp + signature.token).encode("utf-8", "surrogatepass")
    return hmac.digest(secret.encode(), signed, "sha256").hex()


def _kind(event: _Event) -> MessageEventKind:
    kind = _KINDS[event.event]
    match kind:
        case MessageEventKind.FAILED if event.event == "failed":
            return _failure(event)
        case MessageEventKind.OPENED if event.client.bot or opened_by_machine(event.client.agent):
            return MessageEventKind.MACHINE_OPENED
        case MessageEventKind.CLICKED if event.client.bot or clicked_by_machine(event.client.agent):
            return MessageEventKind.MACHINE_CLICKED
        case _:
            return kind


def _failure(event: _Event) -> MessageEventKind:
    if is_senders_fault(event.status.message, event.status.description):
        return MessageEventKind.SENDER_AT_FAULT
    if event.severity != "permanent":
        return MessageEventKind.DEFERRED
    if event.reason in _ON_THEIR_LIST:
        return MessageEventKind.SUPPRESSED
    unclear = event.reason in _SAYS_NOTHING and not (read_code(event.status.message) or "").startswith(_NO_SUCH_ADDRESS)
    return MessageEventKind.FAILED if unclear else MessageEventKind.BOUNCED
