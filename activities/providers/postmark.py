"""Postmark's webhooks: one event in each call, known by a user and a password in its address.

Source: https://postmarkapp.com/developer/webhooks/webhooks-overview. Nothing is signed.
"""

from typing import ClassVar

from pydantic import Field

from activities.providers.provider import ProviderCall
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
)
from activities.providers.shared_secret import SharedSecretProvider
from activities.storefronts.payload import Payload, read_payload
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

_FOR_GOOD = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})
_ON_THEIR_LIST = frozenset({"Unsubscribe", "Subscribe"})
_NOT_SENT = frozenset({"SMTPApiError", "InboundError", "TemplateRenderingFailed"})
_NOT_ABOUT_IT = frozenset(
    {"AutoResponder", "AddressChange", "ChallengeVerification", "OpenRelayTest", "VirusNotification"}
)
"""Answers to a message that arrived: they say nothing of whether it did."""


class _Event(Payload):
    record: str = Field(alias="RecordType")
    id: int | None = Field(default=None, alias="ID")
    type: str | None = Field(default=None, alias="Type")
    message: str | None = Field(default=None, alias="MessageID")
    email: str | None = Field(default=None, alias="Email")
    recipient: str | None = Field(default=None, alias="Recipient")
    metadata: dict[str, object] = Field(default_factory=dict[str, object], alias="Metadata")
    details: str | None = Field(default=None, alias="Details")
    bounced: str | None = Field(default=None, alias="BouncedAt")
    delivered: str | None = Field(default=None, alias="DeliveredAt")
    received: str | None = Field(default=None, alias="ReceivedAt")
    changed: str | None = Field(default=None, alias="ChangedAt")
    agent: str | None = Field(default=None, alias="UserAgent")
    link: str | None = Field(default=None, alias="OriginalLink")
    suppress: bool | None = Field(default=None, alias="SuppressSending")
    reason: str | None = Field(default=None, alias="SuppressionReason")


class Postmark(SharedSecretProvider):
    """It fulfils `Provider`."""

    name: ClassVar[str] = "postmark"

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        event = read_payload(call.body, _Event)
        kind = _kind(event)
        if kind is None:
            return ()
        address = read_address(event.email or event.recipient)
        at = event.bounced or event.delivered or event.received or event.changed
        own = (
            (event.record, event.id) if event.id is not None else (event.record, event.message, address, at, event.link)
        )
        return (
            MessageEvent(
                kind=kind,
                id=derived_id(*own),
                reference=read_reference(event.metadata.get("shelftalk_message")),
                address=address,
                at=read_time(at),
                code=read_code(event.details),
                link=link_digest(event.link),
            ),
        )


def _kind(event: _Event) -> MessageEventKind | None:
    match event.record:
        case "Delivery":
            return MessageEventKind.DELIVERED
        case "Bounce":
            return _bounce(event)
        case "SpamComplaint":
            return MessageEventKind.COMPLAINED
        case "Open":
            by_machine = opened_by_machine(event.agent)
            return MessageEventKind.MACHINE_OPENED if by_machine else MessageEventKind.OPENED
        case "Click":
            by_machine = clicked_by_machine(event.agent)
            return MessageEventKind.MACHINE_CLICKED if by_machine else MessageEventKind.CLICKED
        case "SubscriptionChange" if event.suppress and event.reason == "ManualSuppression":
            return MessageEventKind.UNSUBSCRIBED
        case _:
            # Of a bounce or a complaint it tells in a message of its own.
            return None


def _bounce(event: _Event) -> MessageEventKind | None:
    if is_senders_fault(event.details) or event.type == "DMARCPolicy":
        return MessageEventKind.SENDER_AT_FAULT
    if event.type in _FOR_GOOD:
        return MessageEventKind.BOUNCED
    if event.type in ("SpamComplaint", "SpamNotification"):
        return MessageEventKind.COMPLAINED if event.type == "SpamComplaint" else MessageEventKind.SOFT_BOUNCED
    if event.type in _ON_THEIR_LIST:
        return MessageEventKind.UNSUBSCRIBED if event.type == "Unsubscribe" else None
    if event.type in _NOT_SENT:
        return MessageEventKind.RENDERING_FAILED if event.type == "TemplateRenderingFailed" else MessageEventKind.FAILED
    return None if event.type in _NOT_ABOUT_IT else MessageEventKind.SOFT_BOUNCED
