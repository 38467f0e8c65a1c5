"""Telnyx, Messaging: POST /v2/messages.

It knows a repeated request again by its `Idempotency-Key`, for 24 hours.
"""

from dataclasses import dataclass, field

import httpx
from pydantic import BaseModel, ValidationError

from activities.senders.sender import (
    MESSAGE_REFERENCE,
    BadAddress,
    NotTaken,
    OptedOut,
    Rejected,
    SenderAtFault,
    Sms,
    Uncertain,
)
from activities.senders.sms.http_sms import json_object, refused_login, with_reference

ADDRESS = "https://api.telnyx.com"

OPTED_OUT = frozenset({"40300"})
BAD_ADDRESS = frozenset({"40001", "40012", "40310"})
"""A landline, a number that nothing is routed to, or none."""
NUMBER_INVALID = frozenset({"10001", "10002", "10016"})
"""Of the recipient, where the error points at `to`; else of whoever sends."""
LATER = frozenset({"10007", "10008", "10011", "40011", "40318"})
AT_FAULT = frozenset(
    {
        "10005",
        "10010",
        "40002",
        "40003",
        "40010",
        "40013",
        "40305",
        "40306",
        "40309",
        "40311",
        "40312",
        "40321",
        "40330",
    }
    | {"40333"}
)
"""Number, profile, registration, region or credit of whoever sends; the recipient has no part in it."""


@dataclass(frozen=True, slots=True)
class Telnyx:
    """The API.

    Attributes:
        key: the API key.
        sender: the number or name that messages come from, or the id of a messaging profile.
        callback: where it reports what becomes of messages; None: where the messaging profile says.
    """

    key: str = field(repr=False)
    sender: str
    callback: str | None = None
    address: str = ADDRESS

    name = "Telnyx"
    knows_repeats = True
    takes_none_by_503 = False

    def request(self, sms: Sms) -> httpx.Request:
        content: dict[str, object] = {"to": sms.recipient, "text": sms.text, "type": "SMS"}
        if sms.reference is not None:
            content["tags"] = [f"{MESSAGE_REFERENCE}:{sms.reference}"]
        # The id of a profile is a UUID; a number or a name never has its length.
        content["messaging_profile_id" if len(self.sender) == 36 else "from"] = self.sender
        if self.callback is not None:
            content["webhook_url"] = with_reference(self.callback, sms.reference)
        headers = self._login | {"Idempotency-Key": sms.reference or sms.message_id}
        return httpx.Request("POST", f"{self.address.rstrip('/')}/v2/messages", json=content, headers=headers)

    def read(self, answer: httpx.Response) -> None:
        found = json_object(answer)
        if answer.is_success:
            if "data" not in found:
                raise Uncertain(f"Telnyx answered {answer.status_code} without the message")
            return
        code, at_recipient = _first_error(found)
        said = f"Telnyx answered {answer.status_code} with code {code or 'none'}"
        if code in OPTED_OUT:
            raise OptedOut(f"{said}: the recipient has opted out")
        if code in BAD_ADDRESS or (code in NUMBER_INVALID and at_recipient):
            raise BadAddress(f"{said}: no text message can be sent to this number")
        if code in LATER or answer.status_code in (408, 409, 425):
            raise NotTaken(f"{said}: later")
        if answer.status_code == 401 or code == "10009":
            raise refused_login("Telnyx", code)
        if code in AT_FAULT or code in NUMBER_INVALID or answer.status_code in (402, 403, 404):
            raise SenderAtFault(f"{said}: see https://developers.telnyx.com/docs/messaging/messages/error-codes")
        raise Rejected(said)

    def probe(self) -> httpx.Request | None:
        url = f"{self.address.rstrip('/')}/v2/messaging_profiles"
        return httpx.Request("GET", url, params={"page[size]": "1"}, headers=self._login)

    @property
    def _login(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def _first_error(found: dict[str, object]) -> tuple[str | None, bool]:
    """The code of the first error, and whether it points at the recipient."""
    try:
        first = _Errors.model_validate(found).errors[0]
    except (ValidationError, IndexError):
        return None, False
    return first.code, first.source.pointer == "/to"


class _Source(BaseModel):
    pointer: str | None = None


class _Error(BaseModel):
    code: str
    source: _Source = _Source()


class _Errors(BaseModel):
    errors: tuple[_Error, ...]
