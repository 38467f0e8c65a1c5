"""Every stored payload of every provider gives its one right outcome: none is left out."""

import json
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from activities.delivery.address_change import ADDRESS_CHANGE
from activities.providers.provider import PlainProvider, Provider, ProviderCall
from activities.providers.reading import reference_of
from activities.providers.registry import PROVIDERS
from activities.storefronts.storefront import SignatureWrong
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId, message_reference
from schemas.incoming.message_events import MessageEvent, MessageEventKind
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.journey.activities import Deliver
from tests.providers.calls import NOW, PAYLOADS, TWILIO_TOKEN, URL, VONAGE_SECRET, as_json, stored
from workflows.interpreter.walk import BROADCAST_STEP

Said = tuple[MessageEventKind, str | None, str | None]
"""Kind, address and code."""

EMAIL: dict[str, tuple[Said, ...]] = {
    "amazon_ses_click_event": ((Kind.CLICKED, "recipient@example.com", None),),
    "amazon_ses_complaint_event": ((Kind.COMPLAINED, "richard@example.com", None),),
    "amazon_ses_delivery_event": ((Kind.DELIVERED, "jane@example.com", "250"),),
    "amazon_ses_multiple_bounce_event": (
        (Kind.BOUNCED, "jane@example.com", None),
        (Kind.BOUNCED, "richard@example.com", None),
    ),
    "amazon_ses_reject_event": ((Kind.FAILED, "recipient@example.com", None),),
    "amazon_ses_rendering_failure_event": ((Kind.RENDERING_FAILED, "recipient@example.com", None),),
    "brevo_clicked_event": ((Kind.CLICKED, "recipient@example.com", None),),
    "brevo_complaint_event": ((Kind.COMPLAINED, "example@domain.com", None),),
    "brevo_deferred_event": ((Kind.DEFERRED, "notauser@example.com", "5.1.1"),),
    "brevo_delivered_event": ((Kind.DELIVERED, "recipient@example.com", None),),
    "brevo_error_email_event": ((Kind.FAILED, "example@domain.com", None),),
    "brevo_hard_bounce_event": ((Kind.BOUNCED, "not-a-user@example.com", "5.5.0"),),
    "brevo_invalid_email_event": ((Kind.BOUNCED, "recipient@example.com", None),),
    "brevo_opened_event": ((Kind.OPENED, "recipient@example.com", None),),
    "brevo_proxy_open_event": ((Kind.MACHINE_OPENED, "example@domain.com", None),),
    "brevo_sent_event": ((Kind.ACCEPTED, "recipient@example.com", None),),
    "brevo_spam_event": ((Kind.COMPLAINED, "recipient@example.com", None),),
    "brevo_unique_opened_event": ((Kind.OPENED, "recipient@example.com", None),),
    "brevo_unsubscribe_event": ((Kind.UNSUBSCRIBED, "recipient@example.com", None),),
    "mailgun_clicked_event": ((Kind.CLICKED, "recipient@example.com", None),),
    "mailgun_complained_event": ((Kind.COMPLAINED, "recipient@example.com", None),),
    "mailgun_delivered_event": ((Kind.DELIVERED, "recipient@example.com", "250"),),
    "mailgun_failed_permanent_event": ((Kind.BOUNCED, "invalid@example.com", "5.1.1"),),
    "mailgun_failed_temporary_event": ((Kind.DEFERRED, "undeliverable@nomx.example.com", "498"),),
    "mailgun_opened_event": ((Kind.OPENED, "recipient@example.com", None),),
    "mailgun_unsubscribed_event": ((Kind.UNSUBSCRIBED, "recipient@example.com", None),),
    "postmark_bounce_event": ((Kind.BOUNCED, "bounce@example.com", "5.1.1"),),
    "postmark_click_event": ((Kind.CLICKED, "recipient@example.com", None),),
    "postmark_delivered_event": ((Kind.DELIVERED, "recipient@example.com", None),),
    # Gmail's proxy, as its client and its name say: it fetches images for its reader, or before there is one.
    "postmark_open_event": ((Kind.MACHINE_OPENED, "recipient@example.com", None),),
    "postmark_spam_event": ((Kind.COMPLAINED, "spam@example.com", None),),
    "resend_clicked_event": ((Kind.CLICKED, "to@example.org", None),),
    "resend_complained_event": ((Kind.COMPLAINED, "complained@resend.dev", None),),
    "resend_delivered_event": ((Kind.DELIVERED, "to@example.org", None),),
    "resend_hard_bounced_event": ((Kind.BOUNCED, "bounced@resend.dev", None),),
    "resend_opened_event": ((Kind.OPENED, "to@example.org", None),),
    "resend_sent_event": ((Kind.ACCEPTED, "to@example.org", None), (Kind.ACCEPTED, "to2@example.org", None)),
    "resend_suppressed_event": ((Kind.SUPPRESSED, "blocked@example.org", None),),
    "sendgrid_bounce_event": ((Kind.BOUNCED, "noreply@example.com", "5.1.1"),),
    "sendgrid_click_event": ((Kind.CLICKED, "recipient@example.com", None),),
    "sendgrid_compatibility_message_id_from_smtp_id": ((Kind.DELIVERED, "recipient@example.com", "2.0.0"),),
    "sendgrid_deferred_event": ((Kind.DEFERRED, "recipient@example.com", None),),
    "sendgrid_delivered_event": ((Kind.DELIVERED, "recipient@example.com", "2.0.0"),),
    "sendgrid_dropped_bounced": ((Kind.SUPPRESSED, "example@example.com", "5.0.0"),),
    "sendgrid_dropped_invalid_event": ((Kind.BOUNCED, "invalid@invalid", None),),
    # From an address of Google's, under the name of Gmail's proxy.
    "sendgrid_open_event": ((Kind.MACHINE_OPENED, "recipient@example.com", None),),
    "sendgrid_processed_event": ((Kind.ACCEPTED, "recipient@example.com", None),),
}
SHOPPER = "+15558675310"
SMS: dict[str, tuple[Said, ...]] = {
    "twilio_inbound_help": ((Kind.SAID_HELP, SHOPPER, None),),
    "twilio_inbound_start": ((Kind.SAID_START, SHOPPER, None),),
    "twilio_inbound_stop": ((Kind.SAID_STOP, SHOPPER, None),),
    "twilio_status_delivered": ((Kind.DELIVERED, SHOPPER, None),),
    "twilio_status_failed_opted_out": ((Kind.SUPPRESSED, SHOPPER, "21610"),),
    "vonage_sms_delivery_receipt": ((Kind.DELIVERED, "+447700900000", None),),
    "vonage_sms_inbound": ((Kind.SAID_SOMETHING, "+447700900001", None),),
    "vonage_sms_inbound_stop": ((Kind.SAID_STOP, "+447700900001", None),),
}


def provider_of(name: str) -> Provider:
    (found,) = (each for each in PROVIDERS if each.name in name.split("_"))
    return found.with_secrets([])


def enveloped(body: bytes) -> bytes:
    """As SNS brings it."""
    envelope = {
        "Type": "Notification",
        "MessageId": "22b80b92",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:mail",
        "Message": body.decode(),
        "Timestamp": "2026-11-29T12:00:00.000Z",
        "SignatureVersion": "2",
        "Signature": "",
        "SigningCertURL": "",
    }
    return as_json(envelope)


def read(name: str, folder: str = "providers") -> tuple[MessageEvent, ...]:
    provider, body = provider_of(name), stored(f"{folder}/{name}.json")
    assert isinstance(provider, PlainProvider)
    call = ProviderCall(enveloped(body) if provider.name == "ses" else body)
    if provider.name == "twilio":
        call = ProviderCall(json.loads(body)["body"].encode())
    return provider.read(provider.delivery("d-1"), call)


def said(events: tuple[MessageEvent, ...]) -> tuple[Said, ...]:
    return tuple((event.kind, event.address, event.code) for event in events)


def test_no_stored_payload_is_left_out() -> None:
    assert {path.stem for path in (PAYLOADS / "providers").iterdir()} == set(EMAIL)
    assert {path.stem for path in (PAYLOADS / "sms").iterdir()} == set(SMS)


@pytest.mark.parametrize(("name", "expected"), EMAIL.items(), ids=list(EMAIL))
def test_every_payload_of_mail_gives_its_outcome(name: str, expected: tuple[Said, ...]) -> None:
    events = read(name)
    assert said(events) == expected
    assert {event.channel for event in events} == {"email"}
    assert len({event.id for event in events}) == len(events)


@pytest.mark.parametrize(("name", "expected"), SMS.items(), ids=list(SMS))
def test_every_payload_of_texts_gives_its_outcome(name: str, expected: tuple[Said, ...]) -> None:
    events = read(name, "sms")
    assert said(events) == expected
    assert {event.channel for event in events} == {"sms"}


@pytest.mark.parametrize("name", [*EMAIL, *SMS])
def test_an_event_is_the_same_each_time_and_names_no_address(name: str) -> None:
    folder = "sms" if name in SMS else "providers"
    events = read(name, folder)
    assert read(name, folder) == events
    for event in events:
        assert event.address is not None
        assert event.address not in event.id
        assert event.address.lstrip("+") not in event.id


def test_a_moment_is_the_providers_own() -> None:
    moments = {
        "amazon_ses_delivery_event": datetime(2016, 1, 27, 14, 59, 38, 237000, UTC),
        "brevo_delivered_event": datetime(2018, 3, 6, 19, 10, 23, tzinfo=UTC),
        "brevo_complaint_event": datetime(2020, 11, 9, 14, 54, 14, tzinfo=UTC),
        "mailgun_failed_permanent_event": datetime(2018, 8, 12, 21, 47, 2, 389832, UTC),
        "postmark_bounce_event": datetime(2016, 4, 27, 20, 28, 50, 396393, UTC),
        "resend_clicked_event": datetime(2023, 9, 28, 17, 21, 35, 257000, UTC),
        "sendgrid_bounce_event": datetime(2016, 4, 19, 19, 47, 30, tzinfo=UTC),
    }
    assert {name: read(name)[0].at for name in moments} == moments


REFERENCE = "0123456789abcdef0123456789abcdef"
OURS = "j-" + "0" * 28
WITH_REFERENCE: dict[str, Any] = {
    "amazon_ses_delivery_event": {"mail": {"tags": {"shelftalk_message": [REFERENCE]}}},
    "brevo_delivered_event": {"X-Mailin-custom": json.dumps({"shelftalk_message": REFERENCE})},
    "mailgun_delivered_event": {"event-data": {"user-variables": {"shelftalk_message": REFERENCE}}},
    "postmark_delivered_event": {"Metadata": {"shelftalk_message": REFERENCE}},
    "resend_delivered_event": {"data": {"tags": {"shelftalk_message": REFERENCE}}},
    "sendgrid_delivered_event": {"shelftalk_message": REFERENCE},
}


def merged(message: Any, changes: Any) -> Any:
    if isinstance(message, list):
        return [merged(message[0], changes)]
    if not isinstance(changes, dict):
        return changes
    parts = cast(dict[str, Any], changes)
    return {**message, **{name: merged(message.get(name, {}), value) for name, value in parts.items()}}


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_every_provider_says_our_reference_again(name: str) -> None:
    provider = provider_of(name)
    assert isinstance(provider, PlainProvider)
    body = as_json(merged(json.loads(stored(f"providers/{name}.json")), WITH_REFERENCE[name]))
    call = ProviderCall(enveloped(body) if provider.name == "ses" else body)
    assert [event.reference for event in provider.read(provider.delivery("d"), call)] == [REFERENCE]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("brevo_delivered_event", {"message-id": f"<{OURS}.tell.1@shop.example>"}),
        ("sendgrid_delivered_event", {"smtp-id": f"<{OURS}.tell.1@shop.example>"}),
        ("mailgun_delivered_event", {"event-data": {"message": {"headers": {"message-id": f"{OURS}.tell.1@a.b"}}}}),
    ],
)
def test_a_message_is_known_by_its_message_id_too(name: str, changes: Any) -> None:
    provider = provider_of(name)
    assert isinstance(provider, PlainProvider)
    call = ProviderCall(as_json(merged(json.loads(stored(f"providers/{name}.json")), changes)))
    (event,) = provider.read(provider.delivery("d"), call)
    assert event.reference == message_reference(f"{OURS}/tell/1")


@pytest.mark.parametrize("message", ["news", f"{ADDRESS_CHANGE}17"], ids=["a broadcast", "an address change"])
def test_a_message_of_a_step_that_has_a_slash_is_known_by_its_message_id_too(message: str) -> None:
    step = Send(id=StepId(f"{BROADCAST_STEP}{message}"), message=message)
    asked = Deliver(
        journey_id=JourneyId(OURS), version=VersionId("c@1"), step=step, event=None, round=0, give_up_at=NOW
    )
    assert reference_of(f"<{asked.key.replace('/', '.')}@shop.example>") == message_reference(asked.key)


def test_stored_texts_of_twilio_are_believed_by_their_own_signature() -> None:
    twilio = provider_of("twilio").with_secrets([TWILIO_TOKEN])
    for name in (each for each in SMS if each.startswith("twilio")):
        kept = json.loads(stored(f"sms/{name}.json"))
        signed = ProviderCall(kept["body"].encode(), {"X-Twilio-Signature": kept["x_twilio_signature"]}, kept["url"])
        assert twilio.verify(signed, NOW).source == "twilio"
        with pytest.raises(SignatureWrong):
            twilio.verify(ProviderCall(signed.body + b"&x=1", signed.headers, signed.url), NOW)


@pytest.mark.parametrize("name", [each for each in SMS if each.startswith("vonage")])
def test_stored_texts_of_vonage_were_signed_by_nobody_we_know(name: str) -> None:
    vonage = provider_of("vonage").with_secrets([VONAGE_SECRET])
    with pytest.raises(SignatureWrong):
        vonage.verify(ProviderCall(stored(f"sms/{name}.json"), {}, URL + "vonage"), NOW)
