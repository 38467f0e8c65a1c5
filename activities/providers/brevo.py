"""Brevo's webhooks for transactional mail: one event in each call, or a batch of them; nothing is signed.

Source: https://developers.brevo.com/docs/transactional-webhooks. Brevo itself tells opens by Apple's proxy apart.
"""

import json
from typing import Any, ClassVar

from pydantic import Field

from activities.providers.provider import ProviderCall
from activities.providers.reading import (
    METADATA,
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
from activities.providers.shared_secret import SharedSecretProvider
from activities.storefronts.payload import Payload
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

_KINDS = {
    "request": MessageEventKind.ACCEPTED,
    "sent": MessageEventKind.ACCEPTED,
    "delivered": MessageEventKind.DELIVERED,
    "deferred": MessageEventKind.DEFERRED,
    "soft_bounce": MessageEventKind.SOFT_BOUNCED,
    "hard_bounce": MessageEventKind.BOUNCED,
    "invalid_email": MessageEventKind.BOUNCED,
    "invalid": MessageEventKind.BOUNCED,
    "blocked": MessageEventKind.SUPPRESSED,
    "error": MessageEventKind.FAILED,
    "spam": MessageEventKind.COMPLAINED,
    "complaint": MessageEventKind.COMPLAINED,
    "opened": MessageEventKind.OPENED,
    "unique_opened": MessageEventKind.OPENED,
    "proxy_open": MessageEventKind.MACHINE_OPENED,
    "unique_proxy_open": MessageEventKind.MACHINE_OPENED,
    "click": MessageEventKind.CLICKED,
    "unsubscribe": MessageEventKind.UNSUBSCRIBED,
    "unsubscribed": MessageEventKind.UNSUBSCRIBED,
}


class _Event(Payload):
    event: str
    email: str | None = None
    message_id: str | None = Field(default=None, alias="message-id")
    ts_event: int | None = None
    ts_epoch: int | None = None
    ts: int | None = None
    reason: str | None = None
    link: str | None = None
    user_agent: str | None = None
    custom: str | None = Field(default=None, alias="X-Mailin-custom")


class Brevo(SharedSecretProvider):
    """It fulfils `Provider`."""

    name: ClassVar[str] = "brevo"

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        return tuple(_event(each) for each in read_many(call.body, _Event) if each.event in _KINDS)


def _event(event: _Event) -> MessageEvent:
    at = event.ts_event or event.ts_epoch or event.ts
    return MessageEvent(
        kind=_kind(event),
        id=derived_id(event.event, event.message_id, event.email, at, event.link),
        reference=read_reference(*_custom(event.custom)) or reference_of(event.message_id),
        address=read_address(event.email),
        at=read_time(at),
        code=read_code(event.reason),
        link=link_digest(event.link),
    )


def _custom(text: str | None) -> tuple[object, ...]:
    """What may be our reference: the whole text of the header, or a field of it where it is a JSON object."""
    try:
        value: Any = json.loads(text or "")
    except (ValueError, RecursionError):
        return (text,)
    return (value.get(METADATA),) if isinstance(value, dict) else (text,)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] JSON of anybody's


def _kind(event: _Event) -> MessageEventKind:
    kind = _KINDS[event.event]
    match kind:
        case MessageEventKind.BOUNCED | MessageEventKind.SOFT_BOUNCED if is_senders_fault(event.reason):
            return MessageEventKind.SENDER_AT_FAULT
        case MessageEventKind.OPENED if opened_by_machine(event.user_agent):
            return MessageEventKind.MACHINE_OPENED
        case MessageEventKind.CLICKED if clicked_by_machine(event.user_agent):
            return MessageEventKind.MACHINE_CLICKED
        case _:
            return kind
