"""The APIs of connected stores, opened with their secrets.

Tokens that end are renewed on the way, by one process at a time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from activities.connections.sealing import Seal, SecretUnreadable
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.storefronts.registry import SHOP_APIS
from activities.storefronts.shop_api import Access, Renewed, ShopApi, Subscription
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopAway, ShopHttp
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.settings import Settings

SQL = load_queries("activities.connections", "shops.sql")

ROTATION = timedelta(days=1)
"""A platform may sign with the old secret for an hour, and sends again for hours what was not taken."""
WEBHOOK = "webhook"
"""The purpose of a secret that webhooks are verified by."""
RENEWED_BEFORE = timedelta(minutes=5)
"""A token that ends sooner is renewed before it is used."""
RENEWAL_SECONDS = 30.0
"""A shop that takes longer is away."""
LEASE_SECONDS = 40.0
"""So long one process has the renewing of a token to itself: longer than it may take, should it be killed meanwhile."""
LOOKED_EVERY_SECONDS = 0.25
"""By those who wait for another to renew a token that has ended."""
SHOP_TROUBLE = (ShopAway, AccessRefused, ShopAnswerOdd)
"""What a shop's API may come to; each says why in words for people."""


class NotConnected(DomainError):
    """The store's platform is not spoken to."""

    code = "not_connected"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk store status` shows the stores that are; `shelftalk store connect` connects one."

    def __init__(self, store_id: str, why: str | None = None) -> None:
        super().__init__(f"{store_id} is not connected{f' any more: {why}' if why else ''}.")


class NoShopApi(DomainError):
    """The platform of this store has no API that is asked; its webhooks are all there is."""

    code = "no_shop_api"
    kind = ErrorKind.CONFLICT

    def __init__(self, source: str) -> None:
        super().__init__(f"Stores of '{source}' tell by webhook alone: there is nothing to ask them.")


@dataclass(frozen=True, slots=True)
class _Row:
    source: str
    settings: dict[str, str]
    token_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Sealed:
    purpose: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A store whose API can be asked.

    Attributes:
        http: what its API is called by.
        webhook_secret: what its webhooks are to be signed with.
    """

    store_id: StoreId
    source: str
    api: ShopApi
    http: ShopHttp = field(repr=False)
    webhook_secret: str | None = field(repr=False)


async def _ask_for_tokens(api: ShopApi) -> Renewed | None:
    try:
        async with asyncio.timeout(RENEWAL_SECONDS):
            return await api.renewed(datetime.now(UTC))
    except TimeoutError:
        raise ShopAway(f"it did not renew the token within {RENEWAL_SECONDS:g} seconds") from None


def _lasts(row: _Row) -> bool:
    return row.token_ends_at is None or row.token_ends_at - datetime.now(UTC) > RENEWED_BEFORE


class Shops:
    """Opens the APIs of connected stores. For one event loop.

    Args:
        apis: by source.
        private_hosts: they may be inside private networks.
        ca_file: trust the authorities in this PEM file instead of the system's.
    """

    def __init__(
        self,
        pool: Pool,
        seal: Seal,
        apis: Mapping[str, type[ShopApi]],
        *,
        private_hosts: bool = False,
        ca_file: Path | None = None,
    ) -> None:
        self.apis, self.seal = apis, seal
        self._pool = pool
        self._private_hosts, self._ca_file = private_hosts, ca_file
        self._http: dict[tuple[str, str], ShopHttp] = {}

    @classmethod
    def from_settings(cls, pool: Pool, settings: Settings) -> Self:
        """As the settings describe them: of every platform there is.

        Raises:
            ValueError: a key to encrypt with is none.
        """
        apis = {api.source: api for api in SHOP_APIS}
        return cls(pool, Seal(settings.secrets_keys), apis, private_hosts=settings.webhook_private_hosts)

    def over(self, source: str, access: Access, store_id: str = "") -> ShopApi:
        """An API that nothing is known of yet: who its shop is will be asked.

        Args:
            store_id: calls of one store share their pace; of those that are being connected all of a platform do.

        Raises:
            NoShopApi: as it says.
            ValueError: a setting is of no use; the text names it.
        """
        api = self.apis.get(source)
        if api is None:
            raise NoShopApi(source)
        if (source, store_id) not in self._http:
            self._http[source, store_id] = ShopHttp(
                calls=api.limits.calls, private_hosts=self._private_hosts, ca_file=self._ca_file
            )
        return api.over(self._http[source, store_id], access)

    async def open(self, store_id: StoreId) -> OpenShop:
        """The API of a connected store, its token good for some minutes.

        Raises:
            NotConnected, NoShopApi, SecretsKeyMissing, SecretUnreadable: as they say.
            AccessRefused, ShopAway, ShopAnswerOdd: the token cannot be renewed.
        """
        row = await SQL.connection.row(self._pool, _Row, store_id=store_id)
        if row is None:
            raise NotConnected(store_id)
        opened = await self._opened(self._pool, store_id, row)
        if _lasts(row):
            return opened
        until = datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)
        while datetime.now(UTC) < until:
            lease: datetime | None = await SQL.begin_renewing.value(
                self._pool, store_id=store_id, token_ends_at=row.token_ends_at, lasts=timedelta(seconds=LEASE_SECONDS)
            )
            if lease is not None:
                return await self._renewed(opened, row, lease)
            row = await SQL.connection.row(self._pool, _Row, store_id=store_id)
            if row is None:
                raise NotConnected(store_id)
            if _lasts(row) or (row.token_ends_at is not None and row.token_ends_at > datetime.now(UTC)):
                # Another process has renewed it, or is about to, and it is good until then.
                return await self._opened(self._pool, store_id, row)
            await asyncio.sleep(LOOKED_EVERY_SECONDS)
        raise ShopAway(f"another process did not renew the token within {LEASE_SECONDS:g} seconds")

    async def _renewed(self, shop: OpenShop, row: _Row, lease: datetime) -> OpenShop:
        """Renew the token of a shop, and keep it before it is used. No row is held while the shop is asked."""
        kept = False
        try:
            renewed = await _ask_for_tokens(shop.api)
            if renewed is None:
                return shop
            async with transaction(self._pool) as connection:
                await self.hold(connection, shop.store_id)
                kept = bool(
                    await SQL.renewed.value(
                        connection, store_id=shop.store_id, token_ends_at=renewed.ends_at, renewed_until=lease
                    )
                )
                if kept:
                    await self.keep_secrets(connection, shop.store_id, renewed.secrets)
        finally:
            if not kept:
                await SQL.not_renewed.run(self._pool, store_id=shop.store_id, renewed_until=lease)
        if kept:
            return await self._opened(self._pool, shop.store_id, _Row(row.source, row.settings, renewed.ends_at))
        return await self.open(shop.store_id)  # it was connected anew meanwhile, or is not any more

    async def hold(self, connection: Connection, store_id: StoreId) -> bool:
        """Whether a store is connected; its connection is held until the end of the transaction.

        Whoever writes its secrets holds it first.
        """
        return await SQL.hold.value(connection, store_id=store_id) is not None

    async def keep_secrets(self, connection: Connection, store_id: StoreId, secrets: Mapping[str, str]) -> None:
        """Encrypt and keep secrets in place of those of the same purpose.

        Raises:
            SecretsKeyMissing: as it says.
        """
        for purpose, secret in secrets.items():
            sealed = self.seal.seal(store_id, purpose, secret)
            await SQL.keep_secret.run(connection, store_id=store_id, purpose=purpose, sealed=sealed)

    async def webhook_secret(self, connection: Connection, store_id: StoreId) -> str | None:
        """What a store's webhooks are verified by; None: nothing, or it cannot be read any more."""
        sealed = await SQL.secrets.rows(connection, _Sealed, store_id=store_id)
        try:
            return next(
                (self.seal.open(store_id, WEBHOOK, each.sealed) for each in sealed if each.purpose == WEBHOOK), None
            )
        except SecretUnreadable:
            return None

    async def keep_webhook_secret(self, connection: Connection, store_id: StoreId, secret: str) -> None:
        """Encrypt and keep it; the one before counts for a day more, where it can be read.

        Raises:
            SecretsKeyMissing: as it says.
        """
        before = await self.webhook_secret(connection, store_id)
        if before == secret:
            return
        # At most two count: what was ending before ends now.
        await SQL.forget_ending.run(connection, store_id=store_id, purpose=WEBHOOK)
        if before is not None:
            await SQL.end_secret.run(connection, store_id=store_id, purpose=WEBHOOK, overlap=ROTATION)
        await self.keep_secrets(connection, store_id, {WEBHOOK: secret})

    async def learn_webhook_secret(self, shop: OpenShop, found: Sequence[Subscription]) -> None:
        """Verify by what the platform signs these subscriptions with, where it makes that itself and tells it.

        Raises:
            SecretsKeyMissing: as it says.
        """
        made = next((each.secret for each in found if each.secret), None)
        if made is None or made == shop.webhook_secret:
            return
        async with transaction(self._pool) as connection:
            if await self.hold(connection, shop.store_id):
                await self.keep_webhook_secret(connection, shop.store_id, made)

    async def answered(self, store_id: StoreId) -> None:
        """Put on record that its API answers."""
        await SQL.answered.run(self._pool, store_id=store_id)

    async def failed(self, store_id: StoreId, error: DomainError) -> None:
        """Put on record that it does not, why, and what to do."""
        await SQL.failed.run(self._pool, store_id=store_id, why=f"{error} {error.advice}".strip())

    async def aclose(self) -> None:
        """Close what is open."""
        for http in self._http.values():
            await http.aclose()

    async def _opened(self, on: Pool | Connection, store_id: StoreId, row: _Row) -> OpenShop:
        sealed = await SQL.secrets.rows(on, _Sealed, store_id=store_id)
        secrets = {each.purpose: self.seal.open(store_id, each.purpose, each.sealed) for each in sealed}
        webhook = secrets.pop(WEBHOOK, None)
        access = Access(row.settings, secrets, row.token_ends_at)
        api = self.over(row.source, access, store_id)
        return OpenShop(store_id, row.source, api, self._http[row.source, store_id], webhook)
