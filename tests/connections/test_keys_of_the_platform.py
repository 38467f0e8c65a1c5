"""Platforms that make the key of a subscription themselves: it is known from the first webhook on, and once changed."""

from collections.abc import AsyncGenerator

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from activities.connections.keeping_true import KeepingTrue
from activities.connections.sealing import Seal
from activities.connections.shops import Shops
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.storefronts.square.api import SquareApi
from schemas.ids import StoreId
from starter.shops.connections import Connections
from starter.shops.webhook_secrets import WebhookSecrets
from starter.simulated.shops import Square
from starter.simulated.square.api import MERCHANT

PUBLIC_URL = "https://alerts.example"


class Side:
    """Our side of the connection to a merchant of Square."""

    def __init__(self, pool: Pool, square: Square) -> None:
        self._pool, self._square = pool, square
        self._seal = Seal([SecretStr(Fernet.generate_key().decode())])
        self.shops = Shops(pool, self._seal, {SquareApi.source: SquareApi}, private_hosts=True)
        self.connections = Connections(pool, self.shops, Intake(pool), ["square"], PUBLIC_URL)

    async def look(self) -> None:
        await self._pool.execute("update connections set watch_due = now()")
        await KeepingTrue(self._pool, self.shops, Intake(self._pool), PUBLIC_URL).look()

    async def keys(self) -> tuple[str, ...]:
        """What webhooks are verified by."""
        return await WebhookSecrets(self._pool, self._seal).of("square", MERCHANT)


@pytest.fixture
async def square() -> AsyncGenerator[Square]:
    square = Square(3)
    async with square.api.serving():
        yield square


@pytest.fixture
async def side(pool: Pool, square: Square) -> AsyncGenerator[Side]:
    side = Side(pool, square)
    await side.connections.connect("square", square.answers(), "test")
    yield side
    await side.shops.aclose()


async def test_webhooks_of_a_store_that_was_connected_once_are_verified_by_the_key_that_square_made(side: Side) -> None:
    assert "key-1" in await side.keys()


async def test_a_subscription_that_is_made_again_has_another_key_which_counts_beside_the_former(
    side: Side, square: Square
) -> None:
    square.merchant.subscriptions.clear()
    await side.look()
    assert set(await side.keys()) == {"key-1", "key-2"}
    await side.look()
    assert set(await side.keys()) == {"key-1", "key-2"}, "the former is not forgotten by looking again"


async def test_a_key_that_people_change_at_square_is_known_when_they_ask(side: Side, square: Square) -> None:
    square.merchant.subscriptions[0]["signature_key"] = "the key after"
    await side.connections.webhooks(StoreId(MERCHANT), "test")
    assert set(await side.keys()) == {"key-1", "the key after"}


async def test_a_store_that_was_disconnected_meanwhile_learns_no_key(side: Side, square: Square) -> None:
    opened = await side.shops.open(StoreId(MERCHANT))
    square.merchant.subscriptions[0]["signature_key"] = "the key after"
    found = await opened.api.subscriptions(str(square.merchant.subscriptions[0]["notification_url"]))
    await side.connections.disconnect(StoreId(MERCHANT), "test")
    await side.shops.learn_webhook_secret(opened, found)
    assert await side.keys() == ()
