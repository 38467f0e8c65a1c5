"""Twilio SendGrid. Its API: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send."""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from activities.outbound.patience import patience_until
from activities.senders.email.mail_api import Letter, MailApi
from activities.senders.http.http_api import Answer, Meaning, Request, as_json

URLS = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}

_CODES = (
    ("does not match a verified sender", "unverified_sender"),
    ("maximum credits exceeded", "credits_exceeded"),
    ("temporarily blocked", "blocked_for_a_time"),
)
"""Its errors have words and no codes: what they hold, and what we call it."""


class SendGrid(MailApi):
    """An account of SendGrid.

    Args:
        key: an API key that may send mail.
        region: a key of `URLS`.
    """

    name = "SendGrid"
    taken = 202
    by_code: ClassVar[Mapping[str, Meaning]] = {
        "unverified_sender": Meaning.SENDER_AT_FAULT,
        "from": Meaning.SENDER_AT_FAULT,
        "from.email": Meaning.SENDER_AT_FAULT,
        "personalizations.0.to.0.email": Meaning.BAD_ADDRESS,
        "credits_exceeded": Meaning.ACCOUNT_AT_FAULT,
        "blocked_for_a_time": Meaning.LATER,
    }
    by_status: ClassVar[Mapping[int, Meaning]] = {503: Meaning.LATER}
    """503 is documented as the API not being available."""

    def __init__(self, key: str, region: str | None = None, url: str | None = None) -> None:
        self._key = key
        self._url = url or URLS[region or "global"]

    def request(self, letter: Letter) -> Request:
        mail = letter.mail
        sender = {"email": letter.sender.addr_spec}
        if letter.sender.display_name:
            sender["name"] = letter.sender.display_name
        content = [{"type": "text/plain", "value": mail.text}]
        if mail.html is not None:
            content.append({"type": "text/html", "value": mail.html})
        fields = {
            "personalizations": [{"to": [{"email": letter.recipient}]}],
            "from": sender,
            "subject": mail.subject,
            "content": content,
            "headers": {**letter.headers, "Message-ID": f"<{mail.message_id}>"},
            "custom_args": letter.references,
        }
        return Request("POST", f"{self._url}/v3/mail/send", self._headers(), as_json(fields))

    def question(self) -> Request:
        return Request("GET", f"{self._url}/v3/scopes", self._headers())

    def code(self, answer: Answer) -> str:
        said = answer.text("errors", 0, "message").lower()
        known = [code for words, code in _CODES if words in said]
        return known[0] if known else answer.text("errors", 0, "field")

    def wait(self, answer: Answer) -> timedelta | None:
        return super().wait(answer) or patience_until(answer.headers.get("x-ratelimit-reset", ""))

    def _headers(self) -> dict[str, str]:
        return {"content-type": "application/json", "authorization": f"Bearer {self._key}"}
