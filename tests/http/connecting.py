"""Stores that are connected, for tests of their webhooks: each with the secrets that it signs with, sealed as usual."""

from collections.abc import Iterable

from cryptography.fernet import Fernet
from pydantic import SecretStr

from activities.connections.sealing import Seal
from activities.connections.shops import Shops
from activities.intake.known_stores import add_store
from activities.postgres.pool import Pool, transaction
from schemas.ids import StoreId
from tests.storefronts.shop import SECRET, SHOP

KEY = SecretStr(Fernet.generate_key().decode())
"""What secrets are sealed with in tests that do not choose a key themselves."""
StoreSecret = tuple[str, str, str]
"""A source, a store of it, and a secret that its webhooks are signed with."""
SHOPIFYS: tuple[StoreSecret, ...] = (("shopify", SHOP, SECRET),)
"""The shop that `Web.webhook` speaks for."""


async def connect_stores(pool: Pool, secrets: Iterable[StoreSecret] = SHOPIFYS, key: SecretStr = KEY) -> None:
    """Connect each store, or give one that is connected a second secret. No platform is asked who it is."""
    shops = Shops(pool, Seal([key]), {})
    for source, store, secret in secrets:
        async with transaction(pool) as connection:
            await add_store(connection, store, source, "test")
            connected = "insert into connections (store_id, source) values ($1, $2) on conflict do nothing"
            await connection.execute(connected, store, source)
            await shops.keep_webhook_secret(connection, StoreId(store), secret)
