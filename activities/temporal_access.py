"""How Temporal is reached and what it is told: TLS and keys of its own configuration, and our payloads, sealed or not.

Address and namespace are settings of ours. What else a connection needs (TLS, client certificates, an API key,
headers) is read by Temporal's SDK from where its command line reads it, `TEMPORAL_*` and `temporal.toml`, once a
profile of it is named (docs/decisions/0064-any-temporal.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import TLSConfig

from activities.sealed_payloads import SealedPayloads
from schemas.errors import DomainError, ErrorKind
from schemas.settings import Settings


class TemporalMisconfigured(DomainError):
    """Temporal's own configuration cannot be read, or what histories are encrypted with is no key."""

    code = "temporal_misconfigured"
    kind = ErrorKind.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class TemporalAccess:
    """What a connection needs beside an address and a namespace.

    Attributes:
        converter: our models as payloads, encrypted where there are keys.
        api_key: a secret.
    """

    converter: DataConverter = pydantic_data_converter
    tls: bool | TLSConfig = False
    api_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> "TemporalAccess":
        """As the settings say.

        Raises:
            TemporalMisconfigured: as it says.
        """
        converter = data_converter(settings)
        if settings.temporal_profile is None:
            return cls(converter)
        named = profile(settings.temporal_profile)
        return cls(converter, named.get("tls", False), named.get("api_key"), named.get("rpc_metadata", {}))


PLAIN = TemporalAccess()
"""No TLS and nothing encrypted: the server that `up` starts."""


def data_converter(settings: Settings) -> DataConverter:
    """Our models as payloads, encrypted where the settings have keys, the texts of failures too.

    Raises:
        TemporalMisconfigured: one is no key.
    """
    if not settings.temporal_keys:
        return pydantic_data_converter
    try:
        codec = SealedPayloads(settings.temporal_keys)
    except ValueError as error:
        raise TemporalMisconfigured(str(error)) from None
    return replace(
        pydantic_data_converter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def profile(name: str) -> ClientConnectConfig:
    """A profile of Temporal's own configuration, with what the environment overrides in it.

    Raises:
        TemporalMisconfigured: there is none of this name, or a file of it cannot be read.
    """
    try:
        return ClientConfig.load_client_connect_config(name)
    except (RuntimeError, OSError, ValueError) as error:
        raise TemporalMisconfigured(
            f"SHELFTALK_TEMPORAL_PROFILE names the profile '{name}' of Temporal's own configuration, which cannot be "
            f"read: {error}. Look at TEMPORAL_CONFIG_FILE and the other TEMPORAL_* variables."
        ) from error
