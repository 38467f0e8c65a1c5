"""Text messages over HTTP: what can be one at all, and the sender by any of its providers."""

import re
from typing import ClassVar, TypeAlias
from urllib.parse import urlencode

import httpx

from activities.senders.http.http_api import Answer, HttpApi, Request
from activities.senders.http.http_sender import HttpSender
from activities.senders.limits import Limits
from activities.senders.sender import MESSAGE_REFERENCE, Rejected, Sms
from activities.senders.sms.segments import LONGEST_TEXT

CONNECTIONS = 16
"""Requests under way at once. Providers queue what is above a sender's rate, and say 429 above theirs."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class SmsApi(HttpApi[Sms]):
    """One provider of text messages. It knows a message by what `known_by` says."""

    settings: ClassVar[str] = "SHELFTALK_SMS"
    address: ClassVar[str] = "number"

    def addresses(self, letter: Sms) -> tuple[str, ...]:
        return (letter.recipient,)

    def question(self) -> Request | None:
        return None

    def took(self, answer: Answer) -> bool:
        return answer.status // 100 == 2


SmsSender: TypeAlias = HttpSender[Sms, Sms]


def sms_sender_by(api: SmsApi, limits: Limits | None = None) -> SmsSender:
    """A sender of text messages by this provider."""
    return HttpSender(api, checked, connections=CONNECTIONS, limits=limits)


def checked(sms: Sms) -> Sms:
    """The same, if it can be a text message at all.

    Raises:
        Rejected: it cannot.
    """
    if _E164.fullmatch(sms.recipient) is None:
        raise Rejected("the recipient is not a phone number with + and the country's code")
    if not sms.text.strip():
        raise Rejected("the text is empty; correct the message's template")
    if len(sms.text) > LONGEST_TEXT:
        raise Rejected(f"the text is longer than {LONGEST_TEXT} characters; shorten the message's template")
    try:
        sms.text.encode()
    except UnicodeEncodeError:
        raise Rejected("the message holds half a character (a lone surrogate); correct its template or data") from None
    return sms


def known_by(sms: Sms) -> str:
    """What the provider knows a message by, and a repeated request again."""
    return sms.reference or sms.message_id


def form(fields: dict[str, str]) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a form."""
    return {"content-type": "application/x-www-form-urlencoded"}, urlencode(fields).encode()


def with_reference(url: str, reference: str | None) -> str:
    """The address that the provider reports to, naming the message there."""
    return str(httpx.URL(url).copy_merge_params({MESSAGE_REFERENCE: reference})) if reference is not None else url
