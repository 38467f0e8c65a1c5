"""API keys: 256 random bits each, of which only the SHA-256 is kept."""

import hashlib
import secrets

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.responses.keys import KeyReport

SQL = load_queries("starter.shops", "keys.sql")

PREFIX = "shelftalk_"


class KeyExists(DomainError):
    """A key of this name exists, or existed and was revoked; names are not used twice."""

    code = "key_exists"
    kind = ErrorKind.CONFLICT

    def __init__(self, name: str) -> None:
        super().__init__(f"There is, or was, an API key '{name}'; names are not used twice.")


class NoSuchKey(DomainError):
    """There is no key of this name, or it was revoked."""

    code = "no_such_key"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk key list` shows them."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no valid API key '{name}'.")


class Keys:
    """The keys that callers of the API identify themselves by."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, name: str) -> str:
        """Make a key. It is shown this once.

        Raises:
            KeyExists: as it says.
        """
        key = PREFIX + secrets.token_urlsafe(32)
        if await SQL.add_key.value(self._pool, name=name, hash=_digest(key)) is None:
            raise KeyExists(name)
        return key

    async def holder(self, key: str) -> str | None:
        """The name of a key, if it is valid. It is looked up by hash, so response times tell nothing about keys."""
        return await SQL.key_by_hash.value(self._pool, hash=_digest(key))

    async def all(self) -> tuple[KeyReport, ...]:
        """Every key there is or was, the oldest first."""
        return tuple(await SQL.keys.rows(self._pool, KeyReport))

    async def revoke(self, name: str) -> None:
        """Make a key invalid, for good.

        Raises:
            NoSuchKey: as it says.
        """
        if await SQL.revoke_key.value(self._pool, name=name) is None:
            raise NoSuchKey(name)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
