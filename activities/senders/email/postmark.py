"""Postmark. Its API: https://postmarkapp.com/developer/api/email-api, its codes: …/api/overview#error-codes."""

from collections.abc import Mapping
from typing import ClassVar

from activities.senders.email.mail_api import Letter, MailApi
from activities.senders.http.http_api import Answer, Meaning, Request, as_json

URL = "https://api.postmarkapp.com"


class Postmark(MailApi):
    """One server of Postmark.

    Args:
        key: the server's API token.
        stream: the message stream; None: the server's own for transactional messages.
    """

    name = "Postmark"
    by_code: ClassVar[Mapping[str, Meaning]] = {
        "10": Meaning.ACCOUNT_AT_FAULT,
        "100": Meaning.LATER,
        "from": Meaning.SENDER_AT_FAULT,
        "to": Meaning.BAD_ADDRESS,
        "400": Meaning.SENDER_AT_FAULT,
        "401": Meaning.SENDER_AT_FAULT,
        "405": Meaning.ACCOUNT_AT_FAULT,
        "406": Meaning.BAD_ADDRESS,
        "412": Meaning.ACCOUNT_AT_FAULT,
        "413": Meaning.ACCOUNT_AT_FAULT,
        "429": Meaning.LATER,
        "1235": Meaning.ACCOUNT_AT_FAULT,
    }
    by_status: ClassVar[Mapping[int, Meaning]] = {
        413: Meaning.REFUSED,
        415: Meaning.ACCOUNT_AT_FAULT,
        503: Meaning.LATER,
    }
    """503 is documented as a planned outage, in which nothing is taken."""

    def __init__(self, key: str, stream: str | None = None, url: str | None = None) -> None:
        self._key, self._stream = key, stream
        self._url = url or URL

    def request(self, letter: Letter) -> Request:
        mail = letter.mail
        headers = {**letter.headers, "Message-ID": f"<{mail.message_id}>", "X-PM-KeepID": "true"}
        fields: dict[str, object] = {
            "From": str(letter.sender),
            "To": letter.recipient,
            "Subject": mail.subject,
            "TextBody": mail.text,
            "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
            "Metadata": letter.references,
        }
        if mail.html is not None:
            fields["HtmlBody"] = mail.html
        if self._stream is not None:
            fields["MessageStream"] = self._stream
        return Request("POST", f"{self._url}/email", self._headers(), as_json(fields))

    def question(self) -> Request:
        return Request("GET", f"{self._url}/server", self._headers())

    def code(self, answer: Answer) -> str:
        found = answer.value("ErrorCode")
        if found == 300:
            # One code for everything that is wrong with a request: its words begin with the field.
            said = answer.text("Message")
            return {"Invalid 'From'": "from", "Invalid 'To' a": "to"}.get(said[:14], "300")
        return str(found) if isinstance(found, int) else ""

    def _headers(self) -> dict[str, str]:
        return {"content-type": "application/json", "x-postmark-server-token": self._key}
