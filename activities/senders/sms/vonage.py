"""Vonage, SMS API: POST /sms/json. It answers 200 whatever happened; what did, each part's status says.

It knows no repeated request again: what was cut off is unknown until it reports, `client-ref` in the delivery receipt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, cast

from activities.senders.http.http_api import Answer, Meaning, Request
from activities.senders.sender import Sms
from activities.senders.sms.segments import Alphabet, count_segments
from activities.senders.sms.sms_api import SmsApi, form

ADDRESS = "https://rest.nexmo.com"

TAKEN = "0"


@dataclass(frozen=True, slots=True)
class Vonage(SmsApi):
    """The API. It has no question: it takes the secret in the address only, which ends up in logs.

    Attributes:
        key, secret: of the account.
        sender: the number or name that messages come from.
        callback: where it reports what becomes of messages; None: where the account's settings say.
    """

    key: str
    secret: str = field(repr=False)
    sender: str
    callback: str | None = None
    url: str = ADDRESS

    name: ClassVar[str] = "Vonage"
    help: ClassVar[str] = "https://developer.vonage.com/en/api-errors/sms"
    by_code: ClassVar[Mapping[str, Meaning]] = {
        # Barred, or given up.
        **dict.fromkeys(("7", "33"), Meaning.BAD_ADDRESS),
        # Throttled, an error of the platform's own, too many connections: a part with such a status has no message.
        **dict.fromkeys(("1", "5", "10"), Meaning.LATER),
        **dict.fromkeys(("4", "14", "32"), Meaning.ACCOUNT_AT_FAULT),
        # Parameters that we always write alike, account, credit, the sender's number, a country that is not open.
        **dict.fromkeys(("2", "3", "8", "9", "11", "15", "22", "23", "29"), Meaning.ACCOUNT_AT_FAULT),
    }

    def request(self, letter: Sms) -> Request:
        fields = {
            "api_key": self.key,
            "api_secret": self.secret,
            "from": self.sender.removeprefix("+"),
            "to": letter.recipient.removeprefix("+"),
            "text": letter.text,
        }
        if count_segments(letter.text).alphabet is Alphabet.UCS2:
            fields["type"] = "unicode"
        if letter.reference is not None:
            fields["client-ref"] = letter.reference
        if self.callback is not None:
            fields["callback"] = self.callback
        return Request("POST", f"{self.url.rstrip('/')}/sms/json", *form(fields))

    def meaning(self, answer: Answer) -> Meaning:
        if answer.status // 100 != 2:
            return SmsApi.meaning(self, answer)
        statuses = _statuses(answer)
        if all(status == TAKEN for status in statuses):
            return Meaning.TAKEN
        if TAKEN in statuses or "" in statuses:
            # It took some parts of the message and not others, or does not say.
            return Meaning.UNKNOWN
        return self.by_code.get(statuses[0], Meaning.REFUSED)

    def code(self, answer: Answer) -> str:
        return _statuses(answer)[0]


def _statuses(answer: Answer) -> list[str]:
    """Of each part; of a request that was refused as a whole, the only one. Empty: it does not say."""
    parts = answer.value("messages")
    count = len(cast("list[object]", parts)) if isinstance(parts, list) else 0
    return [answer.text("messages", part, "status") for part in range(count)] or [answer.text("status")]
