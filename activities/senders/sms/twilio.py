"""Twilio, Programmable Messaging: POST /2010-04-01/Accounts/{sid}/Messages.json.

It knows no repeated request again: what was cut off is unknown until it reports, by the status callback.
"""

from dataclasses import dataclass, field

import httpx

from activities.senders.sender import BadAddress, NotTaken, OptedOut, Rejected, SenderAtFault, Sms, Uncertain
from activities.senders.sms.http_sms import json_object, refused_login, with_reference

ADDRESS = "https://api.twilio.com"

OPTED_OUT = frozenset({21610})
BAD_ADDRESS = frozenset({21211, 21217, 21614, 30005, 30006})
"""Not a number, or none that takes text messages: unknown, or a landline."""
LATER = frozenset({14107, 20429, 21611, 30001})
"""Too many at once, or a queue that is full."""
AT_FAULT = frozenset({20003, 20005, 20404, 21210, 21212, 21408, 21601, 21603, 21606, 21701, 21703, 30002, 30007, 30034})
"""Login, account, number or registration of whoever sends; the recipient has no part in it."""


@dataclass(frozen=True, slots=True)
class Twilio:
    """The API.

    Attributes:
        account, token: the account's SID and its auth token.
        sender: the number or name that messages come from, or the SID of a messaging service, MG….
        callback: where it reports what becomes of messages; None: nowhere.
        address: of the API; another for a region.
    """

    account: str
    token: str = field(repr=False)
    sender: str
    callback: str | None = None
    address: str = ADDRESS

    name = "Twilio"
    knows_repeats = False
    takes_none_by_503 = False

    def request(self, sms: Sms) -> httpx.Request:
        form = {"To": sms.recipient, "Body": sms.text}
        form["MessagingServiceSid" if self.sender.startswith("MG") else "From"] = self.sender
        if self.callback is not None:
            form["StatusCallback"] = with_reference(self.callback, sms.reference)
        return self._signed(httpx.Request("POST", f"{self._account}/Messages.json", data=form))

    def read(self, answer: httpx.Response) -> None:
        found = json_object(answer)
        if answer.is_success:
            if "sid" not in found:
                raise Uncertain(f"Twilio answered {answer.status_code} without the message's id")
            return
        code = found.get("code")
        said = f"Twilio answered {answer.status_code} with code {code if isinstance(code, int) else 'none'}"
        if code in OPTED_OUT:
            raise OptedOut(f"{said}: the recipient has opted out")
        if code in BAD_ADDRESS:
            raise BadAddress(f"{said}: no text message can be sent to this number")
        if code in LATER:
            raise NotTaken(f"{said}: later")
        if answer.status_code == 401:
            raise refused_login("Twilio", code)
        if code in AT_FAULT or answer.status_code in (403, 404):
            raise SenderAtFault(f"{said}: see https://www.twilio.com/docs/api/errors/{code}")
        raise Rejected(said)

    def probe(self) -> httpx.Request | None:
        return self._signed(httpx.Request("GET", f"{self._account}.json"))

    @property
    def _account(self) -> str:
        return f"{self.address.rstrip('/')}/2010-04-01/Accounts/{self.account}"

    def _signed(self, request: httpx.Request) -> httpx.Request:
        return next(httpx.BasicAuth(self.account, self.token).auth_flow(request))
