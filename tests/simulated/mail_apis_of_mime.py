"""Providers of e-mail that get the whole message as SMTP would carry it: Mailgun and Amazon SES."""

import base64
import hashlib
import hmac
import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from activities.senders.email.aws_signature import AwsKey
from activities.senders.email.mail_api import MailApi
from activities.senders.email.mailgun import Mailgun
from activities.senders.email.ses import Ses
from activities.senders.sender import MESSAGE_REFERENCE
from tests.simulated.mail_api import (
    ADDRESS,
    DOMAIN,
    KEY,
    KEY_ID,
    REGION,
    Heard,
    Refused,
    Reply,
    SimulatedMailApi,
    TakenMail,
    address_of,
)


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
