"""How a provider of e-mail is set up: settings, signatures, and the check-up."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.senders.email.aws_signature import AwsKey, signed_headers
from activities.senders.registry import Senders, ask_email_provider
from schemas.settings import Settings
from starter.ops.checkup import examine_email
from starter.ops.findings import Health
from tests.conformance.mail_over_http import BY_NAME, MAIL, every_provider, postmark
from tests.conformance.providers import FROM, HttpProvider, send
from tests.simulated.mail_api import KEY, SimulatedMailApi
from tests.simulated.mail_apis import SIMULATED

AUTH: Any = import_module("botocore.auth")
REQUESTS: Any = import_module("botocore.awsrequest")
CREDENTIALS: Any = import_module("botocore.credentials")
"""Amazon's own library has no types."""


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
