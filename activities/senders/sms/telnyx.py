"""Telnyx, Messaging: POST /v2/messages. Its codes: https://developers.telnyx.com/docs/messaging/messages/error-codes.

It knows a repeated request again by its `Idempotency-Key`, for 24 hours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from activities.senders.http.http_api import Answer, Meaning, Request, as_json
from activities.senders.sender import MESSAGE_REFERENCE, Sms
from activities.senders.sms.sms_api import SmsApi, known_by, with_reference

ADDRESS = "https://api.telnyx.com"

NUMBER_INVALID = ("10001", "10002", "10016")
"""Of the recipient, where the error points at `to`; else of whoever sends."""


@dataclass(frozen=True, slots=True)
class Telnyx(SmsApi):
    """The API.

    Attributes:
        key: the API key.
        sender: the number or name that messages come from, or the id of a messaging profile.
        callback: where it reports what becomes of messages; None: where the messaging profile says.
    """

    key: str = field(repr=False)
    sender: str
    callback: str | None = None
    url: str = ADDRESS

    name: ClassVar[str] = "Telnyx"
    help: ClassVar[str] = "https://developers.telnyx.com/docs/messaging/messages/error-codes"
    dedupes: ClassVar[bool] = True
    by_code: ClassVar[Mapping[str, Meaning]] = {
        "40300": Meaning.OPTED_OUT,
        # A landline, a number that nothing is routed to, or none.
        **dict.fromkeys(("40001", "40012", "40310"), Meaning.BAD_ADDRESS),
        **dict.fromkeys((f"{code}.to" for code in NUMBER_INVALID), Meaning.BAD_ADDRESS),
        **dict.fromkeys(("10007", "10008", "10011", "40011", "40318"), Meaning.LATER),
        # Login, number, profile, registration, repute, region or credit of whoever sends; no recipient has part in it.
        **dict.fromkeys(("10005", "10009", "10010", *NUMBER_INVALID), Meaning.ACCOUNT_AT_FAULT),
        **dict.fromkeys(("40002", "40003", "40010", "40013", "40305", "40306"), Meaning.ACCOUNT_AT_FAULT),
        **dict.fromkeys(("40309", "40311", "40312", "40314", "40315", "40321"), Meaning.ACCOUNT_AT_FAULT),
        **dict.fromkeys(("40329", "40330", "40331", "40333"), Meaning.ACCOUNT_AT_FAULT),
    }
    by_status: ClassVar[Mapping[int, Meaning]] = {409: Meaning.LATER}

    def request(self, letter: Sms) -> Request:
        content: dict[str, object] = {"to": letter.recipient, "text": letter.text, "type": "SMS"}
        if letter.reference is not None:
            content["tags"] = [f"{MESSAGE_REFERENCE}:{letter.reference}"]
        # The id of a profile is a UUID; a number or a name never has its length.
        content["messaging_profile_id" if len(self.sender) == 36 else "from"] = self.sender
        if self.callback is not None:
            content["webhook_url"] = with_reference(self.callback, letter.reference)
        headers = {**self._headers, "content-type": "application/json", "idempotency-key": known_by(letter)}
        return Request("POST", f"{self.url.rstrip('/')}/v2/messages", headers, as_json(content))

    def question(self) -> Request:
        return Request("GET", f"{self.url.rstrip('/')}/v2/messaging_profiles?page%5Bsize%5D=1", self._headers)

    def took(self, answer: Answer) -> bool:
        return answer.status // 100 == 2 and answer.value("data") is not None

    def code(self, answer: Answer) -> str:
        code = answer.text("errors", 0, "code")
        at_recipient = code in NUMBER_INVALID and answer.text("errors", 0, "source", "pointer") == "/to"
        return f"{code}.to" if at_recipient else code

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}
