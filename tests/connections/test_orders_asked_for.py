"""Shops that tell nobody of their orders: who bought is known all the same, once, and what it came to."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from structlog.testing import capture_logs

from activities.connections.keeping_true import KeepingTrue
from activities.connections.sealing import Seal
from activities.connections.shops import Shops
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.storefronts.registry import SHOP_APIS
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered
from schemas.attribution import AttributionModel
from schemas.ids import JourneyId, StoreId
from schemas.reasons import Reason
from schemas.responses.connections import ConnectionReport
from schemas.responses.journeys import JourneyReport
from starter.reporting.reports import Period
from starter.reporting.revenue import Revenue
from starter.shops.connection_status import ConnectionStatus
from starter.shops.connections import Connections
from starter.simulated.magento.api import SimulatedMagento
from starter.simulated.prestashop.api import KEY, SimulatedPrestaShop
from starter.versioning.publishing import publish
from tests.product import Product, address, addressees, starter_document

APIS = {api.source: api for api in SHOP_APIS}
BLUE = (
    {"item_id": 1, "product_id": 21, "product_type": "configurable", "qty_ordered": 1},
    {"item_id": 2, "parent_item_id": 1, "product_id": 31, "product_type": "simple", "qty_ordered": 1},
)
"""The lines of one blue mug."""


@dataclass
class Side:
    """A Magento shop with a mug that is sold out, and our side of it."""

    pool: Pool
    shop: SimulatedMagento
    shops: Shops
    store: StoreId

    @property
    def connections(self) -> Connections:
        return Connections(self.pool, self.shops, Intake(self.pool), list(APIS), None)

    async def connect(self) -> None:
        told = {"url": self.shop.url, "token": self.shop.token}
        self.store = StoreId((await self.connections.connect("magento", told, "test")).store)

    async def signs_up(self, name: str) -> JourneyId:
        entered = await Entrances(self.pool).sign_up(address(name), self.store, "31", "test")
        assert isinstance(entered, Entered)
        return entered.journey_id

    async def look(self) -> int:
        """As if the next time had come. What is told to anybody counts for what they buy."""
        await self.pool.execute("update connections set poll_due = now(), orders_due = now()")
        intake = Intake(self.pool, AttributionModel(delivered_days=5))
        return await KeepingTrue(self.pool, self.shops, intake, None).look()

    async def bought(self) -> int:
        return await self.pool.fetchval("select count(distinct order_id) from orders")

    async def status(self) -> ConnectionReport:
        (shown,) = (await ConnectionStatus(self.pool, APIS, None).show(self.store)).stores
        return shown


@pytest.fixture
async def side(pool: Pool) -> AsyncGenerator[Side]:
    shops = Shops(pool, Seal([SecretStr(Fernet.generate_key().decode())]), APIS, private_hosts=True)
    async with SimulatedMagento().serving() as shop:
        shop.add(21, "mug", "configurable", extension_attributes={"configurable_product_links": [31]})
        shop.add(31, "mug-blue", visibility=1)
        shop.salable["mug-blue"] = (0, False)
        side = Side(pool, shop, shops, StoreId(""))
        await side.connect()
        await side.connections.sync(side.store, lambda _done, _total: None, "test")
        yield side
    await shops.aclose()


async def test_an_order_in_a_magento_shop_ends_the_wait_for_it_and_is_revenue_of_who_was_told(
    product: Product, side: Side
) -> None:
    await publish(side.pool, starter_document().model_copy(update={"goal_on": ("bought",)}))
    ann, bob = [await side.signs_up(name) for name in ("ann", "bob")]
    # Magento's times are whole seconds: this one is after the sign-up.
    side.shop.buy(1, address("ann"), *BLUE, at=datetime.now(UTC) + timedelta(seconds=1))
    await side.look()
    assert (await product.until(ann, _has_ended)).reason is Reason.GOAL_REACHED
    side.shop.salable["mug-blue"] = (1, True)
    await side.look()
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob"]
    side.shop.buy(2, address("bob"), *BLUE, at=datetime.now(UTC) + timedelta(seconds=1))
    for _ in range(2):
        await side.look()
    assert (await product.until(bob, _has_ended)).reason is Reason.GOAL_REACHED
    (earned,) = (await Revenue(side.pool).report(None, Period())).currencies
    assert (earned.currency, earned.orders, earned.net) == ("EUR", 2, Decimal("51.00"))
    assert (earned.credited_orders, earned.credited_net) == (1, Decimal("25.50"))


def _has_ended(report: JourneyReport) -> bool:
    return report.ended_at is not None


async def test_an_order_that_is_read_twice_counts_once_and_one_that_is_cancelled_later_does_not(side: Side) -> None:
    now = datetime.now(UTC)
    side.shop.buy(1, address("ann"), *BLUE, at=now)
    for _ in range(3):
        assert await side.look() >= 1
        assert await side.bought() == 1
    assert await side.pool.fetchval("select count(*) from order_totals") == 1
    side.shop.orders[1] |= {"state": "canceled", "updated_at": f"{now + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"}
    await side.look()
    assert await side.pool.fetchval("select array_agg(cancelled) from orders") == [True]


async def test_orders_go_on_where_they_were_whatever_the_shops_clock_and_none_from_before_the_connection_come(
    side: Side,
) -> None:
    now = datetime.now(UTC)
    side.shop.buy(1, address("ann"), *BLUE, at=now - timedelta(hours=1))
    side.shop.buy(2, address("bob"), *BLUE, at=now)
    await side.look()
    assert await side.bought() == 1
    up_to = await side.pool.fetchval("select orders_up_to from connections")
    # Written with a time before the last that is known, as by a transaction that took long.
    side.shop.buy(3, address("cy"), *BLUE, at=up_to - timedelta(minutes=9))
    await side.look()
    assert await side.bought() == 2
    await side.connect()
    side.shop.buy(4, address("dan"), *BLUE, at=up_to + timedelta(seconds=1))
    await side.look()
    assert await side.bought() == 3
    assert await side.pool.fetchval("select orders_up_to from connections") >= up_to


async def test_all_orders_of_one_second_come(side: Side) -> None:
    at = datetime.now(UTC)
    for number in range(250):
        side.shop.buy(number + 1, f"b{number}@example.com", *BLUE, at=at)
    await side.look()
    assert await side.bought() == 250


async def test_where_orders_may_not_be_read_the_status_says_what_to_do_and_the_shop_does_not_fail(side: Side) -> None:
    await publish(side.pool, starter_document())
    await side.signs_up("ann")
    side.shop.lacks_orders = True
    side.shop.buy(1, address("ann"), *BLUE, at=datetime.now(UTC))
    with capture_logs() as logs:
        assert await side.look() == 1, "what is waited for is asked for all the same"
    assert [(each["event"], each["error"]) for each in logs] == [("shop not asked", "access_refused")]
    (problem,) = (await side.status()).problems
    assert "Its orders cannot be read" in problem
    assert "Magento_Sales::actions_view: tick it under System, Integrations" in problem
    assert await side.pool.fetchval("select failing_since from connections") is None
    side.shop.lacks_orders = False
    await side.look()
    shown = await side.status()
    assert shown.problems == ()
    assert shown.orders_asked_at is not None
    assert await side.bought() == 1, "what was ordered meanwhile is not lost"


async def test_who_bought_in_a_prestashop_is_known(side: Side) -> None:
    async with SimulatedPrestaShop().serving() as shop:
        await side.connections.connect("prestashop", {"url": shop.url, "key": KEY}, "test")
        row = {"product_id": "12", "product_attribute_id": "31", "product_quantity": "1"}
        for _ in range(2):
            shop.buy(5, address("ann"), row, at=datetime.now(UTC))
            await side.look()
    rows = await side.pool.fetch("select order_id, product_id, variant_id, cancelled from orders")
    assert [tuple(row) for row in rows] == [("5", "12", "12-31", False)]
    assert await side.pool.fetchval("select total from order_totals") == Decimal("25.5")


async def test_a_shop_whose_webhooks_tell_of_orders_is_not_asked_for_them(side: Side) -> None:
    asked_for = {source for source, api in APIS.items() if api.orders_are_asked_for}
    assert asked_for == {"magento", "prestashop", "woocommerce"}
    await side.pool.execute("update connections set source = 'shopify'")
    assert await side.look() == 0
