"""What a provider of text messages says of one that failed: its codes and words, each by its documentation."""

import pytest

from activities.providers.messagebird import MessageBird
from activities.providers.provider import ProviderCall
from activities.providers.telnyx import Telnyx
from activities.senders.http.http_api import Meaning
from activities.senders.sms import telnyx
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEventKind as Kind
from tests.providers import calls
from tests.providers.calls import NOW, URL

FAILED_BY_CODE = {
    "40001": Kind.BOUNCED,
    "40012": Kind.BOUNCED,
    "40310": Kind.BOUNCED,
    "40300": Kind.SUPPRESSED,
    "40002": Kind.SENDER_AT_FAULT,
    "40003": Kind.SENDER_AT_FAULT,
    "40010": Kind.SENDER_AT_FAULT,
    "40329": Kind.SENDER_AT_FAULT,
    "40006": Kind.SOFT_BOUNCED,
    "40008": Kind.FAILED,
}


@pytest.mark.parametrize(("code", "kind"), FAILED_BY_CODE.items())
def test_a_code_of_telnyx_says_whose_fault_it_was(code: str, kind: Kind) -> None:
    message = {
        "id": "m-1",
        "to": [{"phone_number": "+15558675310", "status": "delivery_failed"}],
        "errors": [{"code": code}],
    }
    call = calls.telnyx({"data": {"event_type": "message.finalized", "payload": message}})
    provider = Telnyx([calls.TELNYX_KEY])
    (event,) = provider.read(provider.verify(call, NOW), call)
    assert (event.kind, event.address, event.code) == (kind, "+15558675310", code)


def test_what_is_nobodys_number_at_once_is_so_when_it_is_reported_later() -> None:
    """The same for those who have opted out, and for what is the sender's fault."""
    of_kind = {
        Meaning.BAD_ADDRESS: Kind.BOUNCED,
        Meaning.OPTED_OUT: Kind.SUPPRESSED,
        Meaning.ACCOUNT_AT_FAULT: Kind.SENDER_AT_FAULT,
    }
    at_once = {code: of_kind[meaning] for code, meaning in telnyx.Telnyx.by_code.items() if meaning in of_kind}
    assert {code: at_once.get(code, kind) for code, kind in FAILED_BY_CODE.items()} == FAILED_BY_CODE
    assert {code for code, kind in at_once.items() if kind is Kind.BOUNCED and "." not in code} <= FAILED_BY_CODE.keys()


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("unknown subscriber", Kind.BOUNCED),
        ("Unavailable subscriber", Kind.SOFT_BOUNCED),
        ("opted out", Kind.SUPPRESSED),
        ("carrier rejected", Kind.FAILED),
        ("", Kind.FAILED),
    ],
)
def test_a_reason_of_messagebird_says_whose_fault_it_was(reason: str, kind: Kind) -> None:
    query = {"id": "m-1", "status": "delivery_failed", "recipient": "15558675310", "statusErrorCode": "1"}
    call = ProviderCall(b"", url=f"{URL}messagebird", query=query | {"statusReason": reason})
    (event,) = MessageBird().read(WebhookDelivery(store_id="*", source="messagebird", topic="", key="d-1"), call)
    assert (event.kind, event.address, event.code) == (kind, "+15558675310", "1")
