"""MessageBird's (Bird's) calls for text messages: status reports by GET, inbound texts by POST, signed by a JWT.

Sources: https://developers.messagebird.com/api/#verifying-http-requests, …/api/sms-messaging/#sms-status-reports. The
token in MessageBird-Signature-JWT is good for a minute, for one address and one body.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import parse_qsl

from activities.providers.json_web_token import SHORTEST_KEY, claims_of
from activities.providers.provider import SETTING, PlainProvider, ProviderCall, same
from activities.providers.reading import derived_id, plain_code, read_phone, read_reference, read_time
from activities.providers.words import word_in
from activities.storefronts.payload import parse_json
from activities.storefronts.storefront import PayloadMalformed
from schemas.channels import Channel
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

CLOCKS_DIFFER = timedelta(seconds=5)
_STATUSES = {
    "scheduled": MessageEventKind.ACCEPTED,
    "sent": MessageEventKind.ACCEPTED,
    "buffered": MessageEventKind.DEFERRED,
    "delivered": MessageEventKind.DELIVERED,
    "expired": MessageEventKind.SOFT_BOUNCED,
    "delivery_failed": MessageEventKind.FAILED,
}
_REASONS = {
    "unknown subscriber": MessageEventKind.BOUNCED,
    "unavailable subscriber": MessageEventKind.SOFT_BOUNCED,
    "opted out": MessageEventKind.SUPPRESSED,
}
"""The first two by the list of status reasons in https://docs.bird.com/api/channels-api/message-status-and-interactions.
For the third no source was found: Bird writes to nobody who said STOP, and in these words would be taken at them."""


class MessageBird(PlainProvider):
    """It fulfils `Provider`. Its secrets are signing keys.

    Raises:
        ValueError: one is too short to sign with.
    """

    name: ClassVar[str] = "messagebird"
    scheme: ClassVar[str] = "a JWT over address and body"

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__(secrets)
        if any(len(secret.encode()) < SHORTEST_KEY for secret in secrets):
            raise ValueError(f"{SETTING}: of messagebird write the signing key, which is longer than this")

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """See `Provider.verify`."""
        self.needs_secret("KEY, the signing key of the account")
        claims = claims_of(call.header("messagebird-signature-jwt"), self.secrets) or {}
        body = hashlib.sha256(call.body).hexdigest() if call.body else None
        url = hashlib.sha256(call.url.encode("utf-8", "surrogatepass")).hexdigest()
        genuine = (
            claims.get("iss") == "MessageBird"
            and same(str(claims.get("url_hash")), url)
            and same(str(claims.get("payload_hash")), str(body))
            and bool(claims.get("jti"))
        )
        if not genuine:
            raise self.refuse("MessageBird-Signature-JWT (made of the address as MessageBird knows it, and the body)")
        begins = self.check_age(str(claims.get("nbf")), now, timedelta.max)
        ends = self.check_age(str(claims.get("exp")), now, timedelta.max)
        if not begins - CLOCKS_DIFFER <= now <= ends + CLOCKS_DIFFER:
            raise self.refuse("The time in MessageBird-Signature-JWT")
        return self.delivery(str(claims["jti"])[:200], begins)

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        given = _parameters(call)
        id_ = given.get("id") or given.get("message_id") or ""
        if not id_:
            raise PayloadMalformed("$.id", "the message has no id")
        status = given.get("status", "").lower()
        if status in _STATUSES:
            return (_event(id_, status, given),)
        sender, text = read_phone(given.get("originator")), given.get("body", given.get("payload"))
        if status or sender is None or text is None:
            return ()
        at = read_time(given.get("createdDatetime"))
        return (MessageEvent(kind=word_in(text), id=id_, channel=Channel.SMS, address=sender, at=at, text=text),)


def _event(id_: str, status: str, given: Mapping[str, str]) -> MessageEvent:
    kind = _STATUSES[status]
    if kind is MessageEventKind.FAILED:
        kind = _REASONS.get(given.get("statusReason", "").lower(), kind)
    return MessageEvent(
        kind=kind,
        id=derived_id(id_, given.get("recipient"), status),
        channel=Channel.SMS,
        reference=read_reference(given.get("reference")),
        address=read_phone(given.get("recipient")),
        at=read_time(given.get("statusDatetime")),
        code=plain_code(given.get("statusErrorCode")),
    )


def _parameters(call: ProviderCall) -> Mapping[str, str]:
    if not call.body:
        return call.query
    if call.body.lstrip()[:1] == b"{":
        values: dict[str, object] = parse_json(call.body)
        return {name: str(value) for name, value in values.items() if isinstance(value, str | int)}
    try:
        return dict(parse_qsl(call.body.decode("utf-8"), keep_blank_values=True))
    except ValueError:
        raise PayloadMalformed("$", "the body is no form in UTF-8") from None
