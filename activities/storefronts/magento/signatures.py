"""Who signed what Adobe sends: RSA with SHA-256, by public keys that are the secrets of a store.

Sources: https://developer.adobe.com/events/docs/guides/#security-considerations (events) and
https://developer.adobe.com/commerce/extensibility/webhooks/signature-verification (webhooks).
"""

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

MOST_KEYS = 8
"""Of one secret: events have two, twice that while Adobe changes them."""
SMALLEST_KEY = 2048
LARGEST_KEY = 8192
"""Bits; a larger one takes long to verify by."""

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----(.{1,4000}?)-----END PUBLIC KEY-----", re.DOTALL)
_BLANKS = re.compile(r"\\n|\s")
"""Where a PEM file went through one line, its line breaks are blanks, or written as backslash and n."""
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,100}")


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """One secret of a store.

    Attributes:
        client_id: whom events are for; None: these are the keys of a shop's own webhooks.

    Adobe signs the events of all its customers by the same keys, so that by a key alone anybody with an account there
    could send events in a shop's name. Only the client id of the signed body tells whose they are.
    """

    client_id: str | None
    keys: tuple[RSAPublicKey, ...]

    @classmethod
    def read(cls, secret: str) -> "PublicKeys":
        """What is written in a secret: for events the client id, then PEM keys. Of what is no key there is none."""
        before = _BLANKS.sub("", secret.partition("-----BEGIN")[0])
        found = [_key(match[1]) for match, _ in zip(_PEM.finditer(secret), range(MOST_KEYS), strict=False)]
        keys = tuple(key for key in found if key is not None)
        if before and not _CLIENT_ID.fullmatch(before):
            return cls(None, ())
        return cls(before or None, keys)

    def made(self, signature: str | None, signed: bytes) -> bool:
        """Whether one of these keys is that of a signature, in base64, of these bytes. All are tried."""
        try:
            raw = base64.b64decode(signature or "", validate=True)
        except (binascii.Error, ValueError):
            return False
        fitting = [_fits(key, raw, signed) for key in self.keys]
        return any(fitting)


def _key(body: str) -> RSAPublicKey | None:
    try:
        key = load_der_public_key(base64.b64decode(_BLANKS.sub("", body), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) and SMALLEST_KEY <= key.key_size <= LARGEST_KEY else None


def _fits(key: RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
