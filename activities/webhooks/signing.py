"""Signs calls by Standard Webhooks v1, so that a shop can verify them with a library of its own language.

The signature is over id, moment and body; see docs/webhooks.md for the receiving side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TypeAlias

from pydantic import SecretStr
from standardwebhooks import Webhook

from activities.webhooks.caller import Call

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """What calls are signed with.

    Attributes:
        by_host: each host and a secret of its, `whsec_` and base64; empty: of every host without any of its own. So
            whoever receives calls holds nothing by which another's can be forged.
    """

    by_host: Sequence[tuple[str, SecretStr]] = ()

    def of(self, host: str) -> list[SecretStr]:
        """All that sign for a host: several while one is changed for another."""
        own = [secret for each, secret in self.by_host if each == host.lower()]
        return own or [secret for each, secret in self.by_host if not each]


def sign(secrets: Sequence[SecretStr], call: Call) -> Headers:
    """The headers that sign a call, with each of these.

    Args:
        secrets: one at least.
        call: its body is UTF-8.
    """
    # The library reads the wall-clock time as UTC, whatever zone the moment has.
    at = call.at.astimezone(UTC)
    body = call.body.decode()
    signature = " ".join(Webhook(secret.get_secret_value()).sign(call.id, at, body) for secret in secrets)
    return (
        ("webhook-id", call.id),
        ("webhook-timestamp", str(int(at.timestamp()))),
        ("webhook-signature", signature),
    )
