"""Every setting of Shelftalk, its meaning, unit and default. Read from `SHELFTALK_*` in the environment."""

import os
import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from schemas.attribution import AttributionDays, AttributionModel
from schemas.replies import reply_texts
from schemas.setting_values import group_roles, networks, pairs, private_address, words, words_of_file
from schemas.signing import signing_secrets

_ADDRESS = re.compile(r"([^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)")
_PUBLIC_URL = re.compile(r"https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


class Settings(BaseSettings):
    """Settings of one process. An unset address means: the embedded component of `shelftalk up`."""

    model_config = SettingsConfigDict(env_prefix="SHELFTALK_", frozen=True, extra="ignore")

    data_dir: Path = Path("/var/lib/shelftalk" if os.geteuid() == 0 else platformdirs.user_data_dir("shelftalk"))
    """Where `up` keeps what must survive a restart. Root's own folders are closed to PostgreSQL's account."""

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """PostgreSQL ≥ 14. Read from `DATABASE_URL`."""
    database_pool: Annotated[int, Field(ge=5, le=200)] = 16
    """Connections per process. The dispatcher holds up to three."""

    temporal_address: str | None = None
    """host:port of Temporal's frontend."""
    temporal_namespace: str = "default"
    temporal_profile: Annotated[str, Field(pattern=r"^[^\s]{1,100}$")] | None = None
    """The profile of Temporal's own configuration (`temporal.toml`, `TEMPORAL_*`) that says how it is reached: TLS,
    client certificate, API key; and address and namespace where they are not set here."""
    temporal_keys_file: Path | None = None
    """A file with the keys of the next, one in a line, in place of it."""
    temporal_keys: Annotated[
        tuple[SecretStr, ...],
        NoDecode,
        BeforeValidator(words_of_file("temporal_keys_file")),
        Field(validate_default=True),
    ] = ()
    """What histories are encrypted with: the first encrypts, each decrypts. Comma separated; with none, nothing is."""
    temporal_task_queue: str = "shelftalk"
    deployment: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")] | None = None
    build: Annotated[str, Field(pattern=r"^[A-Za-z0-9._+-]{1,100}$")] | None = None
    temporal_ui: Annotated[str, Field(pattern=r"^https?://[^\s<>\"]+$")] | None = None
    """Address of Temporal's own web pages, for links from the console."""
    worker_metrics: Annotated[str, Field(pattern=r"^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):\d{1,5}$")] | None = None
    """address:port where a worker's own metrics can be read by Prometheus, as `0.0.0.0:9464`; none: nowhere."""
    workflow_sandbox: bool = False
    """Run workflows in the sandbox of Temporal's SDK, which refuses what may differ in a replay: slower, for tests."""
    temporal_cli: Path | None = None
    """The `temporal` program to use for the embedded server."""

    email_provider: Literal["smtp", "brevo", "mailgun", "postmark", "resend", "sendgrid", "ses"] = "smtp"
    """What takes e-mail: a mail server, or a provider by its API."""
    email_key: SecretStr | None = None
    """The provider's API key, Postmark's server token, or the secret of Amazon's access key."""
    email_key_id: str | None = None
    """The id of Amazon's access key."""
    email_region: str | None = None
    """Where the provider keeps the account: an AWS region, `eu` or `us` of Mailgun, `eu` or `global` of SendGrid."""
    email_domain: str | None = None
    """Mailgun's sending domain; without one, that of `sender`."""
    email_stream: str | None = None
    """Postmark's message stream, or the configuration set of SES."""
    email_url: Annotated[str | None, AfterValidator(private_address)] = None
    """Address of the provider's API, where it is not the usual one."""
    email_per_second: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """Messages a second that all workers together hand over; none: as many as there are."""
    email_domain_per_second: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """Of those, to one receiving domain."""
    smtp_host: str | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 25
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = False
    """Demand STARTTLS before anything else is said."""
    smtp_tls: Annotated[bool, Field(validate_default=True)] = False
    """Speak TLS from the first byte, as on port 465."""
    smtp_ready_seconds: Annotated[float, Field(ge=1, le=600)] = 300
    """How long the mail server may take until it accepts a recipient, and again until it asks for the message."""
    smtp_answer_seconds: Annotated[float, Field(ge=1, le=600)] = 30
    """How long it, or the provider, may take to answer a message; after that nobody knows whether it was taken."""
    sender: str = "Shelftalk <alerts@localhost>"
    """The From address of every message."""

    sms_provider: Literal["twilio", "telnyx", "vonage", "http"] | None = None
    """Who takes the text messages; without one none is sent."""
    sms_key_id: str | None = None
    """Twilio's account SID, Vonage's API key."""
    sms_secret: SecretStr | None = None
    """Twilio's auth token, Telnyx's API key, Vonage's API secret; of `http` what signs, `whsec_` and base64."""
    sms_sender: str | None = None
    """The number or name that text messages come from, or Twilio's messaging service or Telnyx's messaging profile."""
    sms_url: str | None = None
    """Of `http` where messages are posted; of the others another address than the provider's own, as of a region."""
    sms_callback_url: str | None = None
    """Where the provider is to report what becomes of messages."""
    sms_replies: Annotated[bool | None, Field(validate_default=True)] = None
    """Whether Shelftalk replies to STOP and HELP; unset: where the provider does not by itself."""
    sms_stop_texts: dict[str, str] = {}
    """What is replied to STOP, by language, in place of our own words."""
    sms_help_texts: dict[str, str] = {}
    """What is replied to HELP."""

    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    http_max_body: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 2 * 1024 * 1024
    """Largest request body, in bytes."""
    http_trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(networks)] = Field(
        default="127.0.0.1,::1", validate_default=True
    )
    """Addresses or networks of the proxies whose X-Forwarded-For is believed, comma separated."""

    public_url: str | None = None
    """Where shoppers and mail providers reach this installation from anywhere, with https://: links of messages lead
    through it, and mails say by it how to unsubscribe.
    """

    secrets_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(words)] = ()
    """What secrets of connected stores and of authenticator apps are encrypted with: the first encrypts, each decrypts.
    Comma separated."""

    second_factor_required: bool = False
    """Whoever signs in to the console by a password sets a second factor up before anything else."""

    oidc_issuer: Annotated[str | None, AfterValidator(private_address)] = None
    """Address of the company's identity provider (OpenID Connect), as it names itself."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_name: str = "Single sign-on"
    """What the console calls it."""
    oidc_groups_claim: str = "groups"
    """The claim that has the names of a user's groups."""
    oidc_roles: Annotated[tuple[tuple[str, str], ...], NoDecode, BeforeValidator(group_roles)] = ()
    """Which role members of each group have, `group=role` or `group=role@store`, comma separated."""
    oidc_creates_accounts: bool = False
    """Whoever has a role by their groups gets an account at their first sign-in."""

    provider_secrets: Annotated[tuple[tuple[str, SecretStr], ...], NoDecode, BeforeValidator(pairs)] = ()
    """Each provider of messages and what its webhooks are verified by, `provider=secret`, comma separated; several of
    one while one is rotated."""

    webhook_secrets: Annotated[tuple[tuple[str, SecretStr], ...], NoDecode, BeforeValidator(signing_secrets)] = ()
    """What signs the calls of a conversation's webhook steps, comma separated: `whsec_` and 24 to 64 bytes in base64;
    with `host=` before it for that host alone, which then gets no others. All that fit sign, so that one is changed
    for another."""
    webhook_private_hosts: bool = False
    """Let those calls go to private addresses and this machine too, and to the latter by http."""

    signups_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 30
    """Sign-ups that one network address may make in a minute."""
    signups_per_mailbox: Annotated[int, Field(ge=1, le=1_000_000)] = 2
    """Places for one thing that the addresses of one mailbox may have: ada@, ada+shop@ and, at Gmail, a.da@ are one."""
    signups_per_network: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    """Sign-ups for one variant that may come from one public network address in a day."""
    signups_before_work: Annotated[int, Field(ge=0, le=1_000_000)] = 10
    """Sign-ups for one variant from one public network in a day, from which on each has to prove some work."""
    line_before_work: Annotated[int, Field(ge=0, le=1_000_000)] = 2000
    """The same of sign-ups for one variant from everywhere, in half an hour."""
    zero_price_minutes: Annotated[int, Field(ge=0, le=10080)] = 60
    """Minutes that a price of 0.00 must hold before it counts as a drop; until then it is taken for a glitch."""
    inbox_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days that received deliveries are kept, for deduplication and inspection."""

    event_days: Annotated[int, Field(ge=1, le=36500)] = 730
    """Days that the properties and Message-IDs of events are kept."""
    subject_days: Annotated[int, Field(ge=1, le=36500)] = 730
    """Days that the subjects of messages are kept."""
    click_days: Annotated[int, Field(ge=1, le=36500)] = 730
    """Days that clicks and opens are kept."""
    link_days: Annotated[int, Field(ge=1, le=36500)] = 1095
    """Days that links of messages lead somewhere."""
    question_days: Annotated[int, Field(ge=7, le=36500)] = 30
    """Days that what was shown with a question of double opt-in is kept after it was answered or lapsed."""
    proof_days: Annotated[int, Field(ge=1, le=36500)] = 1825
    """Days that the words of a consent are kept after it was taken back: why five years says docs/operations.md."""
    text_days: Annotated[int, Field(ge=1, le=36500)] = 1825
    """Days that what people wrote back is kept after it was decided."""

    attribution_email_click_days: AttributionDays = 5
    """Days after a click in an e-mail in which an order is credited to it; 0: never."""
    attribution_email_open_days: AttributionDays = 5
    """Days after an e-mail was opened."""
    attribution_sms_click_days: AttributionDays = 5
    """Days after a click in a text message."""
    attribution_delivered_days: AttributionDays = 0
    """Days after any message, whatever was done with it."""

    archive_bucket: str | None = None
    """The S3 bucket that closed histories are archived in; without one, PostgreSQL keeps them."""
    archive_endpoint: str | None = None
    """Address of an S3-compatible store; without one, Amazon's."""
    archive_region: str = "us-east-1"
    archive_key_id: str | None = None
    archive_secret: Annotated[SecretStr | None, Field(validate_default=True)] = None
    archive_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    """Minutes between two runs of the archiving."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def attribution(self) -> AttributionModel:
        """Within how many days orders are credited, where a list says nothing else."""
        return AttributionModel(
            email_click_days=self.attribution_email_click_days,
            email_open_days=self.attribution_email_open_days,
            sms_click_days=self.attribution_sms_click_days,
            delivered_days=self.attribution_delivered_days,
        )

    @field_validator("sender")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if _ADDRESS.fullmatch(value) is None:
            raise ValueError("write an address, or 'Name <address>'")
        return value

    @field_validator(
        "email_key", "email_key_id", "email_region", "email_domain", "email_stream", "sms_key_id", "sms_secret"
    )
    @classmethod
    def _a_word(cls, value: str | SecretStr | None) -> str | SecretStr | None:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is not None and re.fullmatch(r"[\x21-\x7e]+", text) is None:
            raise ValueError("it is of visible ASCII characters, without spaces or line ends")
        return value

    @field_validator("smtp_tls")
    @classmethod
    def _one_kind_of_tls(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("smtp_starttls"):
            raise ValueError("a mail server speaks TLS from the first byte or after STARTTLS: set one of the two")
        return value

    @field_validator("sms_url", "sms_callback_url")
    @classmethod
    def _on_the_web(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(
            ("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")
        ):
            raise ValueError("write it with https://; http:// goes to this machine only")
        return value or None

    @field_validator("sms_replies")
    @classmethod
    def _where_the_provider_does_not(cls, value: bool | None, info: ValidationInfo) -> bool:
        return info.data.get("sms_provider") in ("vonage", "http") if value is None else value

    @field_validator("sms_stop_texts", "sms_help_texts")
    @classmethod
    def _texts_by_language(cls, value: dict[str, str]) -> dict[str, str]:
        return reply_texts(value)

    @field_validator("public_url")
    @classmethod
    def _a_public_address(cls, value: str | None) -> str | None:
        if not value:
            return None
        if _PUBLIC_URL.fullmatch(value) is None:
            raise ValueError("write https:// and the host, with a path if there is one: https://mail.shop.example")
        return value.rstrip("/")

    @field_validator("archive_endpoint")
    @classmethod
    def _a_web_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("write it with https:// or http://")
        return value

    @field_validator("archive_secret")
    @classmethod
    def _with_its_key_id(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if (value is None) != (info.data.get("archive_key_id") is None):
            raise ValueError("the key's id and its secret go together")
        return value
