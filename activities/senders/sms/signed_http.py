"""Any other provider: a program of the shop's own takes the message by HTTP, signed as Standard Webhooks are.

docs/sms.md is the page for who writes that program. It must know a repeated `webhook-id` again, for a day.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import Webhook

from activities.senders.sender import BadAddress, NotTaken, OptedOut, Rejected, SenderAtFault, Sms
from activities.senders.sms.http_sms import json_object, refused_login
from activities.senders.sms.segments import count_segments


def is_signing_secret(text: str) -> bool:
    """Whether it is of the form and the size that Standard Webhooks asks for: shorter ones are guessed."""
    prefix, _, key = text.partition("_")
    try:
        return prefix == "whsec" and 24 <= len(base64.b64decode(key, validate=True)) <= 64
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class SignedHttp:
    """The other program.

    Attributes:
        address: where messages are posted.
        secret: what signs them, `whsec_` and 24 to 64 bytes in base64.
        sender: the number or name that messages come from; None: that is for the program to know.
    """

    address: str
    secret: str = field(repr=False)
    sender: str | None = None

    name = "the SMS gateway"
    knows_repeats = True
    takes_none_by_503 = True

    def request(self, sms: Sms) -> httpx.Request:
        now = datetime.now(UTC)
        counted = count_segments(sms.text)
        data = {
            "id": sms.reference or sms.message_id,
            "to": sms.recipient,
            "from": self.sender,
            "text": sms.text,
            "encoding": counted.alphabet,
            "segments": counted.segments,
        }
        body = json.dumps(
            {"type": "sms.send", "timestamp": now.isoformat(), "data": data}, ensure_ascii=False, separators=(",", ":")
        )
        message_id = sms.reference or sms.message_id
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(message_id, now, body),
        }
        return httpx.Request("POST", self.address, content=body.encode(), headers=headers)

    def read(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        said = f"the SMS gateway answered {answer.status_code}"
        match json_object(answer).get("error"):
            case "opted_out":
                raise OptedOut(f"{said}: the recipient has opted out")
            case "bad_address":
                raise BadAddress(f"{said}: no text message can be sent to this number")
            case "sender_at_fault":
                raise SenderAtFault(f"{said}: its own account or number is at fault; its log says more")
            case "later":
                raise NotTaken(f"{said}: later")
            case "rejected":
                raise Rejected(said)
            case _:
                pass
        match answer.status_code:
            case 401 | 403:
                raise refused_login(self.name, answer.status_code)
            case 404 | 405 | 410:
                raise SenderAtFault(f"{said}: check SHELFTALK_SMS_URL")
            case 408 | 409 | 425:
                raise NotTaken(f"{said}: later")
            case _:
                raise Rejected(said)

    def probe(self) -> httpx.Request | None:
        return None
