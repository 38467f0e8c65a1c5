"""Which provider takes the text messages, by the settings. A new one is a line here."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from math import inf
from typing import assert_never

from activities.senders.sender import Handover, Sender, SenderAtFault, Sms
from activities.senders.sms.signed_http import SignedHttp, is_signing_secret
from activities.senders.sms.sms_api import SmsApi, sms_sender_by
from activities.senders.sms.telnyx import ADDRESS as TELNYX
from activities.senders.sms.telnyx import Telnyx
from activities.senders.sms.twilio import ADDRESS as TWILIO
from activities.senders.sms.twilio import Twilio
from activities.senders.sms.vonage import ADDRESS as VONAGE
from activities.senders.sms.vonage import Vonage
from schemas.settings import Settings


def sms_sender(settings: Settings) -> Sender[Sms]:
    """The sender of text messages that the settings describe.

    Raises:
        ValueError: a setting is missing; the text names it.
    """
    api = sms_api(settings)
    return NoProvider() if api is None else sms_sender_by(api)


def sms_api(settings: Settings) -> SmsApi | None:
    """The provider that the settings name; None: none.

    Raises:
        ValueError: a setting is missing; the text names it.
    """
    provider, callback, url = settings.sms_provider, settings.sms_callback_url, settings.sms_url
    if provider is None:
        return None
    secret = settings.sms_secret.get_secret_value() if settings.sms_secret is not None else None
    secret = _needed(secret, "SHELFTALK_SMS_SECRET", provider)
    match provider:
        case "twilio":
            account = _needed(settings.sms_key_id, "SHELFTALK_SMS_KEY_ID", provider)
            return Twilio(account, secret, _sender(settings), callback, url or TWILIO)
        case "telnyx":
            return Telnyx(secret, _sender(settings), callback, url or TELNYX)
        case "vonage":
            key = _needed(settings.sms_key_id, "SHELFTALK_SMS_KEY_ID", provider)
            return Vonage(key, secret, _sender(settings), callback, url or VONAGE)
        case "http":
            if not is_signing_secret(secret):
                raise ValueError("SHELFTALK_SMS_SECRET is not whsec_ and then 24 to 64 bytes in base64")
            return SignedHttp(_needed(url, "SHELFTALK_SMS_URL", provider), secret, settings.sms_sender)
        case _:
            assert_never(provider)


def _sender(settings: Settings) -> str:
    return _needed(settings.sms_sender, "SHELFTALK_SMS_SENDER", settings.sms_provider or "")


def _needed(value: str | None, variable: str, provider: str) -> str:
    if not value:
        raise ValueError(f"{variable} is not set, and SHELFTALK_SMS_PROVIDER={provider} needs it")
    return value


class NoProvider:
    """The sender where the settings name no provider: every text message waits until they do."""

    @asynccontextmanager
    async def ready(self, sms: Sms, within: float = inf) -> AsyncGenerator[Handover[Sms]]:
        """Never ready."""
        del within
        raise SenderAtFault("no provider of text messages is set: SHELFTALK_SMS_PROVIDER")
        yield _never(sms)

    async def aclose(self) -> None:
        """Nothing to close."""


def _never(sms: Sms) -> Handover[Sms]:
    raise AssertionError(f"nothing is sent on {sms.channel} without a provider")
