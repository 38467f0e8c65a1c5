"""What each store's webhooks are verified by: the secrets that it was connected with, two while one is rotated.

All are read at once and kept for some seconds, so that a call in the name of a store that nobody knows costs no query.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from activities.connections.sealing import Seal
from activities.connections.shops import WEBHOOK
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries

SQL = load_queries("starter.shops", "webhook_secrets.sql")

KEPT_SECONDS = 5.0
"""So soon a store that was connected, or a secret that was taken back, is known to every web process."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    source: str
    store_id: str
    sealed: bytes


class WebhookSecrets:
    """The secrets of stores. For one event loop.

    Args:
        kept_seconds: how old what is known of them may be.
    """

    def __init__(self, pool: Pool, seal: Seal, kept_seconds: float = KEPT_SECONDS) -> None:
        self._pool, self._seal, self._kept_seconds = pool, seal, kept_seconds
        self._sealed: Mapping[tuple[str, str], tuple[bytes, ...]] = {}
        self._opened: dict[tuple[str, bytes], str] = {}
        self._read_at: float | None = None

    async def of(self, source: str, store: str) -> tuple[str, ...]:
        """Those that are good for a store now; none where it is not connected.

        Raises:
            SecretsKeyMissing, SecretUnreadable: as they say; the sender is to try again.
        """
        if self._read_at is None or time.monotonic() - self._read_at > self._kept_seconds:
            await self._read()
        return tuple(self._open(store, each) for each in self._sealed.get((source, store), ()))

    async def _read(self) -> None:
        """The newest of all."""
        read_at = time.monotonic()
        found: dict[tuple[str, str], tuple[bytes, ...]] = {}
        for row in await SQL.webhook_secrets.rows(self._pool, _Sealed):
            found[row.source, row.store_id] = (*found.get((row.source, row.store_id), ()), row.sealed)
        self._sealed, self._read_at = found, read_at
        there = {(store, sealed) for (_, store), each in found.items() for sealed in each}
        self._opened = {which: secret for which, secret in self._opened.items() if which in there}

    def _open(self, store: str, sealed: bytes) -> str:
        if (store, sealed) not in self._opened:
            self._opened[store, sealed] = self._seal.open(store, WEBHOOK, sealed)
        return self._opened[store, sealed]
