"""Providers of e-mail that get the parts of a message: Postmark, SendGrid, Resend and Brevo."""

import json
import re
from collections.abc import Mapping

from activities.senders.email.brevo import Brevo
from activities.senders.email.mail_api import MailApi
from activities.senders.email.postmark import Postmark
from activities.senders.email.resend import Resend
from activities.senders.email.sendgrid import SendGrid
from activities.senders.sender import MESSAGE_REFERENCE
from tests.simulated.mail_api import (
    ADDRESS,
    DOMAIN,
    KEY,
    UUID,
    Heard,
    Refused,
    Reply,
    SimulatedMailApi,
    TakenMail,
    address_of,
)


class SimulatedPostmark(SimulatedMailApi):
    """https://postmarkapp.com/developer/api/email-api"""

    name = "postmark"
    path = "/email"
    question = "/server"

    def api(self, url: str, key: str = KEY) -> MailApi:
        return Postmark(key, "outbound", url)

    def authorize(self, heard: Heard) -> None:
        if heard.headers.get("x-postmark-server-token") != KEY:
            raise Refused(self._error(401, 10, "No Account or Server API tokens were supplied in the HTTP headers."))

    def read(self, heard: Heard) -> TakenMail:
        if heard.headers.get("content-type") != "application/json":
            raise Refused(self._error(422, 409, "The 'Content-Type' header should be application/json."))
        sent = heard.json()
        known = {"From", "To", "Subject", "TextBody", "HtmlBody", "Headers", "Metadata", "MessageStream"}
        assert set(sent) <= known
        if not ADDRESS.fullmatch(sent["To"]):
            raise Refused(self._error(422, 300, f"Invalid 'To' address: '{sent['To']}'."))
        if not address_of(sent["From"]).endswith(f"@{DOMAIN}"):
            raise Refused(self._error(422, 400, "The 'From' address you supplied is not a Sender Signature."))
        if any(len(name) > 20 or len(value) > 80 for name, value in sent["Metadata"].items()):
            raise Refused(self._error(422, 300, "Metadata names have at most 20 characters, values 80."))
        headers = {each["Name"]: each["Value"] for each in sent["Headers"]}
        # Without this header it writes a Message-ID of its own.
        if headers.pop("X-PM-KeepID", None) != "true":
            del headers["Message-ID"]
        return TakenMail(
            sent["To"], address_of(sent["From"]), sent["Subject"], sent["TextBody"], sent.get("HtmlBody"), headers,
            sent["Metadata"].get(MESSAGE_REFERENCE),
        )  # fmt: skip

    def accepted(self, mail: TakenMail) -> Reply:
        return Reply(200, {"To": mail.recipient, "MessageID": "0a129aee", "ErrorCode": 0, "Message": "OK"})

    def later(self) -> Reply:
        return self._error(429, 429, "Rate limit exceeded.", {"Retry-After": "0"})

    def refused(self, recipient: str) -> Reply:
        return self._error(
            422, 406, f"You tried to send to recipient(s) that have been marked as inactive: {recipient}"
        )

    def _error(self, status: int, code: int, said: str, headers: Mapping[str, str] | None = None) -> Reply:
        return Reply(status, {"ErrorCode": code, "Message": said}, headers or {})


class SimulatedSendGrid(SimulatedMailApi):
    """https://www.twilio.com/docs/sendgrid/api-reference/mail-send"""

    name = "sendgrid"
    path = "/v3/mail/send"
    question = "/v3/scopes"
    RESERVED = frozenset(
        {
            "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to",
            "from", "subject", "reply-to", "cc", "bcc",
        }
    )  # fmt: skip

    def api(self, url: str, key: str = KEY) -> MailApi:
        return SendGrid(key, url=url)

    def authorize(self, heard: Heard) -> None:
        if heard.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused(self._error(401, "The provided authorization grant is invalid, expired, or revoked"))

    def read(self, heard: Heard) -> TakenMail:
        sent = heard.json()
        (personalization,) = sent["personalizations"]
        (to,) = personalization["to"]
        if not ADDRESS.fullmatch(to["email"]):
            raise Refused(self._error(400, f"{to['email']} is no valid address.", "personalizations.0.to.0.email"))
        if not sent["from"]["email"].endswith(f"@{DOMAIN}"):
            said = "The from address does not match a verified Sender Identity. Mail cannot be sent until then."
            raise Refused(self._error(403, said, "from"))
        if reserved := [name for name in sent["headers"] if name.lower() in self.RESERVED]:
            raise Refused(self._error(400, f"{reserved} is a reserved header.", "headers"))
        kinds = [each["type"] for each in sent["content"]]
        if kinds not in (["text/plain"], ["text/plain", "text/html"]) or not all(
            part["value"] for part in sent["content"]
        ):
            raise Refused(
                self._error(400, "The content is text/plain first, then text/html; each not empty.", "content")
            )
        parts = [each["value"] for each in sent["content"]]
        return TakenMail(
            to["email"], sent["from"]["email"], sent["subject"], parts[0], parts[1] if len(parts) > 1 else None,
            sent["headers"], sent["custom_args"].get(MESSAGE_REFERENCE),
        )  # fmt: skip

    def accepted(self, mail: TakenMail) -> Reply:
        return Reply(202, b"", {"X-Message-Id": "14c5d75ce93"})

    def later(self) -> Reply:
        return self._error(429, "too many requests", None, {"X-RateLimit-Reset": "0"})

    def refused(self, recipient: str) -> Reply:
        return self._error(400, f"{recipient} does not contain a valid address.", "personalizations.0.to.0.email")

    def _error(self, status: int, said: str, of: str | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        return Reply(status, {"errors": [{"message": said, "field": of, "help": None}]}, headers or {})


class SimulatedResend(SimulatedMailApi):
    """https://resend.com/docs/api-reference/emails/send-email"""

    name = "resend"
    path = "/emails"
    question = "/domains"

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, tuple[bytes, Reply]] = {}

    def api(self, url: str, key: str = KEY) -> MailApi:
        return Resend(key, url)

    def authorize(self, heard: Heard) -> None:
        if heard.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused(self._error(401, "validation_error", "API key is invalid"))

    def take(self, heard: Heard) -> Reply:
        key = heard.headers["idempotency-key"]
        if not 1 <= len(key) <= 256:
            return self._error(400, "invalid_idempotency_key", "The key must be between 1-256 chars.")
        if (known := self._known.get(key)) is not None:
            if known[0] != heard.body:
                return self._error(409, "invalid_idempotent_request", "Same idempotency key, different payload.")
            return known[1]
        reply = super().take(heard)
        self._known[key] = heard.body, reply
        return reply

    def read(self, heard: Heard) -> TakenMail:
        sent = heard.json()
        (to,) = sent["to"]
        if not ADDRESS.fullmatch(to):
            raise Refused(self._error(422, "validation_error", f"Invalid `to` field: {to}"))
        if not address_of(sent["from"]).endswith(f"@{DOMAIN}"):
            said = f"The {sent['from'].rpartition('@')[2]} domain is not verified. Please, add and verify your domain."
            raise Refused(self._error(403, "validation_error", said))
        for tag in sent["tags"]:
            if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", each) for each in tag.values()):
                raise Refused(self._error(422, "validation_error", "Tags have ASCII letters, numbers, _ and - only."))
        tags = {tag["name"]: tag["value"] for tag in sent["tags"]}
        return TakenMail(
            to, address_of(sent["from"]), sent["subject"], sent["text"], sent.get("html"), sent["headers"],
            tags.get(MESSAGE_REFERENCE),
        )  # fmt: skip

    def accepted(self, mail: TakenMail) -> Reply:
        return Reply(200, {"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"})

    def later(self) -> Reply:
        return Reply(429, self._body(429, "rate_limit_exceeded", "Too many requests."), {"retry-after": "0"})

    def refused(self, recipient: str) -> Reply:
        return self._error(422, "validation_error", f"Invalid `to` field. {recipient} needs to follow the format.")

    def _body(self, status: int, name: str, said: str) -> object:
        return {"statusCode": status, "name": name, "message": said}

    def _error(self, status: int, name: str, said: str) -> Reply:
        return Reply(status, self._body(status, name, said))


class SimulatedBrevo(SimulatedMailApi):
    """https://developers.brevo.com/reference/send-transac-email"""

    name = "brevo"
    path = "/v3/smtp/email"
    question = "/v3/account"

    def __init__(self) -> None:
        super().__init__()
        self._known = set[str]()

    def api(self, url: str, key: str = KEY) -> MailApi:
        return Brevo(key, url)

    def authorize(self, heard: Heard) -> None:
        if heard.headers.get("api-key") != KEY:
            raise Refused(Reply(401, {"code": "unauthorized", "message": "Key not found"}))

    def take(self, heard: Heard) -> Reply:
        key = heard.json()["headers"]["idempotencyKey"]
        assert UUID.fullmatch(key)
        if key in self._known:
            return Reply(400, {"code": "duplicate_parameter", "message": "idempotencyKey is known already"})
        reply = super().take(heard)
        self._known.add(key)
        return reply

    def read(self, heard: Heard) -> TakenMail:
        sent = heard.json()
        (to,) = sent["to"]
        if not ADDRESS.fullmatch(to["email"]):
            raise Refused(self._invalid(f"email is not valid in to: {to['email']}"))
        if not sent["sender"]["email"].endswith(f"@{DOMAIN}"):
            raise Refused(self._invalid("Sending has been rejected because the sender you used is not valid."))
        headers = dict(sent["headers"])
        del headers["idempotencyKey"]
        custom = json.loads(headers.pop("X-Mailin-custom", "{}"))
        return TakenMail(
            to["email"], sent["sender"]["email"], sent["subject"], sent["textContent"], sent.get("htmlContent"),
            headers, custom.get(MESSAGE_REFERENCE),
        )  # fmt: skip

    def accepted(self, mail: TakenMail) -> Reply:
        return Reply(201, {"messageId": "<202611301200.1@smtp-relay.mailin.fr>"})

    def later(self) -> Reply:
        body = {"code": "too_many_requests", "message": "The expected rate limit is exceeded."}
        return Reply(429, body, {"x-sib-ratelimit-reset": "0"})

    def refused(self, recipient: str) -> Reply:
        return self._invalid(f"email is not valid in to: {recipient}")

    def _invalid(self, said: str) -> Reply:
        return Reply(400, {"code": "invalid_parameter", "message": said})
