"""Providers that sign nothing: whoever knows the user and password, or the token, is believed."""

import base64
import binascii
import hashlib
from datetime import datetime
from typing import ClassVar

from activities.providers.provider import PlainProvider, ProviderCall, same
from schemas.incoming.facts import WebhookDelivery


class SharedSecretProvider(PlainProvider):
    """`Authorization: Basic` with `user:password`, or `Authorization: Bearer` with a token without a colon.

    Nothing says when a call was made, and nothing vouches for its body: such an address is told to the provider only.
    """

    scheme: ClassVar[str] = "basic authentication or a token"

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """See `Provider.verify`."""
        self.needs_secret("USER:PASSWORD or a token")
        told = _told(call.header("authorization"))
        if not any(same(secret, told) for secret in self.secrets):
            raise self.refuse("The header Authorization")
        return self.delivery(hashlib.sha256(call.body).hexdigest())


def _told(authorization: str) -> bytes:
    """What the header says; nothing, where it is none that we take."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        # A token: with a colon it would be a user and a password, told in another way.
        return b"" if ":" in value else value.strip().encode("utf-8", "surrogatepass")
    if scheme.lower() != "basic":
        return b""
    try:
        told = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return told if b":" in told else b""
