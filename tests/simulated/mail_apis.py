"""The other side of every provider of e-mail: what its API demands, answers and bounds, by its documentation.

Each keeps what it took and refuses what the real one refuses; `mail_api_server` puts one behind HTTP. Every refusal
repeats the recipient's address, as real ones do, so that tests can prove it goes no further (P8).
"""

import base64
import hashlib
import hmac
import json
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, ClassVar

from activities.senders.email.aws_signature import AwsKey
from activities.senders.email.brevo import Brevo
from activities.senders.email.mail_api import MailApi
from activities.senders.email.mailgun import Mailgun
from activities.senders.email.postmark import Postmark
from activities.senders.email.resend import Resend
from activities.senders.email.sendgrid import SendGrid
from activities.senders.email.ses import Ses
from activities.senders.sender import MESSAGE_REFERENCE

KEY = "simulated-key"
KEY_ID = "AKIASIMULATED"
REGION = "eu-west-1"
DOMAIN = "example.com"
"""The only domain that is verified at any of them."""
ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]+")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Heard:
    """A request; `headers` by their names in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `body` a JSON value, or bytes as they are."""

    status: int
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class TakenMail:
    """A mail that was taken; `headers` as they were given, of MIME all of them; `message_id` without brackets."""

    recipient: str
    sender: str
    subject: str
    text: str
    html: str | None
    headers: Mapping[str, str]
    reference: str | None

    @property
    def message_id(self) -> str | None:
        found = self.headers.get("Message-ID")
        return None if found is None else found.strip("<>")


class Refused(Exception):
    """The request is refused by this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class SimulatedMailApi(ABC):
    """One provider.

    Attributes:
        taken: in order.
        replies: answers laid down for the next requests that send, instead of taking anything.
    """

    name: ClassVar[str]
    path: ClassVar[str]
    question: ClassVar[str]

    def __init__(self) -> None:
        self.taken: list[TakenMail] = []
        self.replies: deque[Reply] = deque()

    @abstractmethod
    def api(self, url: str, key: str = KEY) -> MailApi:
        """Ours, to this one at that address."""

    @abstractmethod
    def authorize(self, heard: Heard) -> None:
        """Look at the key. Raises `Refused`."""

    @abstractmethod
    def read(self, heard: Heard) -> TakenMail:
        """The mail in a request. Raises `Refused`."""

    @abstractmethod
    def accepted(self, mail: TakenMail) -> Reply: ...

    @abstractmethod
    def later(self) -> Reply:
        """Too many requests."""

    @abstractmethod
    def refused(self, recipient: str) -> Reply:
        """This message will not be sent."""

    def answer(self, heard: Heard) -> Reply:
        """What it answers, after taking the mail where it does."""
        try:
            self.authorize(heard)
            if (heard.method, heard.path) == ("GET", self.question):
                return Reply(200, {})
            if (heard.method, heard.path) != ("POST", self.path):
                return Reply(404, {"message": "no such resource"})
            if self.replies:
                return self.replies.popleft()
            return self.take(heard)
        except Refused as refusal:
            return refusal.reply

    def take(self, heard: Heard) -> Reply:
        """Read a mail and keep it."""
        mail = self.read(heard)
        self.taken.append(mail)
        return self.accepted(mail)


def of_mime(content: bytes, recipient: str, reference: str | None) -> TakenMail:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return TakenMail(
        recipient,
        message["From"].addresses[0].addr_spec,
        message["Subject"],
        "" if text is None else text.get_content(),
        None if html is None else html.get_content(),
        {name: str(value) for name, value in message.items()},
        reference,
    )


def address_of(text: str) -> str:
    return text.rpartition("<")[2].strip("> ")


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


class SimulatedMailgun(SimulatedMailApi):
    """https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages"""

    name = "mailgun"
    path = f"/v3/{DOMAIN}/messages.mime"
    question = f"/v3/domains/{DOMAIN}"

    def api(self, url: str, key: str = KEY) -> MailApi:
        return Mailgun(key, DOMAIN, url=url)

    def authorize(self, heard: Heard) -> None:
        if heard.headers.get("authorization") != f"Basic {base64.b64encode(f'api:{KEY}'.encode()).decode()}":
            raise Refused(Reply(401, b"Forbidden"))

    def read(self, heard: Heard) -> TakenMail:
        head = f"Content-Type: {heard.headers['content-type']}\r\n\r\n".encode()
        form = message_from_bytes(head + heard.body, policy=policy.HTTP)
        fields: dict[str, bytes] = {}
        for part in form.iter_parts():  # pyright: ignore[reportAttributeAccessIssue] the policy makes an EmailMessage
            # A part that is a message itself is one to the parser too.
            value = part.get_content()
            content = value.as_bytes(policy=policy.SMTP) if isinstance(value, EmailMessage) else str(value).encode()
            fields[str(part.get_param("name", header="content-disposition"))] = content
        to = fields["to"].decode().strip()
        if not ADDRESS.fullmatch(to):
            raise Refused(Reply(400, {"message": f"to parameter is not a valid address: {to}"}))
        reference = fields.get(f"v:{MESSAGE_REFERENCE}")
        return of_mime(fields["message"], to, None if reference is None else reference.decode().strip())

    def accepted(self, mail: TakenMail) -> Reply:
        return Reply(200, {"id": f"<{mail.message_id}>", "message": "Queued. Thank you."})

    def later(self) -> Reply:
        return Reply(429, {"message": "too many requests"}, {"Retry-After": "0"})

    def refused(self, recipient: str) -> Reply:
        return Reply(
            400, {"message": f"'to' parameter is not a valid address. please check documentation: {recipient}"}
        )


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


class SimulatedSes(SimulatedMailApi):
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"""

    name = "ses"
    path = "/v2/email/outbound-emails"
    question = "/v2/email/account"
    _AUTHORIZATION = re.compile(
        r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<scope>(?P<day>\d{8})/[^/]+/ses/aws4_request), "
        r"SignedHeaders=(?P<names>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
    )

    def api(self, url: str, key: str = KEY) -> MailApi:
        return Ses(AwsKey(KEY_ID, key), REGION, "shelftalk", url)

    def authorize(self, heard: Heard) -> None:
        found = self._AUTHORIZATION.fullmatch(heard.headers.get("authorization", ""))
        if found is None or found["id"] != KEY_ID:
            raise Refused(self._error(403, "UnrecognizedClientException", "The security token is invalid."))
        lines = "".join(f"{name}:{heard.headers[name]}\n" for name in found["names"].split(";"))
        digest = hashlib.sha256(heard.body).hexdigest()
        canonical = f"{heard.method}\n{heard.path}\n\n{lines}\n{found['names']}\n{digest}"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{heard.headers['x-amz-date']}\n{found['scope']}\n{hashed}"
        key = f"AWS4{KEY}".encode()
        for part in (*found["scope"].split("/"), to_sign):
            key = hmac.digest(key, part.encode(), "sha256")
        if key.hex() != found["signature"]:
            raise Refused(self._error(403, "InvalidSignatureException", "The request signature does not match."))

    def read(self, heard: Heard) -> TakenMail:
        sent = heard.json()
        (to,) = sent["Destination"]["ToAddresses"]
        if not ADDRESS.fullmatch(to):
            raise Refused(self._error(400, "BadRequestException", f"Invalid email address: {to}"))
        if not address_of(sent["FromEmailAddress"]).endswith(f"@{DOMAIN}"):
            said = (
                f"Email address is not verified. The following identities failed the check: {sent['FromEmailAddress']}"
            )
            raise Refused(self._error(400, "MessageRejected", said))
        for tag in sent["EmailTags"]:
            if not all(re.fullmatch(r"[A-Za-z0-9_.@-]{1,256}", each) for each in tag.values()):
                raise Refused(self._error(400, "BadRequestException", "Invalid tag."))
        if sent["ConfigurationSetName"] != "shelftalk":
            raise Refused(self._error(404, "NotFoundException", "Configuration set does not exist."))
        tags = {tag["Name"]: tag["Value"] for tag in sent["EmailTags"]}
        return of_mime(base64.b64decode(sent["Content"]["Raw"]["Data"]), to, tags.get(MESSAGE_REFERENCE))

    def accepted(self, mail: TakenMail) -> Reply:
        return Reply(200, {"MessageId": "0102018d-0000"})

    def later(self) -> Reply:
        return self._error(429, "TooManyRequestsException", "Maximum sending rate exceeded.")

    def refused(self, recipient: str) -> Reply:
        return self._error(400, "MessageRejected", f"Message to {recipient} was rejected.")

    def _error(self, status: int, code: str, said: str) -> Reply:
        return Reply(status, {"message": said}, {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/coral/"})


SIMULATED = (
    SimulatedSes,
    SimulatedPostmark,
    SimulatedSendGrid,
    SimulatedMailgun,
    SimulatedResend,
    SimulatedBrevo,
)
"""One of each."""
