"""Providers' webhooks over HTTP: who may send them, what each does once, and what is kept of what cannot be read."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from activities.feedback.feedback import Feedback
from activities.intake.deliveries import Receipt
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.providers.provider import Provider, ProviderCall
from activities.providers.ses import Ses
from activities.storefronts.storefront import SignatureWrong
from schemas.incoming.facts import WebhookDelivery
from schemas.responses.deliveries import MalformedDeliveries
from starter.runtime.ports import free_port
from starter.shops.provider_webhooks import LARGEST_FETCHED, MOST_FETCHED, ProviderAway, ProviderWebhooks
from tests.cli.command import Shelftalk
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web, problem
from tests.providers import calls
from tests.providers.calls import stored, vectors
from worker import connect

ANN = "ann@example.com"
PHONE = "+15558675310"
SECRETS = {
    "sendgrid": calls.SENDGRID_KEY,
    "postmark": calls.BASIC,
    "brevo": calls.BASIC,
    "mailgun": calls.MAILGUN_KEY,
    "resend": calls.RESEND_SECRET,
    "twilio": calls.TWILIO_TOKEN,
    "vonage": calls.VONAGE_SECRET,
    "telnyx": calls.TELNYX_KEY,
    "ses": vectors("amazon_sns")["topic"],
}
WITH_PROVIDERS = SETTINGS.model_copy(
    update={"provider_secrets": tuple((name, SecretStr(secret)) for name, secret in SECRETS.items())}
)


@pytest.fixture
async def web(pool: Pool) -> AsyncGenerator[Web]:
    nowhere = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    await pool.execute("insert into contacts (id, email, phone) values ('c-ann', $1, $2)", ANN, PHONE)
    async with web_over(pool, nowhere, WITH_PROVIDERS) as web:
        yield web


async def post(web: Web, name: str, call: ProviderCall) -> httpx.Response:
    query = call.url.partition("?")[2]
    return await web.open.post(
        f"/v1/webhooks/{name}{'?' + query if query else ''}",
        content=call.body,
        headers={"Host": "shelftalk.example", **call.headers},
    )


def now() -> datetime:
    return datetime.now(UTC)


def genuine() -> dict[str, ProviderCall]:
    """A bounce or a stop of each provider, signed now."""
    bounced = json.loads(stored("providers/mailgun_failed_permanent_event.json"))["event-data"] | {"recipient": ANN}
    told = {
        "data": {
            "event_type": "message.received",
            "payload": {"id": "m", "from": {"phone_number": PHONE}, "text": "STOP"},
        }
    }
    return {
        "sendgrid": calls.sendgrid([{"event": "bounce", "email": ANN, "sg_event_id": "s-1"}], now()),
        "postmark": calls.shared("postmark", {"RecordType": "Bounce", "Type": "HardBounce", "Email": ANN, "ID": 1}),
        "brevo": calls.shared("brevo", [{"event": "hard_bounce", "email": ANN, "message-id": "m"}]),
        "mailgun": calls.mailgun(bounced, now()),
        "resend": calls.resend({"type": "email.bounced", "data": {"to": [ANN]}}, now()),
        "twilio": calls.twilio({"MessageSid": "SM1", "Body": "STOP", "From": PHONE, "SmsStatus": "received"}),
        "vonage": calls.vonage({"messageId": "v-1", "msisdn": PHONE[1:], "text": "stop"}, now()),
        "telnyx": calls.telnyx(told, now()),
    }


@pytest.mark.parametrize("name", sorted(genuine()))
async def test_a_genuine_call_is_committed_before_it_is_answered_and_counts_once(
    web: Web, pool: Pool, name: str
) -> None:
    call = genuine()[name]
    first, again = await post(web, name, call), await post(web, name, call)
    assert (first.status_code, again.status_code) == (200, 200)
    if name == "twilio":
        assert first.headers["content-type"] == "text/xml; charset=utf-8"
        assert first.text.endswith("<Response/>"), "nothing is sent in answer: Twilio has sent its own"
    else:
        assert (first.json(), again.json()) == ({"receipt": "applied"}, {"receipt": "repeated"})
    assert await pool.fetchval("select count(*) from message_events where contact_id = 'c-ann'") == 1
    assert await pool.fetchval("select address from suppressions") in (ANN, PHONE)
    assert await pool.fetchval("select count(*) from inbox where body is not null") == 0


@pytest.mark.parametrize("name", sorted(genuine()))
async def test_a_call_that_nobody_signed_is_refused_and_nothing_is_kept(web: Web, pool: Pool, name: str) -> None:
    call = genuine()[name]
    body = call.body.replace(b"sig", b"gis")
    answer = await post(web, name, ProviderCall(body, {}, call.url))
    problem(answer, 401, "signature-wrong")
    assert await pool.fetchval("select count(*) from inbox") == 0
    assert await pool.fetchval("select count(*) from message_events") == 0


async def test_every_event_of_a_batch_is_taken_and_what_is_not_ours_passed_over(web: Web, pool: Pool) -> None:
    batch = [{"event": "delivered", "email": ANN, "sg_event_id": f"s-{number}"} for number in range(500)]
    others = [
        {"event": "delivered", "email": f"x{number}@example.com", "sg_event_id": f"x-{number}"} for number in range(9)
    ]
    sent = calls.sendgrid([*batch, *others], now())
    web_answer = await post(web, "sendgrid", sent)
    assert web_answer.json() == {"receipt": "applied"}
    assert await pool.fetchval("select count(*) from message_events") == 500
    overlapping = calls.sendgrid([*batch[490:], {"event": "open", "email": ANN, "sg_event_id": "s-500"}], now())
    assert (await post(web, "sendgrid", overlapping)).json() == {"receipt": "applied"}
    assert await pool.fetchval("select count(*) from message_events") == 501


async def test_mailguns_token_is_good_for_one_delivery(web: Web, pool: Pool) -> None:
    """Its signature vouches for no body: whoever has seen one must not tell anything with it."""
    opened = calls.mailgun({"event": "opened", "recipient": ANN, "id": "a"}, now())
    forged = calls.mailgun({"event": "complained", "recipient": ANN, "id": "b"}, now())
    stolen = json.loads(forged.body) | {"signature": json.loads(opened.body)["signature"]}
    assert (await post(web, "mailgun", opened)).json() == {"receipt": "applied"}
    assert (await post(web, "mailgun", ProviderCall(json.dumps(stolen).encode()))).json() == {"receipt": "repeated"}
    assert await pool.fetchval("select count(*) from suppressions") == 0


async def test_what_cannot_be_read_is_kept_without_its_body_and_may_be_applied_later(
    web: Web, pool: Pool, shelftalk: Shelftalk
) -> None:
    broken = calls.sendgrid([{"event": "bounce", "email": 7}], now())
    assert problem(await post(web, "sendgrid", broken), 400, "delivery-malformed").path == "$[0].email"
    listed = (await shelftalk.run("delivery", "list", "--json")).answer(MalformedDeliveries)
    assert [(each.source, each.error.partition(":")[0]) for each in listed.deliveries] == [("sendgrid", "$[0].email")]
    assert await pool.fetchval("select body from inbox where state = 'malformed'") is None


async def test_an_event_that_is_not_followed_is_taken_all_the_same(web: Web) -> None:
    other = calls.resend({"type": "contact.created", "data": {}}, now())
    assert (await post(web, "resend", other)).json() == {"receipt": "ignored"}


async def test_a_body_that_is_too_large_is_not_read(web: Web) -> None:
    sent = calls.sendgrid(b"[" + b" " * WITH_PROVIDERS.http_max_body + b"]", now())
    problem(await post(web, "sendgrid", sent), 413, "body-too-large")


async def test_a_provider_that_there_is_not_is_not_found(web: Web) -> None:
    said = problem(await post(web, "sendgird", ProviderCall(b"[]")), 404, "not-found")
    assert "sendgrid" in said.detail
    assert "shopify" in said.detail


async def test_vonage_may_tell_by_get(web: Web, pool: Pool) -> None:
    given = json.loads(calls.vonage({"messageId": "v-1", "msisdn": PHONE[1:], "text": "stop"}, now()).body)
    answer = await web.open.get("/v1/webhooks/vonage", params=given)
    assert answer.json() == {"receipt": "applied"}
    assert await pool.fetchval("select reason from suppressions") == "stop"


async def test_what_somebody_wrote_is_in_no_log(web: Web, pool: Pool) -> None:
    with capture_logs() as logs:
        for name, call in genuine().items():
            await post(web, name, call)
    assert [line["event"] for line in logs].count("request") == len(genuine())
    assert ANN not in repr(logs)
    assert PHONE[1:] not in repr(logs)


# Amazon, which has to be asked for its certificate and told that its subscription is wanted --------------------------

SNS = vectors("amazon_sns")


class Amazon(httpx.AsyncBaseTransport):
    """Stands for sns.*.amazonaws.com, which no test reaches; it notes what it was asked."""

    def __init__(self, content: bytes, status: int = 200) -> None:
        self.asked: list[str] = []
        self._content, self._status = content, status

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return httpx.Response(self._status, content=self._content)


class AsOfTheVectors(Ses):
    """SES on the day on which its vectors were signed."""

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        return super().verify(call, datetime(2026, 11, 29, 12, 1, tzinfo=UTC))


def envelope(name: str) -> ProviderCall:
    (case,) = (case for case in SNS["cases"] if case["name"] == name)
    return ProviderCall(json.dumps(case["message"]).encode(), {}, calls.URL + "ses")


def amazon_tells(pool: Pool, amazon: Amazon) -> tuple[ProviderWebhooks, Provider]:
    return ProviderWebhooks(Intake(pool), Feedback(pool), amazon), AsOfTheVectors([SNS["topic"]])


async def test_amazons_certificate_is_fetched_once_and_its_events_are_taken(pool: Pool) -> None:
    await pool.execute("insert into contacts (id, email) values ('c-jane', 'jane@example.com')")
    amazon = Amazon(SNS["certificate"].encode())
    webhooks, ses = amazon_tells(pool, amazon)
    assert (await webhooks.receive(ses, envelope("version 2"))).receipt is Receipt.APPLIED
    assert (await webhooks.receive(ses, envelope("version 1 (SHA-1)"))).receipt is Receipt.REPEATED
    assert len(amazon.asked) == 1
    assert await pool.fetchval("select kind from message_events where contact_id = 'c-jane'") == "delivered"


def forged(number: int) -> ProviderCall:
    """Of our topic, which is no secret, and signed by nobody: each names another certificate."""
    message = json.loads(envelope("version 2").body)
    address = f"https://sns.us-east-1.amazonaws.com/SimpleNotificationService-{number:032x}.pem"
    changes = {"SigningCertURL": address, "MessageId": f"forged-{number}"}
    return ProviderCall(json.dumps(message | changes).encode(), {}, calls.URL + "ses")


async def test_whoever_knows_the_topic_makes_us_fetch_ten_certificates_a_minute_at_most(pool: Pool) -> None:
    await pool.execute("insert into contacts (id, email) values ('c-jane', 'jane@example.com')")
    amazon = Amazon(SNS["certificate"].encode())
    webhooks, ses = amazon_tells(pool, amazon)
    assert (await webhooks.receive(ses, envelope("version 2"))).receipt is Receipt.APPLIED
    for number in range(40):
        with pytest.raises(SignatureWrong if number < MOST_FETCHED - 1 else ProviderAway):
            await webhooks.receive(ses, forged(number))
    assert len(amazon.asked) == MOST_FETCHED
    again = await webhooks.receive(ses, envelope("version 1 (SHA-1)"))
    assert again.receipt is Receipt.REPEATED, "what fitted once is kept, and needs no fetch"


async def test_a_certificate_that_fitted_no_signature_is_not_kept(pool: Pool) -> None:
    amazon = Amazon(SNS["certificate"].encode())
    webhooks, ses = amazon_tells(pool, amazon)
    for _ in range(2):
        with pytest.raises(SignatureWrong):
            await webhooks.receive(ses, forged(1))
    assert len(amazon.asked) == 2


async def test_a_subscription_to_our_topic_is_confirmed(pool: Pool) -> None:
    amazon = Amazon(SNS["certificate"].encode())
    webhooks, ses = amazon_tells(pool, amazon)
    assert (await webhooks.receive(ses, envelope("subscription confirmation"))).receipt is Receipt.IGNORED
    assert [address.partition("?")[0] for address in amazon.asked][1:] == ["https://sns.us-east-1.amazonaws.com/"]


@pytest.mark.parametrize("case", [case["name"] for case in SNS["cases"] if case["valid"] is not True])
async def test_nothing_that_is_not_amazons_is_ever_asked(pool: Pool, case: str) -> None:
    amazon = Amazon(SNS["certificate"].encode())
    webhooks, ses = amazon_tells(pool, amazon)
    with pytest.raises(SignatureWrong):
        await webhooks.receive(ses, envelope(case))
    assert all(address.startswith("https://sns.us-east-1.amazonaws.com/Simple") for address in amazon.asked)
    assert await pool.fetchval("select count(*) from inbox") == 0


@pytest.mark.parametrize(("content", "status"), [(b"", 503), (b"", 302), (b"x" * (LARGEST_FETCHED + 1), 200)])
async def test_while_amazon_does_not_answer_it_is_asked_to_send_it_again(
    pool: Pool, content: bytes, status: int
) -> None:
    webhooks, ses = amazon_tells(pool, Amazon(content, status))
    with pytest.raises(ProviderAway):
        await webhooks.receive(ses, envelope("version 2"))
    assert await pool.fetchval("select count(*) from inbox") == 0
