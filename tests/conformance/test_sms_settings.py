"""Who sends text messages by the settings, and what is said where one is missing."""

import pytest
from pydantic import SecretStr

from activities.senders.registry import Senders
from activities.senders.sender import (
    SenderAtFault,
    Sms,
)
from activities.senders.sms.providers import NoProvider, sms_api, sms_sender
from activities.senders.sms.twilio import Twilio
from schemas.settings import Settings
from tests.simulated.sender import SimulatedSender
from tests.simulated.sms import (
    SECRET,
)

pytestmark = pytest.mark.asyncio

NUMBER = "+12025550123"
TEXT = "It is back: https://shop.example/p. Reply STOP to end."
SMS = Sms("one@shop.example", NUMBER, TEXT, "0" * 31 + "1")


async def test_without_a_provider_every_text_message_waits_for_the_settings() -> None:
    senders = Senders(SimulatedSender(), NoProvider())

    with pytest.raises(SenderAtFault, match="SHELFTALK_SMS_PROVIDER"):
        async with senders.ready(SMS):
            pass

    await senders.aclose()


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (Settings(sms_provider="twilio", sms_key_id="AC1", sms_sender="+15005550006"), "SHELFTALK_SMS_SECRET"),
        (Settings(sms_provider="twilio", sms_secret=SecretStr("t"), sms_sender="x"), "SHELFTALK_SMS_KEY_ID"),
        (Settings(sms_provider="telnyx", sms_secret=SecretStr("t")), "SHELFTALK_SMS_SENDER"),
        (Settings(sms_provider="vonage", sms_secret=SecretStr("t"), sms_sender="x"), "SHELFTALK_SMS_KEY_ID"),
        (Settings(sms_provider="http", sms_secret=SecretStr(SECRET)), "SHELFTALK_SMS_URL"),
        (Settings(sms_provider="http", sms_secret=SecretStr("whsec_MTIz"), sms_url="https://x.example"), "whsec_"),
        (Settings(sms_provider="http", sms_secret=SecretStr("whsec_?"), sms_url="https://x.example"), "whsec_"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.sms_provider,
)
async def test_a_missing_setting_is_named(settings: Settings, missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        sms_sender(settings)


async def test_the_settings_name_the_provider_and_no_secret_is_shown() -> None:
    settings = Settings(
        sms_provider="twilio",
        sms_key_id="AC1",
        sms_secret=SecretStr("hidden"),
        sms_sender="MG1",
        sms_url="https://a.example",
    )

    api = sms_api(settings)

    assert isinstance(api, Twilio)
    assert (api.account, api.sender, api.url, api.callback) == ("AC1", "MG1", "https://a.example", None)
    assert "hidden" not in repr(api)
    assert b"MessagingServiceSid=MG1" in api.request(SMS).content


@pytest.mark.parametrize("url", ["http://sms.example", "ftp://x", "sms.example"])
async def test_messages_never_travel_readable(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        Settings(sms_url=url)
