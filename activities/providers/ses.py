"""Amazon SES, which tells of its messages through an SNS topic.

Source: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html (`eventType`) and
…/notification-contents.html (`notificationType`). SHA-1 is SNS's signature version 1, which topics have by default.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import Field

from activities.providers.provider import FRESH, SETTING, PlainProvider, ProviderCall
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
from activities.providers.sns import Envelope, is_amazons, is_certificate, is_signed
from activities.storefronts.payload import Payload, read_payload
from activities.storefronts.storefront import PayloadMalformed, SignatureWrong
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

_TOPIC = re.compile(r"arn:aws(-[a-z-]+)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
_RETRIED = timedelta(days=2)
"""A topic's own policy may have SNS try longer than a day."""
_LIST = ("Suppressed", "OnAccountSuppressionList")


class _Recipient(Payload):
    address: str = Field(alias="emailAddress")
    diagnostic: str | None = Field(default=None, alias="diagnosticCode")
    status: str | None = None


class _Bounce(Payload):
    type: str = Field(default="", alias="bounceType")
    subtype: str = Field(default="", alias="bounceSubType")
    recipients: tuple[_Recipient, ...] = Field(default=(), alias="bouncedRecipients")
    timestamp: str | None = None


class _Complaint(Payload):
    recipients: tuple[_Recipient, ...] = Field(default=(), alias="complainedRecipients")
    feedback: str | None = Field(default=None, alias="complaintFeedbackType")
    subtype: str | None = Field(default=None, alias="complaintSubType")
    timestamp: str | None = None


class _Delivery(Payload):
    recipients: tuple[str, ...] = ()
    timestamp: str | None = None
    answer: str | None = Field(default=None, alias="smtpResponse")


class _Delay(Payload):
    recipients: tuple[_Recipient, ...] = Field(default=(), alias="delayedRecipients")
    timestamp: str | None = None


class _Action(Payload):
    agent: str | None = Field(default=None, alias="userAgent")
    link: str | None = None
    timestamp: str | None = None


class _Preferences(Payload):
    all: bool = Field(default=False, alias="unsubscribeAll")


class _Subscription(Payload):
    timestamp: str | None = None
    now: _Preferences = Field(default=_Preferences(), alias="newTopicPreferences")


class _Header(Payload):
    name: str
    value: str = ""


class _Mail(Payload):
    destination: tuple[str, ...] = ()
    timestamp: str | None = None
    headers: tuple[_Header, ...] = ()
    tags: dict[str, tuple[str, ...]] = Field(default_factory=dict[str, tuple[str, ...]])


class _Event(Payload):
    event: str | None = Field(default=None, alias="eventType")
    notification: str | None = Field(default=None, alias="notificationType")
    mail: _Mail
    bounce: _Bounce = _Bounce()
    complaint: _Complaint = _Complaint()
    delivery: _Delivery = _Delivery()
    delay: _Delay = Field(default=_Delay(), alias="deliveryDelay")
    open: _Action = _Action()
    click: _Action = _Action()
    subscription: _Subscription = _Subscription()


class Ses(PlainProvider):
    """It fulfils `Provider`. Its secrets are the ARNs of the topics that are believed; they are no secrets.

    Raises:
        ValueError: one is no ARN of a topic.
    """

    name: ClassVar[str] = "ses"
    scheme: ClassVar[str] = "SNS: RSA over certain fields, and the topic"

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__(secrets)
        if not all(_TOPIC.fullmatch(topic) for topic in secrets):
            raise ValueError(f"{SETTING}: of ses write the ARN of its topic, arn:aws:sns:REGION:ACCOUNT:NAME")

    def to_fetch(self, call: ProviderCall) -> str | None:
        """See `Provider.to_fetch`. Nothing is asked for a topic that is not ours."""
        envelope = self._of_our_topic(call)
        if not is_certificate(envelope.certificate_url):
            raise SignatureWrong("SigningCertURL is no certificate of Amazon SNS, so it is not opened.")
        return envelope.certificate_url

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """See `Provider.verify`."""
        envelope = self._of_our_topic(call)
        if call.fetched is None or not is_signed(envelope, call.fetched):
            raise self.refuse("The signature of the SNS message")
        at = read_time(envelope.timestamp)
        if at is None or not -FRESH <= now - at <= _RETRIED:
            raise SignatureWrong(
                "The SNS message was published at another time than now: somebody sends an old one again."
            )
        if envelope.type == "SubscriptionConfirmation" and not is_amazons(envelope.subscribe_url or ""):
            raise SignatureWrong("SubscribeURL is no address of Amazon SNS, so it is not opened.")
        return self.delivery(envelope.message_id, at)

    def to_open(self, call: ProviderCall) -> str | None:
        """See `Provider.to_open`: the confirmation of a subscription to a topic of ours."""
        envelope = read_payload(call.body, Envelope)
        return envelope.subscribe_url if envelope.type == "SubscriptionConfirmation" else None

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        envelope = read_payload(call.body, Envelope)
        if not envelope.is_notification:
            return ()
        event = read_payload(envelope.message.encode("utf-8", "surrogatepass"), _Event)
        return tuple(
            each.model_copy(update={"id": f"{delivery.key}/{number}"}) for number, each in enumerate(_events(event))
        )

    def _of_our_topic(self, call: ProviderCall) -> Envelope:
        self.needs_secret("ARN, that of its SNS topic")
        try:
            envelope = read_payload(call.body, Envelope)
        except PayloadMalformed:
            raise self.refuse("The SNS message") from None
        if envelope.topic not in self.secrets:
            raise SignatureWrong(f"TopicArn names a topic that is not in {SETTING}: anybody may have one.")
        return envelope


def _events(event: _Event) -> Iterator[MessageEvent]:
    """One for each recipient."""
    mail = event.mail
    match event.event or event.notification:
        case "Send":
            yield from _to_all(MessageEventKind.ACCEPTED, mail, mail.timestamp)
        case "Reject":
            yield from _to_all(MessageEventKind.FAILED, mail, mail.timestamp)
        case "Rendering Failure":
            yield from _to_all(MessageEventKind.RENDERING_FAILED, mail, mail.timestamp)
        case "Delivery":
            yield from (
                _told(MessageEventKind.DELIVERED, mail, address, event.delivery.timestamp, event.delivery.answer)
                for address in event.delivery.recipients
            )
        case "DeliveryDelay":
            for each in event.delay.recipients:
                yield _told(MessageEventKind.DEFERRED, mail, each.address, event.delay.timestamp, each.diagnostic)
        case "Bounce":
            for each in event.bounce.recipients:
                kind = _bounce(event.bounce, each)
                yield _told(kind, mail, each.address, event.bounce.timestamp, each.status, each.diagnostic)
        case "Complaint" if event.complaint.feedback != "not-spam":
            on_list = event.complaint.subtype in _LIST
            for each in event.complaint.recipients:
                kind = MessageEventKind.SUPPRESSED if on_list else MessageEventKind.COMPLAINED
                yield _told(kind, mail, each.address, event.complaint.timestamp)
        case "Open":
            kind = MessageEventKind.MACHINE_OPENED if opened_by_machine(event.open.agent) else MessageEventKind.OPENED
            yield from _to_all(kind, mail, event.open.timestamp)
        case "Click":
            by_machine = clicked_by_machine(event.click.agent)
            kind = MessageEventKind.MACHINE_CLICKED if by_machine else MessageEventKind.CLICKED
            link = link_digest(event.click.link)
            for each in _to_all(kind, mail, event.click.timestamp):
                yield each.model_copy(update={"link": link})
        case "Subscription" if event.subscription.now.all:
            yield from _to_all(MessageEventKind.UNSUBSCRIBED, mail, event.subscription.timestamp)
        case _:
            pass


def _bounce(bounce: _Bounce, recipient: _Recipient) -> MessageEventKind:
    if is_senders_fault(recipient.diagnostic, recipient.status):
        return MessageEventKind.SENDER_AT_FAULT
    if bounce.subtype in _LIST:
        return MessageEventKind.SUPPRESSED
    return MessageEventKind.BOUNCED if bounce.type == "Permanent" else MessageEventKind.SOFT_BOUNCED


def _to_all(kind: MessageEventKind, mail: _Mail, at: str | None) -> Iterator[MessageEvent]:
    return (_told(kind, mail, address, at) for address in mail.destination)


def _told(kind: MessageEventKind, mail: _Mail, address: str, at: str | None, *answers: str | None) -> MessageEvent:
    message_id = next((header.value for header in mail.headers if header.name.lower() == "message-id"), None)
    return MessageEvent(
        kind=kind,
        id="",
        reference=read_reference(*mail.tags.get("shelftalk_message", ())) or reference_of(message_id),
        address=read_address(address),
        at=read_time(at),
        code=read_code(*answers),
    )
