"""What Temporal is given to keep, encrypted: whoever holds the cluster, or a copy of its database, reads nothing.

AES-256-GCM by `cryptography`. Each payload names the key that it was encrypted with; the first key encrypts, every one
decrypts, so that a key is rotated without a moment in which a history cannot be read. In clear stay what Temporal
finds workflows by: their ids, types and search attributes.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from schemas.errors import DomainError, ErrorKind

ENCODING = b"binary/encrypted"
"""As Temporal's own samples of codecs name it."""
_NONCE_BYTES = 12
_KEY_BYTES = 32


class PayloadUnreadable(DomainError):
    """A payload was encrypted with a key that is not here, or is not what was encrypted; the text says which."""

    code = "payload_unreadable"
    kind = ErrorKind.CONFLICT


class SealedPayloads(PayloadCodec):
    """Encrypts and decrypts payloads.

    Args:
        keys: each 32 bytes in base64, as `openssl rand -base64 32` prints them; the first encrypts.

    Raises:
        ValueError: there is none, or one is no such key.
    """

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        if not keys:
            raise ValueError("without a key nothing can be encrypted")
        raw = [_key(key) for key in keys]
        self._by_id = {_key_id(key): AESGCM(key) for key in raw}
        self._first_id = _key_id(raw[0])

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload, encrypted with the first key."""
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload as it was before `encode`; one that is not encrypted, as it is.

        Raises:
            PayloadUnreadable: as it says.
        """
        return [self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._by_id[self._first_id].encrypt(nonce, payload.SerializeToString(), ENCODING)
        metadata = {"encoding": ENCODING, "encryption-key-id": self._first_id.encode()}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get("encryption-key-id", b"").decode("ascii", "replace")
        key = self._by_id.get(key_id)
        if key is None:
            raise PayloadUnreadable(
                f"A payload was encrypted with the key {key_id[:32]!r}, which is none of SHELFTALK_TEMPORAL_KEYS: "
                "put it back."
            )
        try:
            clear = key.decrypt(payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:], ENCODING)
        except (InvalidTag, ValueError):
            raise PayloadUnreadable(f"A payload is not what the key {key_id} encrypted.") from None
        return Payload.FromString(clear)


def _key(setting: SecretStr) -> bytes:
    try:
        key = base64.b64decode(setting.get_secret_value().translate(_STANDARD), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError(
            "SHELFTALK_TEMPORAL_KEYS holds what is no key. `openssl rand -base64 32` prints one; several are separated "
            "by commas, the one to encrypt with first."
        )
    return key


_STANDARD = str.maketrans("-_", "+/")


def _key_id(key: bytes) -> str:
    """A name for the key that gives nothing of it away."""
    return hashlib.sha256(b"shelftalk payload key " + key).hexdigest()[:12]
