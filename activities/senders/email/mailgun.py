"""Mailgun. Its API: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages.

It gets the whole message as SMTP would carry it, so all headers are ours, the Message-ID too.
"""

import base64
import secrets
from collections.abc import Mapping
from typing import ClassVar

from activities.senders.email.mail_api import Letter, MailApi
from activities.senders.http.http_api import Answer, Meaning, Request

URLS = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}

_CODES = (
    ("recipient limit exceeded", "recipient_limit"),
    ("is not allowed to send", "domain_not_allowed"),
    ("is not a valid address", "invalid_address"),
    ("from parameter", "from"),
)
"""Its errors have words and no codes: what they hold, and what we call it."""


class Mailgun(MailApi):
    """A sending domain at Mailgun.

    Args:
        key: an API key that may send from the domain.
        region: a key of `URLS`.
    """

    name = "Mailgun"
    by_code: ClassVar[Mapping[str, Meaning]] = {
        "recipient_limit": Meaning.LATER,
        "domain_not_allowed": Meaning.ACCOUNT_AT_FAULT,
        "from": Meaning.SENDER_AT_FAULT,
        "invalid_address": Meaning.BAD_ADDRESS,
    }
    by_status: ClassVar[Mapping[int, Meaning]] = {420: Meaning.LATER}
    """420 is how it bounds what new domains send in an hour."""

    def __init__(self, key: str, domain: str, region: str | None = None, url: str | None = None) -> None:
        self._key, self._domain = key, domain
        self._url = url or URLS[region or "us"]

    def request(self, letter: Letter) -> Request:
        boundary = secrets.token_hex(16)
        fields = {"to": letter.recipient}
        fields |= {f"v:{name}": value for name, value in letter.references.items()}
        headers = {**self._headers(), "content-type": f"multipart/form-data; boundary={boundary}"}
        url = f"{self._url}/v3/{self._domain}/messages.mime"
        return Request("POST", url, headers, _form(boundary, fields, letter.as_mime()))

    def question(self) -> Request:
        return Request("GET", f"{self._url}/v3/domains/{self._domain}", self._headers())

    def knows_key(self, answer: Answer) -> bool:
        # A key that may only send is known, but may not ask.
        return answer.status in (200, 403)

    def code(self, answer: Answer) -> str:
        said = answer.text("message").lower()
        return next((code for words, code in _CODES if words in said), "")

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Basic {base64.b64encode(f'api:{self._key}'.encode()).decode()}"}


def _form(boundary: str, fields: Mapping[str, str], message: bytes) -> bytes:
    parts = [
        f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    file = 'content-disposition: form-data; name="message"; filename="message.eml"\r\ncontent-type: message/rfc822'
    return "".join([*parts, f"--{boundary}\r\n{file}\r\n\r\n"]).encode() + message + f"\r\n--{boundary}--\r\n".encode()
