"""The signature of the open API's messages: Standard Webhooks, HMAC-SHA256 of id, time and body.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

PREFIX = "whsec_"
FRESH = timedelta(minutes=5)
"""How far the signed time may be from when the message arrives: a sender that tries again signs anew."""
KEY_BYTES = range(24, 65)
"""As many as the specification allows: fewer are guessed."""
_SECONDS = re.compile(r"[0-9]{1,12}")


def sign(secret: str, id_: str, timestamp: str, body: bytes) -> str | None:
    """The signature that this secret makes; None: it is no such secret."""
    key = _key(secret)
    if key is None:
        return None
    signed = f"{id_}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def fits(secrets: Sequence[str], id_: str, timestamp: str, body: bytes, claimed: str) -> bool:
    """Whether any of the signatures in the header, with blanks between, is that of one of the secrets."""
    told = [each.encode("utf-8", "surrogatepass") for each in claimed.split(" ")]
    fitting = [
        hmac.compare_digest(made.encode(), each)
        for secret in secrets
        if (made := sign(secret, id_, timestamp, body)) is not None
        for each in told
    ]
    return any(fitting)


def signed_at(timestamp: str) -> datetime | None:
    """The time in the header, which is in seconds since 1970; None: it is none."""
    if _SECONDS.fullmatch(timestamp) is None:
        return None
    try:
        return datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def is_fresh(timestamp: datetime, at: datetime) -> bool:
    """Whether a message of this time can have been sent just now."""
    return abs(at - timestamp) <= FRESH


def _key(secret: str) -> bytes | None:
    if not secret.startswith(PREFIX):
        return None
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) in KEY_BYTES else None
