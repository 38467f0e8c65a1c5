"""Connecting stores to their platforms, and how each connection is.

What a platform asks for is its own (`ShopApi.questions`); secrets are encrypted before they are kept, and shown to
nobody again.
"""

import secrets as randomness
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.connections.catalogue import Advance, read_catalogue
from activities.connections.shops import ROTATION, SHOP_TROUBLE, WEBHOOK, NotConnected, Shops
from activities.connections.subscribing import PublicAddress, tend_subscriptions, webhook_address
from activities.intake.intake import Intake
from activities.intake.known_stores import add_store
from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.storefronts.shop_api import Access, Introduction, Question, Subscription
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.responses.connections import Connected, Disconnected, Resealed, SecretReport, SubscriptionReport, Synced
from starter.shops.one_catalogue import allow_platform
from starter.shops.platform_answers import ConnectionUseless, checked

SQL = load_queries("starter.shops", "connections.sql")

NO_PUBLIC_URL = (
    "SHELFTALK_PUBLIC_URL is not set, so the platform can send no webhooks here; what is waited for is asked for at "
    "intervals. Set it, restart, and `shelftalk store webhooks STORE`."
)


class UnknownPlatform(DomainError):
    """There is no platform of this name."""

    code = "unknown_platform"
    kind = ErrorKind.ARGUMENT

    def __init__(self, source: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no platform '{source}'; there are: {', '.join(known)}.")


@dataclass(frozen=True, slots=True)
class _Sealed:
    id: int
    store_id: str
    purpose: str
    sealed: bytes


class Connections:
    """What people do with connections. `by`: who does it, for the audit.

    Args:
        sources: every platform whose webhooks are taken.
        public_url: where platforms send their webhooks, as this process was told.
    """

    def __init__(
        self, pool: Pool, shops: Shops, intake: Intake, sources: Sequence[str], public_url: str | None
    ) -> None:
        self._pool, self._shops, self._intake = pool, shops, intake
        self._sources, self._public_address = sources, PublicAddress(pool, public_url)

    def questions(self, source: str) -> Sequence[Question]:
        """What a platform asks for, to be connected.

        Raises:
            UnknownPlatform: as it says.
        """
        api = self._shops.apis.get(source)
        if api is not None:
            return api.questions
        if source not in self._sources:
            raise UnknownPlatform(source, sorted({*self._sources, *self._shops.apis}))
        return (Question("store", "The store's id, as it is to be known here: its domain", pattern=r"[!-~]{1,255}"),)

    async def connect(self, source: str, answers: Mapping[str, str], by: str) -> Connected:
        """Connect a store, or give one that is connected other access. Its API is asked first who it is.

        Args:
            answers: to the platform's questions, by their names.

        Raises:
            UnknownPlatform, ConnectionUseless, FedByAnother, SecretsKeyMissing: as they say; nothing is kept.
            AccessRefused, ShopAway, ShopAnswerOdd: the shop does not let us in; nothing is kept.
        """
        questions = self.questions(source)
        told = checked(questions, answers)
        settings = {each.name: told[each.name] for each in questions if not each.secret}
        secrets = {each.name: told[each.name] for each in questions if each.secret}
        if source not in self._shops.apis:
            made = _new_secret()
            store = settings["store"].lower()
            shop = Introduction(store, store, f"https://{store}", None, made)
            return await self._keep(source, shop, Access({}, {}), by, made_secret=made)
        try:
            api = self._shops.over(source, Access(settings, secrets))
            renewed = await api.renewed(datetime.now(UTC))
            if renewed is not None:
                secrets |= renewed.secrets
            access = Access(settings, secrets, renewed and renewed.ends_at)
            api = self._shops.over(source, access)
        except ValueError as error:
            raise ConnectionUseless(f"{error}") from None
        shop = await api.introduce()
        return await self._keep(source, shop, access, by)

    async def _refuse_another(self, connection: Connection, store_id: StoreId, source: str, access: Access) -> None:
        """Two shops at one address are one store to us, so the second would take the place of the first."""
        kept: Mapping[str, str] = await SQL.settings.value(connection, store_id=store_id, source=source) or {}
        for each in self.questions(source):
            before = kept.get(each.name)
            if each.tells_apart and before is not None and before != access.settings.get(each.name):
                raise ConnectionUseless(
                    f"{store_id} is connected already, with {each.name} {before}. Two shops at one address cannot be "
                    f"told apart: give this one an address of its own, or disconnect that one first."
                )

    async def _keep(
        self, source: str, shop: Introduction, access: Access, by: str, made_secret: str | None = None
    ) -> Connected:
        store_id = StoreId(shop.store_id)
        async with transaction(self._pool) as connection:
            await add_store(connection, store_id, source, by)
            await allow_platform(connection, store_id, source, self._shops.apis)
            await self._refuse_another(connection, store_id, source, access)
            await SQL.connect.run(
                connection,
                store_id=store_id,
                source=source,
                settings=dict(access.settings),
                token_ends_at=access.ends_at,
            )
            await SQL.name_store.run(
                connection,
                store_id=store_id,
                source=source,
                name=shop.name,
                url=shop.front_page,
                currency=shop.currency,
            )
            await self._shops.keep_secrets(connection, store_id, access.secrets)
            if shop.sends:
                # Where the shop names none, its webhooks that are alive are signed with the one that was made before.
                secret = shop.webhook_secret or await self._shops.webhook_secret(connection, store_id)
                await self._shops.keep_webhook_secret(connection, store_id, secret or randomness.token_hex(24))
            else:
                await SQL.forget_secret.run(connection, store_id=store_id, purpose=WEBHOOK)
            await write_audit(connection, by, "connect store", {"store": store_id, "source": source})
        address = webhook_address(await self._public_address.url(), source, store_id) if shop.sends else None
        notes = list(shop.notes)
        found: Sequence[Subscription] = ()
        if address is not None and source in self._shops.apis:
            found, trouble = await self._subscribed(store_id, address)
            notes += trouble
        elif shop.sends and address is None:
            notes.append(NO_PUBLIC_URL)
        return Connected(
            store=store_id,
            source=source,
            name=shop.name,
            currency=shop.currency,
            address=address,
            made_secret=made_secret,
            subscriptions=_reports(found),
            by_hand=shop.by_hand if address else None,
            notes=tuple(notes),
        )

    async def _subscribed(self, store_id: StoreId, address: str) -> tuple[Sequence[Subscription], list[str]]:
        try:
            shop = await self._shops.open(store_id)
            assert shop.webhook_secret is not None, "it was kept with the connection"
            secret = shop.webhook_secret
            tended = await tend_subscriptions(self._pool, self._shops, shop, address, secret, anew=True)
            return tended.found, []
        except SHOP_TROUBLE as error:
            await self._shops.failed(store_id, error)
            return (), [f"Its webhooks could not be subscribed, and are tried again each hour: {error}"]

    async def sync(self, store_id: StoreId, advance: Advance, by: str, *, accept_gone: bool = False) -> Synced:
        """Read a store's whole catalogue and apply it.

        Raises:
            NotConnected, NoShopApi, CatalogueShrank, AccessRefused, ShopAway, ShopAnswerOdd: as they say.
        """
        shop = await self._shops.open(store_id)
        read = await read_catalogue(self._pool, self._intake, shop, advance, accept_gone=accept_gone)
        await write_audit(
            self._pool, by, "sync store", {"store": store_id, "products": read.products, "gone": read.gone}
        )
        return Synced(store=store_id, products=read.products, gone=read.gone)

    async def webhooks(self, store_id: StoreId, by: str) -> tuple[SubscriptionReport, ...]:
        """Ask the platform how a store's subscriptions are, and make again what is missing or switched off.

        Raises:
            NotConnected, NoShopApi, ConnectionUseless, AccessRefused, ShopAway, ShopAnswerOdd: as they say.
        """
        shop = await self._shops.open(store_id)
        address = webhook_address(await self._public_address.url(), shop.source, store_id)
        if address is None:
            raise ConnectionUseless("SHELFTALK_PUBLIC_URL is not set, so the platform can send no webhooks here.")
        if shop.webhook_secret is None:
            return ()
        tended = await tend_subscriptions(self._pool, self._shops, shop, address, shop.webhook_secret)
        if tended.made_again:
            await write_audit(self._pool, by, "subscribe store", {"store": store_id})
        return _reports(tended.found)

    async def rotate(self, store_id: StoreId, secret: str | None, by: str) -> SecretReport:
        """Give a store another secret for its webhooks; the one before counts for a day more.

        Args:
            secret: None: one is made, and the platform is told by whoever asked.

        Raises:
            NotConnected, SecretsKeyMissing, ConnectionUseless: as they say.
        """
        if secret is not None and not 8 <= len(secret.strip()) <= 10_000:
            raise ConnectionUseless("A secret has 8 characters at least.")
        made = None if secret else _new_secret()
        async with transaction(self._pool) as connection:
            if not await self._shops.hold(connection, store_id):
                raise NotConnected(store_id)
            await self._shops.keep_webhook_secret(connection, store_id, made or (secret or "").strip())
            await write_audit(connection, by, "rotate secret of store", {"store": store_id})
        return SecretReport(store=store_id, made_secret=made, old_secret_until=datetime.now(UTC) + ROTATION)

    async def disconnect(self, store_id: StoreId, by: str) -> Disconnected:
        """Speak to a store no more, and forget its secrets; what is known of it stays. Its platform is told if it can.

        Raises:
            NotConnected: as it says.
        """
        unsubscribed = await self._unsubscribed(store_id)
        async with transaction(self._pool) as connection:
            if await SQL.disconnect.value(connection, store_id=store_id) is None:
                raise NotConnected(store_id)
            await write_audit(connection, by, "disconnect store", {"store": store_id})
        return Disconnected(store=store_id, unsubscribed=unsubscribed)

    async def _unsubscribed(self, store_id: StoreId) -> bool:
        try:
            shop = await self._shops.open(store_id)
            address = webhook_address(await self._public_address.url(), shop.source, store_id)
            if address is None:
                return False
            there = await shop.api.subscriptions(address)
            await shop.api.unsubscribe(address)
            return bool(there)
        except NotConnected:
            raise
        except (DomainError, ValueError):
            return False

    async def reseal(self, by: str) -> Resealed:
        """Encrypt anew, with the first key, what another one encrypted. Then the others are not needed any more.

        Raises:
            SecretsKeyMissing, SecretUnreadable: as they say; then nothing is changed.
        """
        seal = self._shops.seal
        async with transaction(self._pool) as connection:
            # Before any secret, as whoever renews a token or gives a store another secret.
            await SQL.hold_all.run(connection)
            await SQL.forget_ended.run(connection)
            rows = [row for row in await SQL.sealed.rows(connection, _Sealed) if not seal.is_by_first_key(row.sealed)]
            for row in rows:
                secret = seal.open(row.store_id, row.purpose, row.sealed)
                await SQL.reseal.run(connection, id=row.id, sealed=seal.seal(row.store_id, row.purpose, secret))
            await write_audit(connection, by, "encrypt secrets anew", {"secrets": len(rows)})
        return Resealed(secrets=len(rows))

    async def aclose(self) -> None:
        """Close what is open to shops."""
        await self._shops.aclose()


def _reports(found: Sequence[Subscription]) -> tuple[SubscriptionReport, ...]:
    now = datetime.now(UTC)
    return tuple(
        SubscriptionReport(topic=each.topic, health=each.health, why=each.why, looked_at=now) for each in found
    )


def _new_secret() -> str:
    """In the form of Standard Webhooks, which the open API is signed by."""
    return f"whsec_{b64encode(randomness.token_bytes(32)).decode()}"
