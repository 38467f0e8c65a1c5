"""Every setting of Shelftalk, its meaning, unit and default. Read from `SHELFTALK_*` in the environment."""

import base64
import binascii
import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_ADDRESS = re.compile(r"([^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)")

_PUBLIC_URL = re.compile(r"https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?/?")


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
    temporal_task_queue: str = "shelftalk"
    workflow_sandbox: bool = False
    """Run workflows in the sandbox of Temporal's SDK, which refuses what may differ in a replay. Slower; for tests, and
    whoever changes workflows."""
    temporal_cli: Path | None = None
    """The `temporal` program to use for the embedded server."""

    smtp_host: str | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 25
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = False
    """Demand STARTTLS before anything else is said."""
    smtp_ready_seconds: Annotated[float, Field(ge=1, le=600)] = 300
    """How long the mail server may take until it accepts a recipient, and again until it asks for the message."""
    smtp_answer_seconds: Annotated[float, Field(ge=1, le=600)] = 30
    """How long it may take to answer a message; after that nobody knows whether it was taken."""
    sender: str = "Shelftalk <alerts@localhost>"
    """The From address of every message."""

    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: str | None = None
    """Where shoppers and mail providers reach this server: https, no path. Mails say by it how to unsubscribe."""
    http_max_body: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 2 * 1024 * 1024
    """Largest request body, in bytes."""
    http_trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default="127.0.0.1,::1", validate_default=True
    )
    """Addresses or networks of the proxies whose X-Forwarded-For is believed, comma separated."""

    shopify_secrets: Annotated[tuple[tuple[str, SecretStr], ...], NoDecode] = ()
    """Each shop and its client secret, `shop=secret`, comma separated; several of one shop while one is rotated."""

    webhook_secret: SecretStr | None = None
    """What signs the calls of a conversation's webhook steps: `whsec_` and 24 to 64 bytes in base64."""
    webhook_private_hosts: bool = False
    """Let those calls go to private addresses and this machine too, and to the latter by http."""

    signups_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 30
    """Sign-ups that one network address may make in a minute."""
    signups_per_mailbox: Annotated[int, Field(ge=1, le=1_000_000)] = 2
    """Places for one thing that the addresses of one mailbox may have: ada@, ada+shop@ and, at Gmail, a.da@ are one."""
    signups_per_network: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    """Sign-ups for one variant that may come from one public network address in a day."""
    zero_price_minutes: Annotated[int, Field(ge=0, le=10080)] = 60
    """Minutes that a price of 0.00 must hold before it counts as a drop; until then it is taken for a glitch."""
    inbox_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days that received deliveries are kept, for deduplication and inspection."""

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

    @field_validator("sender")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if _ADDRESS.fullmatch(value) is None:
            raise ValueError("write an address, or 'Name <address>'")
        return value

    @field_validator("public_url")
    @classmethod
    def _a_public_address(cls, value: str | None) -> str | None:
        if not value:
            return None
        if _PUBLIC_URL.fullmatch(value) is None:
            raise ValueError("write it as https://alerts.shop.example: https, a host, and no path")
        return value.rstrip("/")

    @field_validator("webhook_secret")
    @classmethod
    def _a_signing_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        prefix, _, key = value.get_secret_value().partition("_")
        try:
            size = len(base64.b64decode(key, validate=True))
        except (binascii.Error, ValueError):
            size = 0
        # The sizes that Standard Webhooks allows: shorter ones are guessed, longer ones are mistakes.
        if prefix != "whsec" or not 24 <= size <= 64:
            raise ValueError(
                "write whsec_ and then 24 to 64 random bytes in base64; "
                "this makes one: echo whsec_$(head -c 32 /dev/urandom | base64)"
            )
        return value

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

    @field_validator("http_trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        networks: list[IPv4Network | IPv6Network] = []
        for part in (part.strip() for part in value.split(",") if part.strip()):
            try:
                network = ip_network(part)
            except ValueError:
                raise ValueError(
                    "each is an address or a network, as in 10.0.0.7 or 10.0.0.0/8, with commas between them"
                ) from None
            if not network.prefixlen:
                raise ValueError("whoever is everyone's proxy can say they are anybody: name your own proxies")
            networks.append(network)
        return tuple(networks)

    @field_validator("shopify_secrets", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if not all(store.strip() and secret.strip() for store, _, secret in pairs):
            raise ValueError(
                "each secret is good for one shop only, so say for which: example.myshopify.com=SECRET, with commas "
                "between; a shop has two while one is rotated"
            )
        return tuple((store.strip().lower(), secret.strip()) for store, _, secret in pairs)
