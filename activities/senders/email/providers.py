"""Every provider of e-mail that SHELFTALK_EMAIL_PROVIDER can name. A new one is a line in each of these."""

from collections.abc import Mapping
from typing import assert_never

from activities.senders.email.aws_signature import AwsKey
from activities.senders.email.brevo import Brevo
from activities.senders.email.mail_api import MailApi, MailSender, mail_sender
from activities.senders.email.mailgun import URLS as MAILGUN_REGIONS
from activities.senders.email.mailgun import Mailgun
from activities.senders.email.mime import parse_sender
from activities.senders.email.postmark import Postmark
from activities.senders.email.resend import Resend
from activities.senders.email.sendgrid import URLS as SENDGRID_REGIONS
from activities.senders.email.sendgrid import SendGrid
from activities.senders.email.ses import Ses
from activities.senders.email.smtp_sender import SmtpSender
from activities.senders.limits import Limits
from activities.senders.sender import Mail, Sender
from schemas.settings import Settings


def email_sender(settings: Settings) -> Sender[Mail]:
    """The sender of e-mail that the settings describe.

    Raises:
        ValueError: a setting is missing, or of no use; the text names it.
    """
    return SmtpSender.from_settings(settings) if settings.email_provider == "smtp" else _by_http(settings)


async def ask_provider(settings: Settings, within: float) -> str | None:
    """What is wrong with the provider that the settings name, or with their key; None: it answers and knows the key.

    Args:
        within: seconds that it may take to answer.

    Raises:
        ValueError: a setting is missing, or of no use; the text names it.
    """
    sender = _by_http(settings, Limits(answer=within))
    try:
        return await sender.examine()
    finally:
        await sender.aclose()


def _by_http(settings: Settings, limits: Limits | None = None) -> MailSender:
    limits = limits or Limits(answer=settings.smtp_answer_seconds)
    return mail_sender(_api(settings), settings.sender, limits=limits)


def _api(settings: Settings) -> MailApi:
    key, url = settings.email_key, settings.email_url
    if key is None:
        raise ValueError(f"SHELFTALK_EMAIL_KEY is not set: {settings.email_provider} takes no message without one")
    secret = key.get_secret_value()
    match settings.email_provider:
        case "brevo":
            return Brevo(secret, url)
        case "mailgun":
            domain = settings.email_domain or parse_sender(settings.sender).domain
            return Mailgun(secret, domain, _region(settings, MAILGUN_REGIONS), url)
        case "postmark":
            return Postmark(secret, settings.email_stream, url)
        case "resend":
            return Resend(secret, url)
        case "sendgrid":
            return SendGrid(secret, _region(settings, SENDGRID_REGIONS), url)
        case "ses":
            if settings.email_key_id is None:
                raise ValueError("SHELFTALK_EMAIL_KEY_ID is not set: ses needs the access key's id beside its secret")
            if settings.email_region is None:
                raise ValueError("SHELFTALK_EMAIL_REGION is not set: name the region of ses, as in eu-west-1")
            return Ses(AwsKey(settings.email_key_id, secret), settings.email_region, settings.email_stream, url)
        case "smtp":
            raise ValueError("SHELFTALK_EMAIL_PROVIDER is smtp, which has no API to ask")
        case _:
            assert_never(settings.email_provider)


def _region(settings: Settings, regions: Mapping[str, str]) -> str | None:
    """The region of the settings, where it is one of these."""
    if settings.email_region is not None and settings.email_region not in regions:
        provider, known = settings.email_provider, " or ".join(regions)
        raise ValueError(f"SHELFTALK_EMAIL_REGION is not one of {provider}'s: write {known}, or leave it out")
    return settings.email_region
