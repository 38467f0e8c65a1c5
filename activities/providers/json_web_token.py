"""JSON Web Tokens that providers sign their calls with: by HMAC only, so that no token chooses how it is checked."""

from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

ALGORITHMS = ("HS256", "HS384", "HS512")
SHORTEST_KEY = 14
"""Bytes: a shorter one is guessed (112 bits, NIST SP 800-131A)."""


def claims_of(token: str, secrets: Sequence[str]) -> Mapping[str, Any] | None:
    """What a token says that was signed with one of these secrets; None: it was not. Its times are not looked at."""
    for secret in secrets:
        if len(secret.encode()) < SHORTEST_KEY:
            continue
        try:
            return jwt.decode(token, OctKey.import_key(secret), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):
            continue
    return None
