"""Resend's webhooks: one event in each call, signed as Standard Webhooks, with the header names of Svix.

Source: https://resend.com/docs/dashboard/webhooks/event-types. Of who opened a message it tells nothing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import Field
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from activities.providers.provider import FRESH, SETTING, PlainProvider, ProviderCall, same
from activities.providers.reading import (
    clicked_by_machine,
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
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

_KINDS = {
    "email.sent": MessageEventKind.ACCEPTED,
    "email.delivered": MessageEventKind.DELIVERED,
    "email.delivery_delayed": MessageEventKind.DEFERRED,
    "email.bounced": MessageEventKind.BOUNCED,
    "email.suppressed": MessageEventKind.SUPPRESSED,
    "email.complained": MessageEventKind.COMPLAINED,
    "email.opened": MessageEventKind.OPENED,
    "email.clicked": MessageEventKind.CLICKED,
    "email.failed": MessageEventKind.FAILED,
}


class _Bounce(Payload):
    message: str | None = None
    type: str | None = None
    subtype: str | None = Field(default=None, alias="subType")


class _Action(Payload):
    agent: str | None = Field(default=None, alias="userAgent")
    link: str | None = None
    timestamp: str | None = None


class _Header(Payload):
    name: str
    value: str


class _Data(Payload):
    email_id: str | None = None
    message_id: str | None = None
    to: tuple[str, ...] = ()
    tags: dict[str, object] | tuple[_Header, ...] = ()
    headers: tuple[_Header, ...] = ()
    bounce: _Bounce = _Bounce()
    click: _Action = _Action()
    open: _Action = _Action()


class _Event(Payload):
    type: str
    created_at: str | None = None
    data: _Data = _Data()


class Resend(PlainProvider):
    """It fulfils `Provider`. Its secrets are signing secrets, `whsec_…`.

    Raises:
        ValueError: one is no such secret.
    """

    name: ClassVar[str] = "resend"
    scheme: ClassVar[str] = "Standard Webhooks: HMAC-SHA256 of id, time and body"

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__(secrets)
        try:
            self._signers = tuple(Webhook(secret) for secret in secrets)
        except (ValueError, EmptyWebhookSecretError):
            raise ValueError(f"{SETTING}: of resend write the signing secret of its webhook, whsec_…") from None

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """See `Provider.verify`."""
        self.needs_secret("whsec_…, the signing secret of its webhook")
        id_, timestamp, told = (_header(call, name) for name in ("id", "timestamp", "signature"))
        at = self.check_age(timestamp, now, FRESH)
        try:
            body = call.body.decode("utf-8")
        except UnicodeDecodeError:
            raise self.refuse("The signature") from None
        signatures = [signer.sign(id_, at.astimezone(UTC), body) for signer in self._signers]
        if not id_ or not any(same(signature, each) for signature in signatures for each in told.split(" ")):
            raise self.refuse("The signature")
        return self.delivery(id_[:200], at)

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        event = read_payload(call.body, _Event)
        if event.type not in _KINDS:
            return ()
        data = event.data
        return tuple(
            MessageEvent(
                kind=_kind(event),
                id=delivery.key if number == 0 else f"{delivery.key}/{number}",
                reference=_reference(data),
                address=read_address(recipient),
                at=read_time(data.click.timestamp or data.open.timestamp or event.created_at),
                code=read_code(data.bounce.message),
                link=link_digest(data.click.link),
            )
            for number, recipient in enumerate(data.to)
        )


def _header(call: ProviderCall, name: str) -> str:
    return call.header(f"svix-{name}") or call.header(f"webhook-{name}")


def _reference(data: _Data) -> str | None:
    tags = data.tags if isinstance(data.tags, dict) else {tag.name: tag.value for tag in data.tags}
    headers = {header.name.lower(): header.value for header in data.headers}
    return read_reference(tags.get("shelftalk_message")) or reference_of(headers.get("message-id") or data.message_id)


def _kind(event: _Event) -> MessageEventKind:
    kind, bounce = _KINDS[event.type], event.data.bounce
    match kind:
        case MessageEventKind.BOUNCED if "suppress" in f"{bounce.subtype} {bounce.message}".lower():
            return MessageEventKind.SUPPRESSED
        case MessageEventKind.BOUNCED if is_senders_fault(bounce.message):
            return MessageEventKind.SENDER_AT_FAULT
        case MessageEventKind.BOUNCED if (bounce.type or "permanent").lower() != "permanent":
            return MessageEventKind.SOFT_BOUNCED
        case MessageEventKind.OPENED if opened_by_machine(event.data.open.agent):
            return MessageEventKind.MACHINE_OPENED
        case MessageEventKind.CLICKED if clicked_by_machine(event.data.click.agent):
            return MessageEventKind.MACHINE_CLICKED
        case _:
            return kind
