"""Twilio, Programmable Messaging: POST /2010-04-01/Accounts/{sid}/Messages.json.

It knows no repeated request again: what was cut off is unknown until it reports, by the status callback.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from activities.senders.http.http_api import Answer, Meaning, Request
from activities.senders.sender import Sms
from activities.senders.sms.sms_api import SmsApi, form, with_reference

ADDRESS = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class Twilio(SmsApi):
    """The API.

    Attributes:
        account, token: the account's SID and its auth token.
        sender: the number or name that messages come from, or the SID of a messaging service, MG….
        callback: where it reports what becomes of messages; None: nowhere.
        url: of the API; another for a region.
    """

    account: str
    token: str = field(repr=False)
    sender: str
    callback: str | None = None
    url: str = ADDRESS

    name: ClassVar[str] = "Twilio"
    help: ClassVar[str] = "https://www.twilio.com/docs/api/errors"
    by_code: ClassVar[Mapping[str, Meaning]] = {
        "21610": Meaning.OPTED_OUT,
        # Not a number, or none that takes text messages: unknown, or a landline.
        **dict.fromkeys(("21211", "21217", "21614", "30005", "30006"), Meaning.BAD_ADDRESS),
        # Too many at once, or a queue that is full.
        **dict.fromkeys(("14107", "20429", "21611", "30001"), Meaning.LATER),
        # Login, account, number or registration of whoever sends; the recipient has no part in it.
        **dict.fromkeys(("20003", "20005", "20404", "21210", "21212", "21408", "21601"), Meaning.ACCOUNT_AT_FAULT),
        **dict.fromkeys(("21603", "21606", "21701", "21703", "30002", "30007", "30034"), Meaning.ACCOUNT_AT_FAULT),
    }

    def request(self, letter: Sms) -> Request:
        fields = {"To": letter.recipient, "Body": letter.text}
        fields["MessagingServiceSid" if self.sender.startswith("MG") else "From"] = self.sender
        if self.callback is not None:
            fields["StatusCallback"] = with_reference(self.callback, letter.reference)
        headers, content = form(fields)
        return Request("POST", f"{self._account}/Messages.json", headers | self._login, content)

    def question(self) -> Request:
        return Request("GET", f"{self._account}.json", self._login)

    def took(self, answer: Answer) -> bool:
        return answer.status // 100 == 2 and answer.text("sid") != ""

    def code(self, answer: Answer) -> str:
        code = answer.value("code")
        return str(code) if isinstance(code, int) else ""

    @property
    def _account(self) -> str:
        return f"{self.url.rstrip('/')}/2010-04-01/Accounts/{self.account}"

    @property
    def _login(self) -> dict[str, str]:
        return {"authorization": f"Basic {base64.b64encode(f'{self.account}:{self.token}'.encode()).decode()}"}
