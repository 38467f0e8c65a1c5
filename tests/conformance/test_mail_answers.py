"""What each documented answer of a provider of e-mail means, and how long it asks to be left alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from activities.outbound.patience import LONGEST_RETRY_AFTER, patience, patience_until
from activities.senders.email.mail_api import mail_sender
from activities.senders.http.http_api import Answer
from activities.senders.limits import Limits
from activities.senders.sender import NotTaken, Rejected
from tests.conformance.mail_over_http import MAIL, NEXT, End, ending, every_provider
from tests.conformance.providers import FROM, RECIPIENT, HttpProvider
from tests.simulated.mail_api import Reply


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
