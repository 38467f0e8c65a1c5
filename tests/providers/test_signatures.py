"""Who is believed: nine schemes, each with the providers' own vectors, right and wrong; and what is never opened."""

import base64
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from activities.providers.brevo import Brevo
from activities.providers.mailgun import Mailgun
from activities.providers.messagebird import MessageBird
from activities.providers.postmark import Postmark
from activities.providers.provider import Provider, ProviderCall
from activities.providers.registry import PROVIDERS, Providers
from activities.providers.resend import Resend
from activities.providers.sendgrid import SendGrid
from activities.providers.ses import Ses
from activities.providers.telnyx import Telnyx
from activities.providers.twilio import Twilio
from activities.providers.vonage import Vonage
from activities.storefronts.storefront import PayloadMalformed, SignatureWrong
from schemas.settings import Settings
from tests.providers import calls
from tests.providers.calls import NOW, URL, vectors


def believed(provider: Provider, call: ProviderCall, now: datetime = NOW) -> bool:
    try:
        provider.to_fetch(call)
        provider.verify(call, now)
    except SignatureWrong:
        return False
    return True


def seconds(at: float | str) -> datetime:
    return datetime.fromtimestamp(float(at), UTC)


def named(case: dict[str, Any]) -> str:
    return str(case.get("name") or case.get("note") or case.get("url"))


SNS = vectors("amazon_sns")


@pytest.mark.parametrize("case", SNS["cases"], ids=named)
def test_amazons_envelopes(case: dict[str, Any]) -> None:
    call = ProviderCall(json.dumps(case["message"]).encode(), {}, URL + "ses", fetched=SNS["certificate"].encode())
    now = datetime(2026, 11, 29, 12, 1, tzinfo=UTC)
    assert believed(Ses([SNS["topic"]]), call, now) is (case["valid"] is True)
    assert not believed(Ses([SNS["topic"]]), call, now + timedelta(days=3)), "an old one is refused"
    assert not believed(Ses(["arn:aws:sns:us-east-1:123456789012:another"]), call, now)


def test_nothing_is_fetched_but_from_amazon_and_for_a_topic_of_ours() -> None:
    for case in SNS["cases"]:
        call = ProviderCall(json.dumps(case["message"]).encode())
        try:
            address = Ses([SNS["topic"]]).to_fetch(call)
        except SignatureWrong:
            continue
        assert address is not None
        assert address.startswith("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-")


def test_a_confirmation_is_opened_at_amazon_only() -> None:
    ses = Ses([SNS["topic"]])
    by_name = {case["name"]: ProviderCall(json.dumps(case["message"]).encode()) for case in SNS["cases"]}
    opened = ses.to_open(by_name["subscription confirmation"])
    assert opened is not None
    assert opened.startswith("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription")
    assert ses.to_open(by_name["version 2"]) is None


@pytest.mark.parametrize("case", vectors("sendgrid_event_webhook"), ids=named)
def test_sendgrids_signatures(case: dict[str, Any]) -> None:
    call = ProviderCall(
        case["body"].encode(),
        {
            "X-Twilio-Email-Event-Webhook-Signature": case["signature"],
            "X-Twilio-Email-Event-Webhook-Timestamp": case["timestamp"],
        },
    )
    assert believed(SendGrid([case["public_key"]]), call, seconds(1600112510)) is case["valid"]
    assert not believed(SendGrid([case["public_key"]]), call, seconds(1600112502) + timedelta(days=2))


MAILGUN = vectors("mailgun")


@pytest.mark.parametrize("case", MAILGUN["cases"], ids=named)
def test_mailguns_signatures(case: dict[str, Any]) -> None:
    signed = {name: case[name] for name in ("timestamp", "token", "signature")}
    call = ProviderCall(json.dumps({"event-data": {"event": "opened"}, "signature": signed}).encode())
    # The same token once more is genuine, and the same delivery: see tests/feedback/test_webhooks.py.
    genuine = case["valid"] is True or "replay" in str(case["valid"])
    assert believed(Mailgun([MAILGUN["signing_key"]]), call, seconds(case["now"])) is genuine
    assert not believed(Mailgun(["api-key-and-not-the-signing-key"]), call, seconds(case["now"]))


def test_a_subaccount_of_mailguns_is_believed_by_its_parents_signature() -> None:
    own = json.loads(calls.mailgun({"event": "opened"}).body)
    other = {"timestamp": "1764417600", "token": "t", "signature": "0" * 64}
    body = json.dumps({"event-data": {"event": "opened"}, "signature": other, "parent-signature": own["signature"]})
    assert believed(Mailgun([calls.MAILGUN_KEY]), ProviderCall(body.encode()))


RESEND = vectors("resend_svix")


@pytest.mark.parametrize("case", RESEND["cases"], ids=named)
def test_resends_signatures(case: dict[str, Any]) -> None:
    call = ProviderCall(case["body"].encode(), case["headers"])
    now = seconds(case["now"])
    assert believed(Resend([RESEND["secret"]]), call, now) is case["valid"]
    assert not believed(Resend([RESEND["secret"]]), call, now + timedelta(minutes=6)), "an old one is refused"


def test_the_vector_of_standard_webhooks() -> None:
    case = vectors("standard_webhooks")
    call = ProviderCall(case["body"].encode(), case["headers"])
    assert believed(Resend([case["secret"]]), call, seconds(case["headers"]["webhook-timestamp"]))
    assert not believed(Resend([case["secret"]]), call, NOW)


TWILIO = vectors("twilio_signature")


@pytest.mark.parametrize("case", TWILIO["cases"], ids=named)
def test_twilios_signatures(case: dict[str, Any]) -> None:
    body = case["body"] if "body" in case else urlencode([tuple(pair) for pair in case["params"]])
    query = dict(part.split("=") for part in case["url"].partition("?")[2].split("&"))
    call = ProviderCall(body.encode(), {"X-Twilio-Signature": case["signature"]}, case["url"], query)
    assert believed(Twilio([TWILIO["token"]]), call) is case["valid"]
    assert not believed(Twilio(["another"]), call)
    changed = ProviderCall(call.body + b" ", call.headers, call.url, call.query)
    assert not believed(Twilio([TWILIO["token"]]), changed)


def test_twilio_is_believed_where_a_proxy_took_its_call_by_https() -> None:
    sent = calls.twilio({"MessageSid": "SM1", "MessageStatus": "sent"})
    assert believed(
        Twilio([calls.TWILIO_TOKEN]), ProviderCall(sent.body, sent.headers, sent.url.replace("https", "http"))
    )


VONAGE = vectors("vonage_sig")


@pytest.mark.parametrize("case", VONAGE["cases"], ids=named)
@pytest.mark.parametrize("sent_as", ["json", "form", "query"])
def test_vonages_signatures(case: dict[str, Any], sent_as: str) -> None:
    given = case["params"]
    call = {
        "json": ProviderCall(json.dumps(given).encode()),
        "form": ProviderCall(urlencode(given).encode()),
        "query": ProviderCall(b"", query=given, method="GET"),
    }[sent_as]
    at = seconds(given["timestamp"])
    assert believed(Vonage([VONAGE["secret"]]), call, at) is case["valid"]
    assert believed(Vonage([VONAGE["secret"]]), call, at + timedelta(hours=23)) is case["valid"], "it is tried so long"
    assert not believed(Vonage([VONAGE["secret"]]), call, at + timedelta(hours=25))
    assert not believed(Vonage(["another secret of somebody"]), call, at)


def token(secret: str, **claims: object) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret), algorithms=["HS256"])


def test_vonages_tokens() -> None:
    body, secret = b'{"message_uuid": "m-1", "status": "delivered"}', calls.VONAGE_SECRET
    digest, at = hashlib.sha256(body).hexdigest(), int(NOW.timestamp())

    def sent(signed: str, of: bytes = body) -> ProviderCall:
        return ProviderCall(of, {"Authorization": f"Bearer {signed}"})

    vonage = Vonage([secret])
    assert believed(vonage, sent(token(secret, payload_hash=digest, iat=at)))
    assert not believed(vonage, sent(token(secret, payload_hash=digest, iat=at), body + b" "))
    assert not believed(vonage, sent(token(secret, payload_hash=digest, iat=at - 90_000)))
    assert not believed(vonage, sent(token(secret, iat=at)))
    assert not believed(vonage, sent(token("another secret of somebody", payload_hash=digest, iat=at)))
    assert not believed(vonage, sent("e30.e30."))


@pytest.mark.parametrize("case", vectors("messagebird_jwt"), ids=named)
def test_messagebirds_tokens(case: dict[str, Any]) -> None:
    call = ProviderCall(
        case.get("payload", "").encode(),
        {"MessageBird-Signature-JWT": case["token"]},
        case["url"],
        method=case["method"],
    )
    now = datetime.fromisoformat(case["timestamp"])
    assert believed(MessageBird([case.get("secret") or "a secret that nobody signed with"]), call, now) is case["valid"]


def test_telnyxs_signatures() -> None:
    sent = calls.telnyx({"data": {"event_type": "message.sent"}})
    telnyx = Telnyx([calls.TELNYX_KEY])
    assert believed(telnyx, sent)
    assert not believed(telnyx, sent, NOW + timedelta(minutes=6))
    assert not believed(telnyx, ProviderCall(sent.body + b" ", sent.headers))
    assert not believed(telnyx, ProviderCall(sent.body, {**sent.headers, "telnyx-timestamp": "1764417631"}))
    assert not believed(Telnyx([base64.b64encode(bytes(31) + b"\1").decode()]), sent)


@pytest.mark.parametrize("kind", [Postmark, Brevo])
def test_who_signs_nothing_is_known_by_user_and_password_or_by_a_token(kind: type[Postmark | Brevo]) -> None:
    by_password, by_token = kind([calls.BASIC]), kind(["a-token-without-a-colon"])
    assert believed(by_password, calls.shared(kind.name, {}))
    assert not believed(by_password, calls.shared(kind.name, {}, "shelftalk:another"))
    assert not believed(by_password, ProviderCall(b"{}", {"Authorization": f"Bearer {calls.BASIC}"}))
    assert not believed(by_password, ProviderCall(b"{}"))
    assert believed(by_token, ProviderCall(b"{}", {"authorization": "Bearer a-token-without-a-colon"}))
    assert not believed(by_token, calls.shared(kind.name, {}, "a-token-without-a-colon"))


GENUINE: dict[str, tuple[str, str, Callable[[], ProviderCall]]] = {
    "sendgrid": (calls.SENDGRID_KEY, vectors("sendgrid_event_webhook")[0]["public_key"], lambda: calls.sendgrid([])),
    "postmark": (calls.BASIC, "a:b", lambda: calls.shared("postmark", {})),
    "brevo": (calls.BASIC, "a:b", lambda: calls.shared("brevo", {})),
    "mailgun": (calls.MAILGUN_KEY, "another", lambda: calls.mailgun({"event": "opened"})),
    "resend": (calls.RESEND_SECRET, RESEND["secret"], lambda: calls.resend({})),
    "twilio": (calls.TWILIO_TOKEN, "another", lambda: calls.twilio({"MessageSid": "SM1"})),
    "vonage": (calls.VONAGE_SECRET, "another secret", lambda: calls.vonage({"messageId": "m"})),
    "telnyx": (calls.TELNYX_KEY, base64.b64encode(bytes(31) + b"\1").decode(), lambda: calls.telnyx({})),
}


@pytest.mark.parametrize("name", GENUINE)
def test_while_a_secret_is_rotated_the_old_and_the_new_both_count(name: str) -> None:
    secret, another, call = GENUINE[name]
    (kind,) = (each for each in PROVIDERS if each.name == name)
    for secrets, expected in (
        ([secret], True),
        ([another, secret], True),
        ([secret, another], True),
        ([another], False),
    ):
        assert believed(kind.with_secrets(secrets), call()) is expected


@pytest.mark.parametrize("kind", PROVIDERS, ids=lambda kind: kind.name)
def test_without_a_secret_nobody_is_believed_and_the_setting_is_named(kind: type[Provider]) -> None:
    call = GENUINE[kind.name][2]() if kind.name in GENUINE else ProviderCall(b"{}")
    with pytest.raises(SignatureWrong, match=f"SHELFTALK_PROVIDER_SECRETS to {kind.name}="):
        kind.with_secrets([]).verify(call, NOW)


@pytest.mark.parametrize("kind", PROVIDERS, ids=lambda kind: kind.name)
@given(body=st.binary(max_size=200), headers=st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=4))
def test_whatever_nobody_signed_is_refused(kind: type[Provider], body: bytes, headers: dict[str, str]) -> None:
    secret = GENUINE[kind.name][0] if kind.name in GENUINE else {"ses": SNS["topic"]}.get(kind.name, "x" * 20)
    assert not believed(kind.with_secrets([secret]), ProviderCall(body, headers, URL + kind.name))


@pytest.mark.parametrize("kind", PROVIDERS, ids=lambda kind: kind.name)
@given(
    body=st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["event", "event-data", "data", "RecordType", "type", "to", "messageId", "id", "Message"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_a_body_is_it_is_read_or_malformed(kind: type[Provider], body: bytes) -> None:
    provider = kind.with_secrets([])
    delivery = Postmark([]).delivery("d")
    with suppress(PayloadMalformed):
        for event in provider.read(delivery, ProviderCall(body)):
            assert event.id


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("sendgrid", "say whose each secret is"),
        ("sendgrid=", "say whose each secret is"),
        ("sendgird=x", "names 'sendgird'"),
        ("sendgrid=x", "verification key"),
        ("ses=shelftalk-mail", "ARN"),
        ("resend=whsec_", "signing secret"),
        ("telnyx=x", "public key"),
        ("messagebird=short", "signing key"),
    ],
)
def test_a_secret_that_is_of_no_use_is_said_at_the_start_and_not_repeated(
    setting: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFTALK_PROVIDER_SECRETS", setting)
    with pytest.raises(ValueError, match=said):
        Providers.from_settings(Settings())


def test_the_setting_names_each_provider_with_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFTALK_PROVIDER_SECRETS", f"Twilio=old, twilio={calls.TWILIO_TOKEN},postmark={calls.BASIC}")
    providers = Providers.from_settings(Settings())
    assert believed(providers["twilio"], calls.twilio({"MessageSid": "SM1"}))
    assert believed(providers["postmark"], calls.shared("postmark", {}))
    assert set(providers) == {kind.name for kind in PROVIDERS}
