"""What only providers that are asked over HTTP have: what each gets, what each of its documented answers means, and
which of them may be asked twice."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import import_module
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.senders.email.aws_signature import AwsKey, signed_headers
from activities.senders.email.mail_api import mail_sender
from activities.senders.http.http_api import LONGEST_RETRY_AFTER, Answer, patience, patience_until
from activities.senders.http.http_sender import LARGEST_REQUEST_BYTES
from activities.senders.limits import Limits
from activities.senders.registry import Senders, ask_email_provider
from activities.senders.sender import BadAddress, Mail, NotTaken, Rejected, SenderAtFault, Uncertain
from schemas.settings import Settings
from starter.ops.checkup import examine_email
from starter.ops.findings import Health
from tests.conformance.providers import FROM, RECIPIENT, At, Does, HttpProvider, Plan, send
from tests.simulated.mail_apis import KEY, SIMULATED, Reply, SimulatedMailApi

REFERENCE = "0123456789abcdef0123456789abcdef"
MAIL = Mail(
    "one@shop.example",
    RECIPIENT,
    "Größe 38 ist wieder da",
    "Schnell!",
    "<p>Schnell!</p>",
    "Läden <alerts@example.com>",
    REFERENCE,
    "back-in-stock.example.com",
    "https://example.com/u/abc",
)
NEXT = replace(MAIL, message_id="two@shop.example", subject="Still there", html=None)
BY_NAME = {kind.name: kind for kind in SIMULATED}
AUTH: Any = import_module("botocore.auth")
REQUESTS: Any = import_module("botocore.awsrequest")
CREDENTIALS: Any = import_module("botocore.credentials")
"""Amazon's own library has no types."""
KEEPS_MESSAGE_ID = {"postmark", "sendgrid", "mailgun", "ses"}
"""SES writes one of its own when it sends; it gets ours."""
ASKED_AGAIN = {"resend", "brevo"}


class End(StrEnum):
    """How a send ended."""

    RETURNED = "returned"
    NOT_TAKEN = "not taken"
    SENDER = "the sender is at fault"
    ACCOUNT = "the account is at fault"
    REJECTED = "rejected"
    BAD_ADDRESS = "bad address"
    UNCERTAIN = "uncertain"


async def ending(sender: Any, mail: Mail = MAIL) -> End:
    try:
        await send(sender, mail)
    except (NotTaken, Rejected, Uncertain) as error:
        told = "".join(traceback.format_exception(error))
        assert RECIPIENT not in told, "an address reached an exception"
        assert KEY not in told, "a key reached an exception"
        match error:
            case SenderAtFault(account=True):
                return End.ACCOUNT
            case SenderAtFault():
                return End.SENDER
            case NotTaken():
                return End.NOT_TAKEN
            case BadAddress():
                return End.BAD_ADDRESS
            case Rejected():
                return End.REJECTED
            case Uncertain():
                return End.UNCERTAIN
    return End.RETURNED


@pytest_asyncio.fixture
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[HttpProvider]:
    async with HttpProvider(BY_NAME[request.param]()) as provider:
        yield provider


every_provider = pytest.mark.parametrize("provider", BY_NAME, indirect=True)
postmark = pytest.mark.parametrize("provider", ["postmark"], indirect=True)


# What they get -------------------------------------------------------------------------------------------------------


@every_provider
async def test_a_provider_gets_the_whole_message_and_what_to_know_it_by(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())

    assert [await ending(sender), await ending(sender, NEXT)] == [End.RETURNED, End.RETURNED]

    first, second = provider.provider.taken
    assert (first.recipient, first.sender, first.subject) == (RECIPIENT, "alerts@example.com", MAIL.subject)
    assert (first.text.strip(), (first.html or "").strip()) == ("Schnell!", "<p>Schnell!</p>")
    assert second.html is None
    assert first.reference == REFERENCE
    assert first.message_id == (MAIL.message_id if provider.provider.name in KEEPS_MESSAGE_ID else None)
    assert first.headers["Auto-Submitted"] == "auto-generated"
    assert first.headers["List-Id"] == "<back-in-stock.example.com>"
    assert first.headers["List-Unsubscribe"] == "<https://example.com/u/abc>"
    assert first.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert provider.connections == 1, "the connection is kept"


@every_provider
async def test_a_mail_of_no_list_has_no_header_of_one(provider: HttpProvider) -> None:
    bare = replace(MAIL, reference=None, list_id=None, unsubscribe=None)

    assert await ending(provider.sender(Limits()), bare) is End.RETURNED

    (taken,) = provider.provider.taken
    assert taken.reference is None
    assert not [name for name in taken.headers if name.startswith("List-")]


@every_provider
async def test_the_words_may_change_until_the_request_and_the_address_may_not(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())
    async with sender.ready(MAIL) as handover:
        await handover.begin(replace(MAIL, text="Only one is left"))
        await handover.send()
    for other in (replace(MAIL, recipient="ben@example.org"), replace(MAIL, sender="other@example.com")):
        async with sender.ready(MAIL) as handover:
            with pytest.raises(NotTaken, match="another address"):
                await handover.begin(other)

    (taken,) = provider.provider.taken
    assert taken.text.strip() == "Only one is left"


@every_provider
async def test_an_address_that_no_provider_takes_is_rejected_before_it_is_asked(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())

    assert await ending(sender, replace(MAIL, recipient="zoë@example.org")) is End.REJECTED
    assert await ending(sender, replace(MAIL, sender="zoë@example.com")) is End.SENDER, "nobody waits in vain for that"
    assert await ending(sender, replace(MAIL, text="x" * LARGEST_REQUEST_BYTES)) is End.REJECTED
    assert provider.requests == 0
    assert await ending(sender, replace(MAIL, recipient="zoe@straße.example")) is End.RETURNED
    assert provider.provider.taken[0].recipient == "zoe@xn--strae-oqa.example"


# What they answer ----------------------------------------------------------------------------------------------------


def postmark_error(status: int, code: int, said: str = "No.") -> Reply:
    return Reply(status, {"ErrorCode": code, "Message": said})


def sendgrid_error(status: int, said: str, of: str | None = None) -> Reply:
    return Reply(status, {"errors": [{"message": said, "field": of}]})


def ses_error(status: int, code: str, said: str = "No.") -> Reply:
    return Reply(status, {"message": said}, {"x-amzn-ErrorType": code})


def resend_error(status: int, name: str, said: str = "No.") -> Reply:
    return Reply(status, {"statusCode": status, "name": name, "message": said})


def brevo_error(status: int, code: str, said: str = "No.") -> Reply:
    return Reply(status, {"code": code, "message": said})


def mailgun_error(status: int, said: str) -> Reply:
    return Reply(status, {"message": said})


PAGE = Reply(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"})
"""What stands in front of a provider answers so; the request may have reached it."""
DOCUMENTED: dict[str, list[tuple[Reply, End]]] = {
    "ses": [
        (ses_error(400, "MessageRejected", "Email address is not verified. These failed the check: x"), End.SENDER),
        (ses_error(400, "MessageRejected", "Message contains invalid content"), End.REJECTED),
        (ses_error(400, "MailFromDomainNotVerifiedException"), End.SENDER),
        (ses_error(400, "AccountSuspendedException"), End.ACCOUNT),
        (ses_error(400, "SendingPausedException"), End.ACCOUNT),
        (ses_error(400, "BadRequestException"), End.REJECTED),
        (ses_error(400, "LimitExceededException"), End.NOT_TAKEN),
        (ses_error(400, "ThrottlingException"), End.NOT_TAKEN),
        (ses_error(400, "RequestExpired"), End.ACCOUNT),
        (ses_error(404, "NotFoundException"), End.ACCOUNT),
        (ses_error(429, "TooManyRequestsException:http://internal.amazon.com/coral/"), End.NOT_TAKEN),
        (ses_error(403, "InvalidSignatureException"), End.ACCOUNT),
        (ses_error(403, "AccessDeniedException"), End.ACCOUNT),
        (ses_error(500, "InternalServiceErrorException"), End.UNCERTAIN),
        (ses_error(503, "ServiceUnavailable"), End.UNCERTAIN),
        (PAGE, End.UNCERTAIN),
    ],
    "postmark": [
        (postmark_error(401, 10), End.ACCOUNT),
        (postmark_error(422, 300, f"Invalid 'To' address: '{RECIPIENT}'."), End.BAD_ADDRESS),
        (postmark_error(422, 300, "Invalid 'From' address: 'x' is not a verified signature."), End.SENDER),
        (postmark_error(422, 300, "Invalid subject."), End.REJECTED),
        (postmark_error(422, 400), End.SENDER),
        (postmark_error(422, 401), End.SENDER),
        (postmark_error(422, 405), End.ACCOUNT),
        (postmark_error(422, 406, f"Inactive: {RECIPIENT}"), End.BAD_ADDRESS),
        (postmark_error(422, 412), End.ACCOUNT),
        (postmark_error(422, 413), End.ACCOUNT),
        (Reply(413, b""), End.REJECTED),
        (postmark_error(429, 429), End.NOT_TAKEN),
        (postmark_error(500, 0), End.UNCERTAIN),
        (postmark_error(503, 100), End.NOT_TAKEN),
        (PAGE, End.UNCERTAIN),
    ],
    "sendgrid": [
        (sendgrid_error(400, "Does not contain a valid address.", "personalizations.0.to.0.email"), End.BAD_ADDRESS),
        (sendgrid_error(400, "The from email does not contain a valid address.", "from.email"), End.SENDER),
        (sendgrid_error(400, "The subject is required.", "subject"), End.REJECTED),
        (sendgrid_error(401, "The provided authorization grant is invalid, expired, or revoked"), End.ACCOUNT),
        (sendgrid_error(401, "Maximum credits exceeded"), End.ACCOUNT),
        (sendgrid_error(403, "The from address does not match a verified Sender Identity.", "from"), End.SENDER),
        (sendgrid_error(403, "You are temporarily blocked from sending emails."), End.NOT_TAKEN),
        (sendgrid_error(403, "access forbidden"), End.ACCOUNT),
        (Reply(404, b""), End.ACCOUNT),
        (Reply(413, b""), End.REJECTED),
        (sendgrid_error(429, "too many requests"), End.NOT_TAKEN),
        (sendgrid_error(500, "An error occurred"), End.UNCERTAIN),
        (sendgrid_error(503, "Not available"), End.NOT_TAKEN),
        # Of its sandbox mode: valid, and not queued.
        (Reply(200, b""), End.UNCERTAIN),
        (PAGE, End.UNCERTAIN),
    ],
    "mailgun": [
        (
            mailgun_error(400, f"to parameter is not a valid address. please check documentation {RECIPIENT}"),
            End.BAD_ADDRESS,
        ),
        (mailgun_error(400, "from parameter is missing"), End.SENDER),
        (mailgun_error(400, "message parameter is missing"), End.REJECTED),
        (Reply(401, b"Forbidden"), End.ACCOUNT),
        (mailgun_error(402, "Payment required"), End.ACCOUNT),
        (
            mailgun_error(403, "Domain example.com is not allowed to send: Sandbox subdomains are for tests"),
            End.ACCOUNT,
        ),
        (mailgun_error(404, "Domain not found: example.com"), End.ACCOUNT),
        (mailgun_error(420, "Domain example.com is not allowed to send: recipient limit exceeded"), End.NOT_TAKEN),
        (mailgun_error(429, "too many requests"), End.NOT_TAKEN),
        (mailgun_error(500, "Internal Server Error"), End.UNCERTAIN),
        (mailgun_error(503, "Service Unavailable"), End.UNCERTAIN),
        (PAGE, End.UNCERTAIN),
    ],
    # One that is asked again answers the next request as ever.
    "resend": [
        (Reply(308, b"", {"Location": "https://elsewhere.example"}), End.ACCOUNT),
        (resend_error(400, "validation_error"), End.REJECTED),
        (resend_error(401, "missing_api_key"), End.ACCOUNT),
        (resend_error(401, "validation_error", "API key is invalid"), End.ACCOUNT),
        (resend_error(403, "validation_error", "The x.com domain is not verified. Please, add it."), End.SENDER),
        (resend_error(403, "validation_error", "You can only send testing emails to your own address."), End.ACCOUNT),
        (resend_error(403, "invalid_api_key"), End.ACCOUNT),
        (resend_error(422, "invalid_from_address"), End.SENDER),
        (resend_error(422, "validation_error", f"Invalid `to` field. {RECIPIENT}"), End.BAD_ADDRESS),
        (resend_error(422, "missing_required_field"), End.REJECTED),
        (resend_error(429, "rate_limit_exceeded"), End.NOT_TAKEN),
        (resend_error(429, "daily_quota_exceeded"), End.NOT_TAKEN),
        (resend_error(429, "monthly_quota_exceeded"), End.ACCOUNT),
        (resend_error(451, "security_error"), End.REJECTED),
        (resend_error(409, "concurrent_idempotent_requests"), End.RETURNED),
        (resend_error(500, "application_error"), End.RETURNED),
        (PAGE, End.RETURNED),
    ],
    "brevo": [
        (brevo_error(400, "invalid_parameter", f"email is not valid in to: {RECIPIENT}"), End.BAD_ADDRESS),
        (brevo_error(400, "invalid_parameter", "The sender you used x is not valid."), End.SENDER),
        (brevo_error(400, "missing_parameter", "subject is missing"), End.REJECTED),
        (brevo_error(400, "not_enough_credits"), End.ACCOUNT),
        (brevo_error(401, "unauthorized", "Key not found"), End.ACCOUNT),
        (brevo_error(402, "not_enough_credits"), End.ACCOUNT),
        (brevo_error(403, "permission_denied"), End.ACCOUNT),
        (brevo_error(429, "too_many_requests"), End.NOT_TAKEN),
        (brevo_error(500, "internal_error"), End.RETURNED),
        (PAGE, End.RETURNED),
    ],
}


@pytest.mark.parametrize(
    ("provider", "reply", "end"),
    [
        pytest.param(name, reply, end, id=f"{name}: {reply.status} {reply.body or ''}"[:70])
        for name, answers in DOCUMENTED.items()
        for reply, end in answers
    ],
    indirect=["provider"],
)
async def test_each_documented_answer_means_what_its_documentation_says(
    provider: HttpProvider, reply: Reply, end: End
) -> None:
    provider.provider.replies.append(reply)
    sender = provider.sender(Limits())

    assert await ending(sender) is end

    assert len(provider.provider.taken) == (1 if end is End.RETURNED else 0)
    assert await ending(sender, NEXT) is End.RETURNED, "one answer spoils the next message"


@every_provider
async def test_a_wrong_key_and_a_domain_that_is_not_verified_are_the_senders_fault(provider: HttpProvider) -> None:
    forged = mail_sender(provider.provider.api(provider.url, "another-key"), FROM)

    assert await ending(forged) is End.ACCOUNT
    await forged.aclose()
    elsewhere = replace(MAIL, sender="alerts@unverified.example")
    # At Mailgun it is the domain in the address of the API that has to be verified.
    expected = End.RETURNED if provider.provider.name == "mailgun" else End.SENDER
    assert await ending(provider.sender(Limits()), elsewhere) is expected


@every_provider
@pytest.mark.parametrize("body", [b"", b"no JSON", b'"a text"', b"[]", b"{}", b'{"errors": [null]}', b"null", b"\xff"])
@pytest.mark.parametrize("status", [400, 422])
async def test_an_answer_without_a_code_that_is_known_is_a_refusal_of_this_message(
    provider: HttpProvider, body: bytes, status: int
) -> None:
    api = provider.provider.api(provider.url)
    with pytest.raises(Rejected):
        api.judge(Answer(status, {}, body))
    with pytest.raises(NotTaken):
        api.judge(Answer(status, {}, None))


# How often they are asked --------------------------------------------------------------------------------------------


@every_provider
@pytest.mark.parametrize("at", [At.BODY, At.END, At.TAKEN])
@pytest.mark.parametrize("does", [Does.DROP, Does.NONSENSE])
async def test_after_a_lost_answer_only_a_provider_that_takes_a_key_once_is_asked_again(
    provider: HttpProvider, at: At, does: Does
) -> None:
    """The table of idempotency keys, a row for each provider."""
    sender = provider.sender(Limits())
    provider.plan, provider.strikes_left = Plan(at, does), 1

    ended = await ending(sender)

    if provider.provider.name in ASKED_AGAIN:
        assert ended is End.RETURNED
        assert len(provider.provider.taken) == 1, "taken once, however often it was asked"
    else:
        assert ended is End.UNCERTAIN
        assert len(provider.provider.taken) == (1 if at is At.TAKEN else 0)
        assert provider.requests <= 1


@pytest.mark.parametrize("provider", sorted(ASKED_AGAIN), indirect=True)
@pytest.mark.parametrize("status", [401, 429, 503])
async def test_what_does_not_look_at_the_message_does_not_answer_for_the_first_request(
    provider: HttpProvider, status: int
) -> None:
    sender = provider.sender(Limits())
    provider.plan, provider.strikes_left = Plan(At.TAKEN, Does.DROP), 1
    # To the second request; the third is answered.
    provider.then = Reply(status, b"")

    assert await ending(sender) is End.RETURNED

    assert len(provider.provider.taken) == 1
    assert provider.requests == 3


@pytest.mark.parametrize("provider", sorted(ASKED_AGAIN), indirect=True)
async def test_each_hand_over_has_a_key_of_its_own(provider: HttpProvider) -> None:
    """After an end that is certain the same message may be handed over again; nothing is to stand in its way."""
    sender = provider.sender(Limits())

    assert [await ending(sender), await ending(sender)] == [End.RETURNED, End.RETURNED]

    assert len(provider.provider.taken) == 2


@pytest.mark.parametrize("provider", sorted(ASKED_AGAIN), indirect=True)
async def test_a_provider_that_stalls_is_asked_again_before_its_time_is_up(provider: HttpProvider) -> None:
    provider.plan, provider.strikes_left = Plan(At.TAKEN, Does.STALL), 1
    sender = provider.sender(Limits(answer=2))

    assert await ending(sender) is End.RETURNED

    assert len(provider.provider.taken) == 1


# When they are asked -------------------------------------------------------------------------------------------------


@postmark
async def test_one_that_wants_to_be_left_alone_is(provider: HttpProvider) -> None:
    provider.provider.replies.append(Reply(429, {"ErrorCode": 429}, {"Retry-After": "120"}))
    sender = provider.sender(Limits())
    with pytest.raises(NotTaken) as later:
        await send(sender, MAIL)
    assert later.value.retry_after == timedelta(seconds=120)

    with pytest.raises(NotTaken, match="left alone for") as later:
        async with sender.ready(NEXT, within=20):
            pass

    assert later.value.retry_after is not None
    assert timedelta(seconds=60) < later.value.retry_after <= timedelta(seconds=120)
    assert provider.requests == 1, "nobody else asks it meanwhile either"


@postmark
async def test_a_turn_comes_when_it_may_be_asked_again(provider: HttpProvider) -> None:
    provider.provider.replies.append(Reply(429, {"ErrorCode": 429}, {"Retry-After": "0.2"}))
    sender = provider.sender(Limits())

    assert [await ending(sender), await ending(sender, NEXT)] == [End.NOT_TAKEN, End.RETURNED]


@postmark
async def test_waiting_for_a_turn_is_bounded(provider: HttpProvider) -> None:
    provider.plan = Plan(At.END, Does.STALL)
    sender = provider.sender(Limits(queue=0.1), connections=1)
    first = asyncio.create_task(send(sender, MAIL))
    await provider.reached.wait()

    with pytest.raises(NotTaken, match="no connection"):
        await send(sender, NEXT)

    provider.plan = None
    provider.go_on.set()
    await first
    assert provider.taken == ["one@shop.example"]


@postmark
async def test_two_hundred_messages_at_once_share_three_connections(provider: HttpProvider) -> None:
    sender = provider.sender(Limits(), connections=3)

    await asyncio.gather(*(send(sender, replace(MAIL, subject=f"{n}", message_id=f"{n}@x")) for n in range(200)))

    assert sorted(provider.taken) == sorted(f"{n}@x" for n in range(200))
    assert provider.connections <= 6


@postmark
async def test_an_idle_connection_that_the_provider_closed_fails_no_message(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())
    await send(sender, MAIL)
    await provider.hang_up()

    await send(sender, NEXT)

    assert provider.taken == ["one@shop.example", "two@shop.example"]


@every_provider
async def test_cancelled_after_the_first_byte_the_send_still_tells_that_it_was_taken(provider: HttpProvider) -> None:
    provider.plan = Plan(At.END, Does.STALL)
    sending = asyncio.create_task(send(provider.sender(Limits()), MAIL))
    await provider.reached.wait()

    sending.cancel()
    provider.go_on.set()
    await sending

    assert provider.taken == ["one@shop.example"]
    assert sending.cancelling() == 1


@every_provider
async def test_cancelled_after_the_first_byte_without_an_answer_it_is_uncertain(provider: HttpProvider) -> None:
    provider.plan = Plan(At.TAKEN, Does.STALL)
    sending = asyncio.create_task(send(provider.sender(Limits(cancelled=0.1)), MAIL))
    await provider.reached.wait()

    sending.cancel()

    with pytest.raises(Uncertain):
        await sending
    assert provider.taken == ["one@shop.example"]


@postmark
async def test_cancelled_twice_it_is_uncertain_at_once(provider: HttpProvider) -> None:
    provider.plan = Plan(At.TAKEN, Does.STALL)
    sending = asyncio.create_task(send(provider.sender(Limits()), MAIL))
    await provider.reached.wait()

    sending.cancel()
    await asyncio.wait({sending}, timeout=0)
    sending.cancel()

    with pytest.raises(Uncertain):
        await sending


@postmark
async def test_cancelled_before_the_first_byte_nothing_is_taken_and_the_place_is_free_again(
    provider: HttpProvider,
) -> None:
    sender = provider.sender(Limits(), connections=1)
    sending = asyncio.create_task(send(sender, MAIL))
    # It has its turn and connects.
    await asyncio.wait({sending}, timeout=0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert provider.taken == []

    await send(sender, NEXT)

    assert provider.taken == ["two@shop.example"]


async def test_a_provider_that_is_not_there_has_taken_nothing() -> None:
    async with HttpProvider(BY_NAME["resend"]()) as gone:
        url = gone.url
    sender = mail_sender(BY_NAME["resend"]().api(url), FROM)

    with pytest.raises(NotTaken, match="Resend could not be reached"):
        await send(sender, MAIL)
    await sender.aclose()


@postmark
async def test_a_closed_sender_takes_no_message(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())
    await send(sender, MAIL)

    await sender.aclose()

    with pytest.raises(NotTaken, match="closed"):
        await send(sender, NEXT)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [("30", 30), ("0.5", 0.5), ("0", None), ("", None), ("soon", None), ("-1", None), ("999999999", 3600)],
)
async def test_a_wait_is_read_in_seconds_and_bounded(asked: str, wait: float | None) -> None:
    assert patience(asked) == (None if wait is None else timedelta(seconds=wait))


async def test_a_wait_is_read_as_a_date_and_as_a_moment() -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    for found in (patience(f"{ahead:%a, %d %b %Y %H:%M:%S} GMT"), patience_until(str(int(ahead.timestamp())))):
        assert found is not None
        assert timedelta(minutes=9) < found <= timedelta(minutes=10)
    assert patience("Mon, 01 Jan 2001 00:00:00 GMT") is None
    assert patience_until("1") is None
    assert patience_until(str(2**33)) == LONGEST_RETRY_AFTER


# What is set up ------------------------------------------------------------------------------------------------------


@given(
    st.binary(max_size=300),
    st.from_regex(r"(/[A-Za-z0-9_-]{1,10}){1,4}", fullmatch=True),
    st.integers(946684800, 4102444800).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
)
def test_a_request_is_signed_as_amazons_own_library_signs_it(
    content: bytes, path: str, at: datetime, secret: str
) -> None:
    host, key = "email.eu-west-1.amazonaws.com", AwsKey("AKID", secret)
    ours = signed_headers(key, "eu-west-1", "ses", "POST", host, path, content, at)

    theirs = REQUESTS.AWSRequest("POST", f"https://{host}{path}", {"Content-Type": "application/json"}, content)
    theirs.headers["Host"] = host
    theirs.headers["X-Amz-Date"] = theirs.context["timestamp"] = f"{at:%Y%m%dT%H%M%SZ}"
    auth = AUTH.SigV4Auth(CREDENTIALS.Credentials("AKID", secret), "ses", "eu-west-1")
    signature = auth.signature(auth.string_to_sign(theirs, auth.canonical_request(theirs)), theirs)
    assert ours["authorization"].endswith(f"SignedHeaders=content-type;host;x-amz-date, Signature={signature}")


def settings_of(name: str, **changed: object) -> Settings:
    set_: dict[str, object] = {"email_provider": name, "email_key": KEY, "sender": FROM}
    if name == "ses":
        set_ |= {"email_key_id": "AKIASIMULATED", "email_region": "eu-west-1", "email_stream": "shelftalk"}
    return Settings.model_validate({**set_, **changed})


@every_provider
async def test_the_settings_choose_the_provider(provider: HttpProvider) -> None:
    senders = Senders.from_settings(settings_of(provider.provider.name, email_url=provider.url))

    await send(senders, MAIL)
    await senders.aclose()

    assert len(provider.provider.taken) == 1


@every_provider
async def test_the_check_up_asks_the_provider_whether_it_knows_the_key(provider: HttpProvider) -> None:
    here = {"email_url": provider.url}
    name = provider.provider.name

    assert await ask_email_provider(settings_of(name, **here), 5) is None
    assert "key" in (await ask_email_provider(settings_of(name, email_key="another", **here), 5) or "")
    async with HttpProvider(BY_NAME[name]()) as gone:
        nowhere = {"email_url": gone.url}
    assert "could not be reached" in (await ask_email_provider(settings_of(name, **nowhere), 5) or "")
    assert provider.provider.taken == []


@postmark
async def test_the_check_up_says_what_is_wrong_with_the_provider_and_what_to_do(provider: HttpProvider) -> None:
    (good,) = await examine_email(settings_of("postmark", email_url=provider.url))
    assert (good.health, good.found) == (Health.GOOD, "postmark answers and knows the key")
    (wrong,) = await examine_email(settings_of("postmark", email_url=provider.url, email_key="another"))
    assert (wrong.health, wrong.found) == (Health.BAD, "postmark: does not know the key")
    (missing,) = await examine_email(settings_of("postmark", email_key=None))
    assert (missing.health, "SHELFTALK_EMAIL_KEY is not set" in missing.found) == (Health.BAD, True)


@pytest.mark.parametrize(
    ("name", "changed", "says"),
    [
        *((name, {"email_key": None}, "SHELFTALK_EMAIL_KEY is not set") for name in BY_NAME),
        ("ses", {"email_key_id": None}, "SHELFTALK_EMAIL_KEY_ID is not set"),
        ("ses", {"email_region": None}, "SHELFTALK_EMAIL_REGION is not set"),
        ("mailgun", {"email_region": "eu-west-1"}, "write us or eu"),
        ("sendgrid", {"email_region": "us"}, "write global or eu"),
        ("smtp", {}, "SHELFTALK_SMTP_HOST is not set"),
    ],
)
async def test_what_is_missing_is_said_by_its_name(name: str, changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Senders.from_settings(settings_of(name, **changed))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"email_provider": "carrier-pigeon"}, "email_provider"),
        ({"email_url": "http://api.example.com"}, "https"),
        ({"email_key": "two words"}, "without spaces"),
        ({"smtp_tls": True, "smtp_starttls": True}, "one of the two"),
    ],
)
async def test_a_setting_of_no_use_is_refused_when_it_is_read(changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Settings.model_validate(changed)


async def test_every_provider_that_can_be_set_is_simulated() -> None:
    kinds: Callable[[type[SimulatedMailApi]], str] = lambda kind: kind.name  # noqa: E731 read once
    known = Settings.model_fields["email_provider"].annotation
    assert {*map(kinds, SIMULATED), "smtp"} == set(getattr(known, "__args__", ()))
