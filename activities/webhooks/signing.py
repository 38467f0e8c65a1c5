"""Signs calls by Standard Webhooks v1, so that a shop can verify them with a library of its own language.

The signature is over id, moment and body; see docs/webhooks.md for the receiving side.
"""

from datetime import UTC
from typing import TypeAlias

from pydantic import SecretStr
from standardwebhooks import Webhook

from activities.webhooks.caller import Call

Headers: TypeAlias = tuple[tuple[str, str], ...]


def sign(secret: SecretStr, call: Call) -> Headers:
    """The headers that sign a call.

    Args:
        secret: `whsec_` and base64, as the setting takes it.
        call: its body is UTF-8.
    """
    # The library reads the wall-clock time as UTC, whatever zone the moment has.
    at = call.at.astimezone(UTC)
    signature = Webhook(secret.get_secret_value()).sign(call.id, at, call.body.decode())
    return (
        ("webhook-id", call.id),
        ("webhook-timestamp", str(int(at.timestamp()))),
        ("webhook-signature", signature),
    )
