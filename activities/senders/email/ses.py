"""Amazon SES, its API of version 2: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html.

It gets the whole message as SMTP would carry it. It writes a Message-ID of its own in the place of ours.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlsplit

from activities.senders.email.aws_signature import AwsKey, signed_headers
from activities.senders.email.mail_api import Letter, MailApi
from activities.senders.http.http_api import Answer, Meaning, Request, as_json

SERVICE = "ses"


class Ses(MailApi):
    """SES in one region.

    Args:
        configuration_set: whose events are told; None: the identity's own.
    """

    name = "Amazon SES"
    by_code: ClassVar[Mapping[str, Meaning]] = {
        "unverified": Meaning.SENDER_AT_FAULT,
        "MailFromDomainNotVerifiedException": Meaning.SENDER_AT_FAULT,
        "AccountSuspendedException": Meaning.ACCOUNT_AT_FAULT,
        "SendingPausedException": Meaning.ACCOUNT_AT_FAULT,
        "NotFoundException": Meaning.ACCOUNT_AT_FAULT,
        "AccessDeniedException": Meaning.ACCOUNT_AT_FAULT,
        "IncompleteSignature": Meaning.ACCOUNT_AT_FAULT,
        "InvalidSignatureException": Meaning.ACCOUNT_AT_FAULT,
        "OptInRequired": Meaning.ACCOUNT_AT_FAULT,
        "RequestExpired": Meaning.ACCOUNT_AT_FAULT,
        "UnrecognizedClientException": Meaning.ACCOUNT_AT_FAULT,
        "LimitExceededException": Meaning.LATER,
        "ThrottlingException": Meaning.LATER,
        "TooManyRequestsException": Meaning.LATER,
    }

    def __init__(self, key: AwsKey, region: str, configuration_set: str | None = None, url: str | None = None) -> None:
        self._key, self._region = key, region
        self._configuration_set = configuration_set
        self._url = url or f"https://email.{region}.amazonaws.com"

    def request(self, letter: Letter) -> Request:
        fields: dict[str, object] = {
            "FromEmailAddress": letter.sender.addr_spec,
            "Destination": {"ToAddresses": [letter.recipient]},
            "Content": {"Raw": {"Data": base64.b64encode(letter.as_mime()).decode()}},
            "EmailTags": [{"Name": name, "Value": value} for name, value in letter.references.items()],
        }
        if self._configuration_set is not None:
            fields["ConfigurationSetName"] = self._configuration_set
        return self._signed("POST", "/v2/email/outbound-emails", as_json(fields))

    def question(self) -> Request:
        return self._signed("GET", "/v2/email/account", b"")

    def knows_key(self, answer: Answer) -> bool:
        # A key that may only send is known, but may not ask.
        return answer.status == 200 or self.code(answer) == "AccessDeniedException"

    def code(self, answer: Answer) -> str:
        # The header may go on with the address of a page: MessageRejected:http://…
        code = (answer.headers.get("x-amzn-errortype") or answer.text("__type")).rpartition("#")[2].partition(":")[0]
        if code == "MessageRejected" and "is not verified" in answer.text("message"):
            return "unverified"
        return code

    def _signed(self, method: str, path: str, content: bytes) -> Request:
        host = urlsplit(self._url).netloc
        at = datetime.now(UTC)
        headers = signed_headers(self._key, self._region, SERVICE, method, host, path, content, at)
        return Request(method, f"{self._url}{path}", headers, content)
