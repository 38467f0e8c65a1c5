"""Shops that send nothing, from the first question to the alert: connected, read, waited for, and asked again."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from activities.connections.keeping_true import KeepingTrue
from activities.connections.sealing import Seal
from activities.connections.shops import Shops
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.storefronts.registry import SHOP_APIS
from activities.waitlist.entrances import Entrances
from schemas.ids import StoreId
from schemas.responses.connections import Connected
from starter.shops.connections import Connections, ConnectionUseless
from starter.shops.webhook_secrets import WebhookSecrets
from starter.simulated.magento.api import SimulatedMagento
from starter.simulated.prestashop.api import KEY, SimulatedPrestaShop
from starter.versioning.publishing import publish
from tests.product import address, starter_document
from tests.storefronts.commerce import EVENTS_SECRET, WEBHOOKS_SECRET

APIS = {api.source: api for api in SHOP_APIS}


@dataclass
class Side:
    """Our side of connections to shops of any platform."""

    pool: Pool
    seal: Seal
    shops: Shops

    @property
    def connections(self) -> Connections:
        return Connections(self.pool, self.shops, Intake(self.pool), list(APIS), "https://alerts.example")

    async def connect(self, source: str, answers: Mapping[str, str]) -> Connected:
        """A connected store whose catalogue is known."""
        await publish(self.pool, starter_document())
        done = await self.connections.connect(source, answers, "test")
        await self.connections.sync(StoreId(done.store), lambda _done, _total: None, "test")
        return done

    async def look(self) -> None:
        await KeepingTrue(self.pool, self.shops, Intake(self.pool), "https://alerts.example").look()

    async def arrived(self, variant: str) -> list[int]:
        """The units of each episode of what somebody waits for."""
        rows = await self.pool.fetch(
            "select arrived from episodes where subject = 'variant/' || $1 order by id", variant
        )
        return [row["arrived"] for row in rows]


@pytest.fixture
async def side(pool: Pool) -> AsyncGenerator[Side]:
    seal = Seal([SecretStr(Fernet.generate_key().decode())])
    shops = Shops(pool, seal, APIS, private_hosts=True)
    yield Side(pool, seal, shops)
    await shops.aclose()


async def test_what_is_back_in_a_magento_shop_arrives_for_who_waits(side: Side) -> None:
    async with SimulatedMagento().serving() as shop:
        shop.add(21, "mug", "configurable", extension_attributes={"configurable_product_links": [31]})
        shop.add(31, "mug/blue", visibility=1)
        shop.salable["mug/blue"] = (0, False)
        done = await side.connect("magento", {"url": shop.url, "token": shop.token})
        assert (done.name, done.currency, done.subscriptions) == ("Mugs", "EUR", ())
        await Entrances(side.pool).sign_up(address("ann"), StoreId(done.store), "31", "test")
        shop.salable["mug/blue"] = (4.5, True)
        await side.look()
        assert await side.arrived("31") == [4]


async def test_what_is_back_in_a_prestashop_arrives_for_who_waits(side: Side) -> None:
    async with SimulatedPrestaShop().serving() as shop:
        shop.add(12, combinations={31: 0, 32: 5})
        done = await side.connect("prestashop", {"url": shop.url, "key": KEY})
        assert (done.name, done.currency, done.subscriptions) == ("Mugs", "EUR", ())
        await Entrances(side.pool).sign_up(address("ann"), StoreId(done.store), "12-31", "test")
        next(row for row in shop.rows["stock_availables"] if row["id_product_attribute"] == "31")["quantity"] = "3"
        await side.look()
        assert await side.arrived("12-31") == [3]


async def test_the_keys_of_adobe_commerce_are_what_its_webhooks_are_verified_by(side: Side) -> None:
    keys = WEBHOOKS_SECRET + EVENTS_SECRET
    async with SimulatedMagento().serving() as shop:
        done = await side.connect("magento", {"url": shop.url, "token": shop.token, "keys": keys})
        assert await WebhookSecrets(side.pool, side.seal).of("magento", done.store) == (keys.strip(),)
        with pytest.raises(ConnectionUseless, match="keys:"):
            await side.connect("magento", {"url": shop.url, "token": shop.token, "keys": "no key"})
