"""Twilio's callbacks: what becomes of a text message, and what people write back.

Sources: https://www.twilio.com/docs/usage/security (the signature),
…/docs/messaging/guides/track-outbound-message-status, …/docs/messaging/tutorials/advanced-opt-out. New parameters
appear at any time and are signed like the others. Statuses come in any order. Nothing says when a call was made.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from activities.providers.provider import PlainProvider, ProviderCall, same
from activities.providers.reading import METADATA, plain_code, read_phone, read_reference
from activities.providers.words import word_in
from activities.storefronts.storefront import PayloadMalformed, WebhookAnswer
from schemas.channels import Channel
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

MOST_PARAMETERS = 200
_PORTS = {"https": 443, "http": 80}
_BODY_HASH = "bodySHA256"
_STATUSES = {
    "accepted": MessageEventKind.ACCEPTED,
    "scheduled": MessageEventKind.ACCEPTED,
    "queued": MessageEventKind.ACCEPTED,
    "sending": MessageEventKind.ACCEPTED,
    "sent": MessageEventKind.ACCEPTED,
    "delivered": MessageEventKind.DELIVERED,
    "read": MessageEventKind.DELIVERED,
    "undelivered": MessageEventKind.FAILED,
    "failed": MessageEventKind.FAILED,
    "canceled": MessageEventKind.FAILED,
}
_CODES = {
    "21610": MessageEventKind.SUPPRESSED,
    "21211": MessageEventKind.BOUNCED,
    "21614": MessageEventKind.BOUNCED,
    "30005": MessageEventKind.BOUNCED,
    "30006": MessageEventKind.BOUNCED,
    "30003": MessageEventKind.SOFT_BOUNCED,
    "30007": MessageEventKind.SENDER_AT_FAULT,
    "30034": MessageEventKind.SENDER_AT_FAULT,
}
"""Opted out; no number, not a mobile one, not known, a landline; out of reach; filtered, not registered for 10DLC."""
_OPT_OUT = {
    "STOP": MessageEventKind.SAID_STOP,
    "START": MessageEventKind.SAID_START,
    "HELP": MessageEventKind.SAID_HELP,
}
NO_REPLY = WebhookAnswer(
    b'<?xml version="1.0" encoding="UTF-8"?><Response/>', headers={"Content-Type": "text/xml; charset=utf-8"}
)


class Twilio(PlainProvider):
    """It fulfils `Provider`. Its secrets are the account's auth tokens."""

    name: ClassVar[str] = "twilio"
    scheme: ClassVar[str] = "HMAC-SHA1 of the address and the sorted form"

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """See `Provider.verify`."""
        self.needs_secret("TOKEN, the auth token of the account")
        told = call.header("x-twilio-signature")
        if not any(same(signature, told) for token in self.secrets for signature in _signatures(call, token)):
            raise self.refuse("X-Twilio-Signature (made of the address as Twilio knows it, and the body)")
        return self.delivery(hashlib.sha256(call.url.encode("utf-8", "surrogatepass") + b"\0" + call.body).hexdigest())

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """See `Provider.read`."""
        form = dict(parameters(call))
        sid = form.get("MessageSid") or form.get("SmsSid") or ""
        if not sid:
            raise PayloadMalformed("$.MessageSid", "the message has no id")
        if "Body" in form and form.get("SmsStatus", "received") == "received":
            return _text(sid, form)
        status = (form.get("MessageStatus") or form.get("SmsStatus") or "").lower()
        if status not in _STATUSES:
            return ()
        code = plain_code(form.get("ErrorCode"))
        kind = _STATUSES[status]
        if kind is MessageEventKind.FAILED:
            kind = _CODES.get(code or "", kind)
        reference = read_reference(call.query.get(METADATA))
        to = read_phone(form.get("To"))
        return (
            MessageEvent(
                kind=kind, id=f"{sid}/{status}", channel=Channel.SMS, reference=reference, address=to, code=code
            ),
        )

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """TwiML that says nothing: whatever else it held would be sent as a text."""
        return NO_REPLY


def parameters(call: ProviderCall) -> Sequence[tuple[str, str]]:
    """The form in the body.

    Raises:
        PayloadMalformed: it is none.
    """
    try:
        text = call.body.decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise PayloadMalformed("$", "the body is no form in UTF-8, or has too many fields") from None


def sign(url: str, form: Sequence[tuple[str, str]], token: str) -> str:
    """X-Twilio-Signature: base64 of the HMAC-SHA1 of the address and all parameters, sorted, each value once."""
    signed = url + "".join(f"{name}{value}" for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode("utf-8", "surrogatepass"), "sha1")).decode()


def _signatures(call: ProviderCall, token: str) -> Iterator[str]:
    form: Sequence[tuple[str, str]] = ()
    if (told := call.query.get(_BODY_HASH)) is not None:
        if not same(hashlib.sha256(call.body).hexdigest(), told.lower()):
            return
    else:
        try:
            form = parameters(call)
        except PayloadMalformed:
            return
    for url in _spellings(call.url):
        yield sign(url, form, token)


def _spellings(url: str) -> Iterator[str]:
    """The address with and without its port: Twilio signs it in either way. By https, where a proxy took it so."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return
    host = parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc
    for scheme in dict.fromkeys((parts.scheme, "https")):
        usual = _PORTS.get(scheme)
        for netloc in (host, f"{host}:{port or usual}", f"{host}:{usual}"):
            yield urlunsplit(parts._replace(scheme=scheme, netloc=netloc))


def _text(sid: str, form: Mapping[str, str]) -> tuple[MessageEvent, ...]:
    """What somebody wrote. Where Twilio has handled the word itself, it says as what."""
    sender = read_phone(form.get("From"))
    if sender is None:
        return ()  # of another channel than SMS
    text = form["Body"]
    kind = _OPT_OUT.get(form.get("OptOutType", "").upper()) or word_in(text)
    return (MessageEvent(kind=kind, id=sid, channel=Channel.SMS, address=sender, text=text),)
