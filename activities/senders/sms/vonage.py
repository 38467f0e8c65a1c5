"""Vonage, SMS API: POST /sms/json. It answers 200 whatever happened; what did, each part's status says.

It knows no repeated request again: what was cut off is unknown until it reports, `client-ref` in the delivery receipt.
"""

from dataclasses import dataclass, field

import httpx
from pydantic import BaseModel, ValidationError

from activities.senders.sender import BadAddress, NotTaken, Rejected, SenderAtFault, Sms, Uncertain
from activities.senders.sms.http_sms import refused_login
from activities.senders.sms.segments import Alphabet, count_segments

ADDRESS = "https://rest.nexmo.com"

TAKEN = "0"
LATER = frozenset({"1", "5", "10"})
"""Throttled, an error of the platform's own, too many connections: a part with such a status has no message."""
LOGIN = frozenset({"4", "14", "32"})
AT_FAULT = frozenset({"2", "3", "8", "9", "11", "15", "22", "23", "29"})
"""Parameters that we always write alike, account, credit, the sender's number, or a country that is not open."""
BAD_ADDRESS = frozenset({"7", "33"})
"""Barred, or given up."""


@dataclass(frozen=True, slots=True)
class Vonage:
    """The API.

    Attributes:
        key, secret: of the account.
        sender: the number or name that messages come from.
        callback: where it reports what becomes of messages; None: where the account's settings say.
    """

    key: str
    secret: str = field(repr=False)
    sender: str
    callback: str | None = None
    address: str = ADDRESS

    name = "Vonage"
    knows_repeats = False
    takes_none_by_503 = False

    def request(self, sms: Sms) -> httpx.Request:
        form = {
            "api_key": self.key,
            "api_secret": self.secret,
            "from": self.sender.removeprefix("+"),
            "to": sms.recipient.removeprefix("+"),
            "text": sms.text,
        }
        if count_segments(sms.text).alphabet is Alphabet.UCS2:
            form["type"] = "unicode"
        if sms.reference is not None:
            form["client-ref"] = sms.reference
        if self.callback is not None:
            form["callback"] = self.callback
        return httpx.Request("POST", f"{self.address.rstrip('/')}/sms/json", data=form)

    def read(self, answer: httpx.Response) -> None:
        statuses = _statuses(answer)
        if statuses and all(status == TAKEN for status in statuses):
            return
        if TAKEN in statuses:
            raise Uncertain("Vonage took some parts of the message and not others")
        status = statuses[0] if statuses else ""
        said = f"Vonage answered {answer.status_code} with status {status if status.isdecimal() else 'none'}"
        if status in BAD_ADDRESS:
            raise BadAddress(f"{said}: no text message can be sent to this number")
        if status in LATER:
            raise NotTaken(f"{said}: later")
        if status in LOGIN or answer.status_code in (401, 403):
            raise refused_login("Vonage", status)
        if status in AT_FAULT or answer.status_code == 404:
            raise SenderAtFault(f"{said}: see https://developer.vonage.com/en/api-errors/sms")
        if not status and answer.is_success:
            raise Uncertain(f"Vonage answered {answer.status_code} without a status")
        raise Rejected(said)

    def probe(self) -> httpx.Request | None:
        # It takes the secret in the address only, which ends up in logs.
        return None


def _statuses(answer: httpx.Response) -> list[str]:
    """Of each part; of a request that was refused as a whole, the only one."""
    try:
        found = _Answer.model_validate_json(answer.content)
    except ValidationError:
        return []
    return [part.status for part in found.messages] or ([found.status] if found.status is not None else [])


class _Part(BaseModel):
    status: str


class _Answer(BaseModel):
    messages: tuple[_Part, ...] = ()
    status: str | None = None
