"""API keys: 256 random bits each, of which only the SHA-256 is kept."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.responses.keys import KeyReport, Scope

SQL = load_queries("starter.shops", "keys.sql")

PREFIX = "shelftalk_"
USE_PRECISION = timedelta(minutes=5)
"""How exactly the last use of a key is known: a key in use writes once in that time, and not at every request."""


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


LONGEST_NAME = 100
SHORTEST_LIFE = timedelta(minutes=1)


class KeyUseless(DomainError):
    """A key that nobody could name, or that would open nothing: no scope, no store, or it is over within a minute."""

    code = "key_useless"
    kind = ErrorKind.ARGUMENT


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever has a valid key.

    Attributes:
        stores: those that the key is for; None: all.
        use_unnoted: the last use on record is older than `USE_PRECISION`.
    """

    name: str
    scopes: list[Scope]
    stores: list[StoreId] | None
    use_unnoted: bool

    @property
    def actor(self) -> str:
        """As the audit has them."""
        return f"API key '{self.name}'"

    def opens(self, scope: Scope) -> bool:
        """Whether the key is for this."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def is_for(self, store_id: str) -> bool:
        """Whether the key is for this store."""
        return self.stores is None or store_id in self.stores


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a key."""

    hash: bytes


class Keys:
    """The keys that callers of the API identify themselves by."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(
        self,
        name: str,
        by: str,
        scopes: Collection[Scope],
        stores: Collection[StoreId] | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """Make a key. It is shown this once.

        Args:
            by: who makes it, for the audit.
            stores: those it is for; None: all.

        Raises:
            KeyExists, KeyUseless: as they say.
        """
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise KeyUseless(f"A name has 1 to {LONGEST_NAME} characters, all of them visible.")
        if not scopes or (stores is not None and not all(stores)) or stores == ():
            raise KeyUseless("A key needs a scope, and stores that it is for have an id.")
        if expires_at is not None and expires_at < datetime.now(UTC) + SHORTEST_LIFE:
            raise KeyUseless("The key would have expired within a minute.")
        key = PREFIX + secrets.token_urlsafe(32)
        limits = {
            "scopes": sorted(set(scopes)),
            "stores": None if stores is None else sorted(set(stores)),
            "expires_at": expires_at,
        }
        async with transaction(self._pool) as connection:
            if await SQL.add_key.value(connection, name=name, hash=digest(key), **limits) is None:
                raise KeyExists(name)
            until = None if expires_at is None else expires_at.isoformat()
            await write_audit(connection, by, "create key", {"key": name, **limits, "expires_at": until})
        return key

    async def unknown_stores(self, stores: Collection[StoreId]) -> tuple[StoreId, ...]:
        """Those of these stores of which nothing has told so far: not there yet, or written otherwise."""
        return tuple(await SQL.unknown_stores.values(self._pool, stores=sorted(set(stores))))

    async def holder(self, key: str) -> Holder | None:
        """Whose key this is, if it is valid. It is looked up by hash, so response times tell nothing about keys."""
        found = await SQL.key_by_hash.row(self._pool, Holder, hash=digest(key), precision=USE_PRECISION)
        if found is not None and found.use_unnoted:
            await SQL.note_use.run(self._pool, name=found.name, precision=USE_PRECISION)
        return found

    async def valid_digests(self) -> frozenset[bytes]:
        """The digests of all keys that are valid now."""
        return frozenset(row.hash for row in await SQL.valid_digests.rows(self._pool, _Kept))

    async def all(self) -> tuple[KeyReport, ...]:
        """Every key there is or was, the oldest first."""
        return tuple(await SQL.keys.rows(self._pool, KeyReport))

    async def revoke(self, name: str, by: str) -> None:
        """Make a key invalid, for good.

        Raises:
            NoSuchKey: as it says.
        """
        async with transaction(self._pool) as connection:
            if await SQL.revoke_key.value(connection, name=name) is None:
                raise NoSuchKey(name)
            await write_audit(connection, by, "revoke key", {"key": name})


def digest(key: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
