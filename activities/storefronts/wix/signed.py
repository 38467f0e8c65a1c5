"""What Wix sends: one JSON Web Token as the whole body, with a message in it that is JSON in JSON.

Source: https://dev.wix.com/docs/build-apps/develop-your-app/api-integrations/events-and-webhooks/about-webhooks. The
key is the app's own, from its dashboard; nothing serves it. The algorithm is RS256 and no other: a token that names
none, or one of a shared secret (for which a public key would do), is refused by what it names.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from activities.storefronts.payload import PlainText, fit, parse_json
from activities.storefronts.storefront import PayloadMalformed
from activities.storefronts.wix.shapes import WixPayload

ALGORITHM = "RS256"
SHORTEST_KEY = 2048
"""Bits, as RFC 7518, 3.3 has it."""
LEEWAY = timedelta(minutes=1)
"""How far its clock and ours may differ. A message that is sent again (for two days) is signed anew: Wix's own example
of a receiver refuses tokens that have ended, too."""
_TOKEN = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PEM = re.compile(r"-----BEGIN (?:RSA )?PUBLIC KEY-----(.+?)-----END (?:RSA )?PUBLIC KEY-----", re.DOTALL)
_INSTANCE = re.compile(r"[0-9A-Za-z-]{1,64}")


class Claims(WixPayload):
    """Of a token: what it says, and from when until when it holds."""

    data: Any = None
    iat: int | None = None
    exp: int | None = None


class Message(WixPayload):
    """What it says.

    Attributes:
        instance_id: of the app on one site, and so the store.
        data: the event itself; JSON as text.
    """

    event_type: PlainText = None
    instance_id: PlainText = None
    data: Any = None


def claims_in(body: bytes) -> Claims:
    """What the token says. Nobody believes it yet.

    Raises:
        PayloadMalformed: it is no token, or says nothing in JSON.
    """
    body = body.strip()
    if _TOKEN.fullmatch(body) is None:
        raise PayloadMalformed("$", "the body is no JSON Web Token")
    return fit(parse_json(_decoded(body.split(b".")[1])), Claims)


def message_in(claims: Claims) -> Message:
    """The message of a token.

    Raises:
        PayloadMalformed: there is none.
    """
    return fit(nested(claims.data), Message)


def nested(value: Any) -> Any:
    """JSON that may stand as text in JSON.

    Raises:
        PayloadMalformed: it is text, and no JSON.
    """
    return parse_json(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else value


def instance(message: Message) -> str | None:
    """The store, where it is named."""
    named = message.instance_id or ""
    return named.lower() if _INSTANCE.fullmatch(named) else None


def genuine(body: bytes, keys: Sequence[str], at: datetime) -> bool:
    """Whether one of these keys signed these very bytes, for a time that has not ended.

    Args:
        keys: public keys in PEM, also where their line breaks were lost.
    """
    body = body.strip()
    if _TOKEN.fullmatch(body) is None or not _canonical(body):
        return False
    fitting = [_signed_with(body, key) for key in keys]
    if not any(fitting):
        return False
    try:
        ends = claims_in(body).exp
        return ends is None or at <= datetime.fromtimestamp(ends, UTC) + LEEWAY
    except (PayloadMalformed, ValueError, OverflowError, OSError):
        return False


def _signed_with(body: bytes, key: str) -> bool:
    if (pem := _as_pem(key)) is None:
        return False
    try:
        public = RSAKey.import_key(pem)
        if public.public_key.key_size < SHORTEST_KEY:
            return False
        jws.deserialize_compact(body, public, algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError, AttributeError):
        return False
    return True


def _as_pem(key: str) -> str | None:
    """As programs read it: the dashboard's text may have been pasted into one line, or with `\\n` written out."""
    found = _PEM.search(key)
    if found is None:
        return None
    digits = re.sub(r"\\n|\s", "", found[1])
    lines = "\n".join(digits[start : start + 64] for start in range(0, len(digits), 64))
    kind = "RSA PUBLIC KEY" if "RSA PUBLIC KEY" in found[0] else "PUBLIC KEY"
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


def _canonical(body: bytes) -> bool:
    """The last letter of base64 has bits that mean nothing: with others the same signature would be other bytes."""
    signature = body.rpartition(b".")[2]
    try:
        again = base64.urlsafe_b64encode(_decoded(signature)).rstrip(b"=")
    except PayloadMalformed:
        return False
    return again == signature


def _decoded(part: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise PayloadMalformed("$", "a part of the token is no base64") from None
