"""Who signed what Adobe sends: RSA with SHA-256, by public keys that are the secrets of a store.

Sources: https://developer.adobe.com/events/docs/guides/#security-considerations (events) and
https://developer.adobe.com/commerce/extensibility/webhooks/signature-verification (webhooks).
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

MOST_KEYS = 8
"""Of one secret: webhooks have one, events two, and each twice that while it is changed."""
SMALLEST_KEY = 2048
LARGEST_KEY = 8192
"""Bits; a larger one takes long to verify by."""

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----(.{1,4000}?)-----END PUBLIC KEY-----", re.DOTALL)
_BLANKS = re.compile(r"\\n|\s")
"""Where a PEM file went through one line, its line breaks are blanks, or written as backslash and n."""
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,100}")


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The keys of one sender.

    Attributes:
        client_id: whom events are for; None: these are the keys of a shop's own webhooks.

    Adobe signs the events of all its customers by the same keys, so that by a key alone anybody with an account there
    could send events in a shop's name. Only the client id of the signed body tells whose they are.
    """

    client_id: str | None
    keys: tuple[RSAPublicKey, ...]

    @classmethod
    def read(cls, secret: str) -> "tuple[PublicKeys, ...]":
        """What a secret holds: PEM keys of webhooks; a client id, and PEM keys of events after it; or both, so.

        Of what is written otherwise there is nothing: all of the secret is, or none.
        """
        by_client: dict[str | None, list[RSAPublicKey]] = {}
        client_id: str | None = None
        rest = 0
        for found in _PEM.finditer(secret):
            before = _BLANKS.sub("", secret[rest : found.start()])
            rest, key = found.end(), _key(found[1])
            if key is None or (before and not _CLIENT_ID.fullmatch(before)):
                return ()
            client_id = before or client_id
            by_client.setdefault(client_id, []).append(key)
        too_many = sum(len(keys) for keys in by_client.values()) > MOST_KEYS
        return () if too_many or _BLANKS.sub("", secret[rest:]) else tuple(cls(*each) for each in _held(by_client))

    def made(self, signature: str | None, signed: bytes) -> bool:
        """Whether one of these keys is that of a signature, in base64, of these bytes. All are tried."""
        try:
            raw = base64.b64decode(signature or "", validate=True)
        except (binascii.Error, ValueError):
            return False
        fitting = [_fits(key, raw, signed) for key in self.keys]
        return any(fitting)


def _held(by_client: Mapping[str | None, list[RSAPublicKey]]) -> Iterator[tuple[str | None, tuple[RSAPublicKey, ...]]]:
    return ((client_id, tuple(keys)) for client_id, keys in by_client.items())


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
