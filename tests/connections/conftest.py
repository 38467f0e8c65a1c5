"""A simulated shop at an address of this machine, and the services that speak to it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from activities.connections.keeping_true import KeepingTrue
from activities.connections.sealing import Seal
from activities.connections.shops import Shops
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.responses.connections import Connected
from starter.shops.connection_status import ConnectionStatus
from starter.shops.connections import Connections
from starter.shops.webhook_secrets import WebhookSecrets
from tests.simulated.shop_api import NAME, PASSWORD, SimulatedShop, SimulatedShopApi

PUBLIC_URL = "https://alerts.example"
STORE = StoreId(NAME)
APIS = {SimulatedShopApi.source: SimulatedShopApi}


@dataclass
class Side:
    """Our side of the connection, and the shop."""

    pool: Pool
    shop: SimulatedShop
    keys: list[SecretStr] = field(default_factory=lambda: [SecretStr(Fernet.generate_key().decode())])
    opened: list[Shops] = field(default_factory=list[Shops])

    @property
    def seal(self) -> Seal:
        return Seal(self.keys)

    @property
    def shops(self) -> Shops:
        """As a process has them; each has its own."""
        self.opened.append(Shops(self.pool, self.seal, APIS, private_hosts=True))
        return self.opened[-1]

    @property
    def connections(self) -> Connections:
        return Connections(self.pool, self.shops, Intake(self.pool), ["simulated", "plain"], PUBLIC_URL)

    @property
    def status(self) -> ConnectionStatus:
        return ConnectionStatus(self.pool, APIS, PUBLIC_URL)

    @property
    def keeping_true(self) -> KeepingTrue:
        return KeepingTrue(self.pool, self.shops, Intake(self.pool), PUBLIC_URL)

    async def webhook_secrets(self, source: str = "simulated", store: str = NAME) -> tuple[str, ...]:
        return await WebhookSecrets(self.pool, self.seal).of(source, store)

    async def connect(self, **answers: str) -> Connected:
        told = {"url": self.shop.url, "password": PASSWORD} | answers
        return await self.connections.connect("simulated", told, "test")

    async def units(self) -> dict[str, int]:
        """What is known of each product that is not gone."""
        rows = await self.pool.fetch(
            "select v.product_id, v.elsewhere + coalesce((select sum(available) from stock s "
            "where s.store_id = v.store_id and s.inventory_item_id = v.inventory_item_id), 0) as units "
            "from variants v join products p using (store_id, product_id) where p.discontinued_at is null"
        )
        return {row["product_id"]: int(row["units"]) for row in rows}


@pytest.fixture
async def side(pool: Pool) -> AsyncGenerator[Side]:
    """A shop with three products."""
    async with SimulatedShop(units={"a": 3, "b": 0, "c": 7}).served() as shop:
        side = Side(pool, shop)
        yield side
        for shops in side.opened:
            await shops.aclose()
