"""Resend. Its API: https://resend.com/docs/api-reference/emails/send-email, its codes: …/api-reference/errors.

It takes requests under one Idempotency-Key once, for 24 hours.
"""

from collections.abc import Mapping
from typing import ClassVar

from activities.senders.email.mail_api import Letter, MailApi
from activities.senders.http.http_api import Answer, Meaning, Request, as_json

URL = "https://api.resend.com"


class Resend(MailApi):
    """A team of Resend's. `key`: an API key that may send."""

    name = "Resend"
    dedupes = True
    by_code: ClassVar[Mapping[str, Meaning]] = {
        "domain_not_verified": Meaning.SENDER_AT_FAULT,
        "invalid_from_address": Meaning.SENDER_AT_FAULT,
        "invalid_api_key": Meaning.ACCOUNT_AT_FAULT,
        "missing_api_key": Meaning.ACCOUNT_AT_FAULT,
        "monthly_quota_exceeded": Meaning.ACCOUNT_AT_FAULT,
        "daily_quota_exceeded": Meaning.LATER,
        "rate_limit_exceeded": Meaning.LATER,
        "invalid_to_address": Meaning.BAD_ADDRESS,
        "concurrent_idempotent_requests": Meaning.UNKNOWN,
        "invalid_idempotent_request": Meaning.UNKNOWN,
    }
    """Another request under this key that is being answered, or was: what became of it is the question."""

    def __init__(self, key: str, url: str | None = None) -> None:
        self._key = key
        self._url = url or URL

    def request(self, letter: Letter) -> Request:
        mail = letter.mail
        fields: dict[str, object] = {
            "from": str(letter.sender),
            "to": [letter.recipient],
            "subject": mail.subject,
            "text": mail.text,
            "headers": letter.headers,
            "tags": [{"name": name, "value": value} for name, value in letter.references.items()],
        }
        if mail.html is not None:
            fields["html"] = mail.html
        return Request(
            "POST", f"{self._url}/emails", {**self._headers(), "idempotency-key": letter.key}, as_json(fields)
        )

    def question(self) -> Request:
        return Request("GET", f"{self._url}/domains", self._headers())

    def knows_key(self, answer: Answer) -> bool:
        # A key that may only send is known, but may not ask.
        return answer.status == 200 or self.code(answer) == "restricted_api_key"

    def code(self, answer: Answer) -> str:
        name, said = answer.text("name"), answer.text("message").lower()
        if name == "validation_error" and "domain is not verified" in said:
            return "domain_not_verified"
        if name == "validation_error" and "`to` field" in said:
            return "invalid_to_address"
        return name

    def _headers(self) -> dict[str, str]:
        return {"content-type": "application/json", "authorization": f"Bearer {self._key}"}
