"""Brevo. Its API: https://developers.brevo.com/reference/send-transac-email.

It takes requests under one idempotencyKey once, for 15 minutes at least, and answers the others duplicate_parameter.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from activities.outbound.patience import patience
from activities.senders.email.mail_api import Letter, MailApi
from activities.senders.http.http_api import Answer, Meaning, Request, as_json

URL = "https://api.brevo.com"


class Brevo(MailApi):
    """An account of Brevo's. `key`: an API key of version 3."""

    name = "Brevo"
    taken = 201
    dedupes = True
    by_code: ClassVar[Mapping[str, Meaning]] = {
        "duplicate_parameter": Meaning.TAKEN_BEFORE,
        "duplicate_request": Meaning.TAKEN_BEFORE,
        "sender_not_valid": Meaning.SENDER_AT_FAULT,
        "recipient_not_valid": Meaning.BAD_ADDRESS,
        "not_enough_credits": Meaning.ACCOUNT_AT_FAULT,
        "account_under_validation": Meaning.ACCOUNT_AT_FAULT,
        "permission_denied": Meaning.ACCOUNT_AT_FAULT,
        "unauthorized": Meaning.ACCOUNT_AT_FAULT,
        "too_many_requests": Meaning.LATER,
    }

    def __init__(self, key: str, url: str | None = None) -> None:
        self._key = key
        self._url = url or URL

    def request(self, letter: Letter) -> Request:
        mail = letter.mail
        sender = {"email": letter.sender.addr_spec}
        if letter.sender.display_name:
            sender["name"] = letter.sender.display_name
        headers = {**letter.headers, "idempotencyKey": letter.key}
        if letter.references:
            # It comes again with every event.
            headers["X-Mailin-custom"] = as_json(letter.references).decode()
        fields: dict[str, object] = {
            "sender": sender,
            "to": [{"email": letter.recipient}],
            "subject": mail.subject,
            "textContent": mail.text,
            "headers": headers,
        }
        if mail.html is not None:
            fields["htmlContent"] = mail.html
        return Request("POST", f"{self._url}/v3/smtp/email", self._headers(), as_json(fields))

    def question(self) -> Request:
        return Request("GET", f"{self._url}/v3/account", self._headers())

    def code(self, answer: Answer) -> str:
        code, said = answer.text("code"), answer.text("message").lower()
        if code == "invalid_parameter" and "sender" in said:
            return "sender_not_valid"
        if code == "invalid_parameter" and "email is not valid in to" in said:
            return "recipient_not_valid"
        return code

    def wait(self, answer: Answer) -> timedelta | None:
        return super().wait(answer) or patience(answer.headers.get("x-sib-ratelimit-reset", ""))

    def _headers(self) -> dict[str, str]:
        return {"content-type": "application/json", "api-key": self._key}
