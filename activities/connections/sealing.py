"""Secrets of stores and users as they are kept: encrypted, each bound to whose it is and its purpose.

Fernet (AES-128-CBC and HMAC-SHA-256) by `cryptography`, with keys of the environment: the first encrypts, every one of
them decrypts, so that a key is rotated without a moment in which nothing can be read. What is encrypted names its owner
and purpose, so that a row that was copied onto another opens nothing.
"""

import binascii
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from schemas.errors import DomainError, ErrorKind

_APART = "\0"
"""Stands in no id, purpose or secret."""


class SecretsKeyMissing(DomainError):
    """There is no key to encrypt with."""

    code = "secrets_key_missing"
    kind = ErrorKind.UNAVAILABLE
    advice = "`shelftalk store key` prints a new one: keep it where your other secrets are, and restart with it."

    def __init__(self) -> None:
        super().__init__(
            "SHELFTALK_SECRETS_KEYS is not set, so secrets of stores and users can be neither kept nor read."
        )


class SecretUnreadable(DomainError):
    """A secret was encrypted with a key that is not here."""

    code = "secret_unreadable"
    kind = ErrorKind.UNAVAILABLE
    advice = (
        "Put the key that it was encrypted with back into SHELFTALK_SECRETS_KEYS, behind the present one; or, where it "
        "is lost, connect the store anew, `shelftalk store connect`, or `shelftalk user reset-second-factor`."
    )

    def __init__(self, owner: str, purpose: str) -> None:
        super().__init__(f"No key of SHELFTALK_SECRETS_KEYS opens the secret '{purpose}' of {owner}.")


def new_key() -> str:
    """A key for the setting."""
    return Fernet.generate_key().decode()


class Seal:
    """Encrypts and decrypts.

    Args:
        keys: of the setting; none: every call is refused, so that a process without stores needs no key.

    Raises:
        ValueError: one is no key.
    """

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        try:
            fernets = [Fernet(key.get_secret_value().encode()) for key in keys]
        except (ValueError, binascii.Error):
            raise ValueError(
                "SHELFTALK_SECRETS_KEYS holds what is no key: `shelftalk store key` prints one; several are separated "
                "by commas, the one to encrypt with first"
            ) from None
        self._keys = MultiFernet(fernets) if fernets else None
        self._first = fernets[0] if fernets else None

    def seal(self, owner: str, purpose: str, secret: str) -> bytes:
        """Encrypt a secret with the first key.

        Args:
            owner: the id of the store or user whose it is.

        Raises:
            SecretsKeyMissing: as it says.
        """
        if self._keys is None:
            raise SecretsKeyMissing
        return self._keys.encrypt(_APART.join((owner, purpose, secret)).encode())

    def open(self, owner: str, purpose: str, sealed: bytes) -> str:
        """Decrypt a secret.

        Raises:
            SecretsKeyMissing, SecretUnreadable: as they say.
        """
        if self._keys is None:
            raise SecretsKeyMissing
        try:
            found, whose, secret = self._keys.decrypt(sealed).decode().split(_APART, 2)
        except InvalidToken:
            raise SecretUnreadable(owner, purpose) from None
        if (found, whose) != (owner, purpose):
            raise SecretUnreadable(owner, purpose)
        return secret

    def is_by_first_key(self, sealed: bytes) -> bool:
        """Whether the other keys are not needed for it any more."""
        if self._first is None:
            raise SecretsKeyMissing
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            return False
        return True
