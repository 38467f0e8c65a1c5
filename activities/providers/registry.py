"""Every provider whose webhooks are read, by its name. A new one is a line here."""

from collections.abc import Iterator, Mapping

from activities.providers.brevo import Brevo
from activities.providers.mailgun import Mailgun
from activities.providers.messagebird import MessageBird
from activities.providers.postmark import Postmark
from activities.providers.provider import SETTING, Provider
from activities.providers.resend import Resend
from activities.providers.sendgrid import SendGrid
from activities.providers.ses import Ses
from activities.providers.telnyx import Telnyx
from activities.providers.twilio import Twilio
from activities.providers.vonage import Vonage
from schemas.settings import Settings

PROVIDERS: tuple[type[Provider], ...] = (
    Ses,
    SendGrid,
    Postmark,
    Mailgun,
    Resend,
    Brevo,
    Twilio,
    Vonage,
    Telnyx,
    MessageBird,
)


class Providers(Mapping[str, Provider]):
    """Adapters by name."""

    def __init__(self, *providers: Provider) -> None:
        self._by_name = {provider.name: provider for provider in providers}

    @classmethod
    def from_settings(cls, settings: Settings) -> "Providers":
        """Every provider, each with its secrets.

        Raises:
            ValueError: a secret is of no use, or of a provider that there is not; the text names the setting.
        """
        given = settings.provider_secrets
        known = {provider.name for provider in PROVIDERS}
        if unknown := sorted({name for name, _ in given} - known):
            raise ValueError(f"{SETTING} names {unknown[0]!r}; there are: {', '.join(sorted(known))}")
        return cls(
            *(
                provider.with_secrets([secret.get_secret_value() for name, secret in given if name == provider.name])
                for provider in PROVIDERS
            )
        )

    def __getitem__(self, name: str) -> Provider:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)
