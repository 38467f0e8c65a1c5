"""API keys: 256 random bits each, of which only the SHA-256 is kept."""

import hashlib
import secrets

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.responses.keys import KeyReport

SQL = load_queries("starter.support", "journeys.sql")

PREFIX = "shelftalk_"


class KeyExists(DomainError):
    """A key of this name exists, or existed and was revoked; names are not used twice."""

    code = "key_exists"
    kind = ErrorKind.CONFLICT

    def __init__(self, name: str) -> None:
        super().__init__(f"There is, or was, an API key '{name}'; names are not used twice.")


class NoSuchKey(DomainError):
    """No key of this name opens anything."""

    code = "no_such_key"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk key list` shows them."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no valid API key '{name}'.")


class Keys:
    """The keys that open the API."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, name: str) -> str:
        """Make a key. It is shown this once.

        Raises:
            KeyExists: as it says.
        """
        key = PREFIX + secrets.token_urlsafe(32)
        if await self._pool.fetchval(SQL["add_key"], name, _digest(key)) is None:
            raise KeyExists(name)
        return key

    async def holder(self, key: str) -> str | None:
        """The name of a valid key. Looked up by hash: comparing time tells nothing about the key."""
        return await self._pool.fetchval(SQL["key_by_hash"], _digest(key))

    async def all(self) -> tuple[KeyReport, ...]:
        return tuple(KeyReport.model_validate(dict(row)) for row in await self._pool.fetch(SQL["keys"]))

    async def revoke(self, name: str) -> None:
        """Let a key open nothing any more, for good.

        Raises:
            NoSuchKey: as it says.
        """
        if await self._pool.fetchval(SQL["revoke_key"], name) is None:
            raise NoSuchKey(name)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
