"""Any other provider: a program of the shop's own takes the message by HTTP, signed as Standard Webhooks are.

docs/sms.md is the page for who writes that program. It must know a repeated `webhook-id` again, for a day.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from standardwebhooks.webhooks import Webhook

from activities.senders.http.http_api import Answer, Meaning, Request, as_json
from activities.senders.sender import Sms
from activities.senders.sms.segments import count_segments
from activities.senders.sms.sms_api import SmsApi, known_by


def is_signing_secret(text: str) -> bool:
    """Whether it is of the form and the size that Standard Webhooks asks for: shorter ones are guessed."""
    prefix, _, key = text.partition("_")
    try:
        return prefix == "whsec" and 24 <= len(base64.b64decode(key, validate=True)) <= 64
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class SignedHttp(SmsApi):
    """The other program.

    Attributes:
        url: where messages are posted.
        secret: what signs them, `whsec_` and 24 to 64 bytes in base64.
        sender: the number or name that messages come from; None: that is for the program to know.
    """

    url: str
    secret: str = field(repr=False)
    sender: str | None = None

    name: ClassVar[str] = "the SMS gateway"
    help: ClassVar[str] = "its own log"
    dedupes: ClassVar[bool] = True
    by_code: ClassVar[Mapping[str, Meaning]] = {
        "opted_out": Meaning.OPTED_OUT,
        "bad_address": Meaning.BAD_ADDRESS,
        "sender_at_fault": Meaning.ACCOUNT_AT_FAULT,
        "later": Meaning.LATER,
        "rejected": Meaning.REFUSED,
    }
    by_status: ClassVar[Mapping[int, Meaning]] = {
        409: Meaning.LATER,
        410: Meaning.ACCOUNT_AT_FAULT,
        503: Meaning.LATER,
    }

    def request(self, letter: Sms) -> Request:
        now = datetime.now(UTC)
        counted = count_segments(letter.text)
        data = {
            "id": known_by(letter),
            "to": letter.recipient,
            "from": self.sender,
            "text": letter.text,
            "encoding": counted.alphabet,
            "segments": counted.segments,
        }
        body = as_json({"type": "sms.send", "timestamp": now.isoformat(), "data": data})
        headers = {
            "content-type": "application/json",
            "webhook-id": known_by(letter),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(known_by(letter), now, body.decode()),
        }
        return Request("POST", self.url, headers, body)

    def code(self, answer: Answer) -> str:
        return answer.text("error")
