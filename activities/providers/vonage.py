"""Vonage's webhooks for text messages: delivery receipts and inbound texts, of the SMS API and the Messages API.

Sources: https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts,
…/en/getting-started/concepts/signing-messages, …/en/getting-started/concepts/webhooks#decoding-signed-webhooks. The SMS
API puts `sig` among the parameters, an HMAC by the method that the account has chosen (which its length tells); the
Messages API sends a JWT. Both are tried again for 24 hours. The old method "MD5 hash" is no HMAC and is not taken.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from activities.providers.json_web_token import claims_of
from activities.providers.provider import RETRIED, PlainProvider, ProviderCall, same
from activities.providers.reading import plain_code, read_phone, read_reference, read_time
from activities.providers.words import word_in
from activities.storefronts.payload import parse_json
from activities.storefronts.storefront import PayloadMalformed
from schemas.channels import Channel
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

MOST_PARAMETERS = 200
_METHODS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
"""By the number of hexadecimal digits."""
_STATUSES = {
    "accepted": MessageEventKind.ACCEPTED,
    "buffered": MessageEventKind.ACCEPTED,
    "submitted": MessageEventKind.ACCEPTED,
    "delivered": MessageEventKind.DELIVERED,
    "read": MessageEventKind.DELIVERED,
    "failed": MessageEventKind.FAILED,
    "rejected": MessageEventKind.FAILED,
    "undeliverable": MessageEventKind.FAILED,
    "expired": MessageEventKind.SOFT_BOUNCED,
}
_CODES = {
    "2": MessageEventKind.SOFT_BOUNCED,
    "3": MessageEventKind.BOUNCED,
    "6": MessageEventKind.SENDER_AT_FAULT,
    "7": MessageEventKind.SOFT_BOUNCED,
    "8": MessageEventKind.SOFT_BOUNCED,
    "9": MessageEventKind.SUPPRESSED,
    "39": MessageEventKind.SENDER_AT_FAULT,
}
"""Absent for now, for good; filtered; busy; network; asked not to be written to; sender not allowed there."""


class Vonage(PlainProvider):
    """It fulfils `Provider`. Its secrets are signature secrets."""

    name: ClassVar[str] = "vonage"
    scheme: ClassVar[str] = "HMAC of the sorted parameters, or a JWT"

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """See `Provider.verify`."""
        self.needs_secret("SECRET, the signature secret of the account")
        key = hashlib.sha256(call.url.encode("utf-8", "surrogatepass") + b"\0" + call.body).hexdigest()
        scheme, _, token = call.header("authorization").partition(" ")
        if scheme.lower() == "bearer":
            claims = claims_of(token, self.secrets)
            if claims is None or not same(str(claims.get("payload_hash")), hashlib.sha256(call.body).hexdigest()):
                raise self.refuse("The token in the header Authorization")
            return self.delivery(key, self.check_age(str(claims.get("iat")), now, RETRIED))
        try:
            given = parameters(call)
        except PayloadMalformed:
            raise self.refuse("The parameter sig") from None
        told = given.get("sig", "").lower()
        if not any(same(sign(given, secret, _METHODS.get(len(told), "sha256")), told) for secret in self.secrets):
            raise self.refuse("The parameter sig")
        return self.delivery(key, self.check_age(given.get("timestamp", ""), now, RETRIED))

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        given = parameters(call)
        id_ = given.get("messageId") or given.get("message_uuid") or ""
        if not id_:
            raise PayloadMalformed("$.messageId", "the message has no id")
        if given.get("channel", "sms") != "sms":
            return ()
        at = read_time(given.get("message-timestamp") or given.get("timestamp"))
        if "status" not in given:
            sender = read_phone(given.get("msisdn") or given.get("from"))
            text = given.get("text", "")
            if sender is None:
                return ()
            return (MessageEvent(kind=word_in(text), id=id_, channel=Channel.SMS, address=sender, at=at, text=text),)
        status = given["status"].lower()
        if status not in _STATUSES:
            return ()
        code = plain_code(given.get("err-code") or given.get("error"))
        kind = _STATUSES[status]
        if kind is MessageEventKind.FAILED:
            kind = _CODES.get(code or "", kind)
        return (
            MessageEvent(
                kind=kind,
                id=f"{id_}/{status}",
                channel=Channel.SMS,
                reference=read_reference(given.get("client-ref"), given.get("client_ref")),
                address=read_phone(given.get("msisdn") or given.get("to")),
                at=at,
                code=None if code == "0" else code,
            ),
        )


def parameters(call: ProviderCall) -> Mapping[str, str]:
    """The parameters, however the account has them sent: as JSON, as a form, or in the address.

    Raises:
        PayloadMalformed: they are none of these, or one is said twice.
    """
    if not call.body:
        return call.query
    if call.body.lstrip()[:1] != b"{":
        try:
            pairs = parse_qsl(call.body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
        except ValueError:
            raise PayloadMalformed("$", "the body is no form in UTF-8, or has too many fields") from None
        if len(dict(pairs)) < len(pairs):
            raise PayloadMalformed("$", "a parameter is given twice")
        return dict(pairs)
    values: dict[str, Any] = parse_json(call.body)
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> str:
    """A value as text. What is made of parts says its code at most: `error` of the Messages API."""
    if isinstance(value, dict):
        parts: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType] JSON has text for keys
        return str(parts.get("title", ""))
    return "" if value is None else str(value)


def sign(given: Mapping[str, str], secret: str, method: str) -> str:
    """What `sig` has to be: the HMAC of all other parameters, sorted, with & and = in values as _."""
    cleaned = ((name, value.replace("&", "_").replace("=", "_")) for name, value in sorted(given.items()))
    signed = "".join(f"&{name}={value}" for name, value in cleaned if name != "sig")
    return hmac.digest(secret.encode(), signed.encode("utf-8", "surrogatepass"), method).hex()
