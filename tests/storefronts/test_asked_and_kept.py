"""What shops' APIs answer, down to what is kept: a catalogue, then what a read-back or an event makes of it."""

from datetime import UTC, datetime, timedelta

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.stock.products import load_product
from activities.storefronts.magento.api import MagentoApi
from activities.storefronts.prestashop.api import PrestaShopApi
from activities.storefronts.shop_api import Access, ShopApi, Watched
from activities.storefronts.shop_http import ShopHttp
from schemas.ids import Level, StoreId
from schemas.incoming.facts import HintFact
from starter.simulated.magento.api import SimulatedMagento
from starter.simulated.prestashop.api import KEY, SimulatedPrestaShop
from tests.storefronts import commerce

STORE = StoreId("shop.example")


async def keep(pool: Pool, api: ShopApi) -> None:
    async for page in api.catalogue():
        await Intake(pool).observe(STORE, api.source, page.facts)


async def look_again(pool: Pool, api: ShopApi, product_id: str) -> None:
    await Intake(pool).observe(STORE, api.source, await api.read_back([Watched(product_id)]))


async def units(pool: Pool, product_id: str) -> dict[str, int]:
    """Units of a product's variants as alerts see them."""
    async with pool.acquire() as connection:
        product = await load_product(connection, STORE, product_id)
    return {id_: product.offer(Level.VARIANT, id_, None).units for id_ in product.variants}


async def test_a_catalogue_of_magento_and_what_comes_after_it_is_one_number(pool: Pool) -> None:
    http = ShopHttp(private_hosts=True)
    async with SimulatedMagento().serving() as shop:
        shop.add(21, "mug", "configurable", extension_attributes={"configurable_product_links": [31, 32]})
        for id_ in (31, 32):
            shop.add(id_, f"mug-{id_}", visibility=1)
            shop.salable[f"mug-{id_}"] = (4, True)
        api = MagentoApi.over(http, Access({"url": shop.url}, {"token": shop.token}))
        await keep(pool, api)
        assert await units(pool, "21") == {"31": 4, "32": 4}
        shop.salable["mug-31"] = (0, False)
        await look_again(pool, api, "21")
        assert await units(pool, "21") == {"31": 0, "32": 4}
        soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        item = commerce.stock_item(product_id="31", qty="6")
        facts = commerce.facts_in(commerce.sent(commerce.event(commerce.STOCK_ITEM, item, time=soon)))
        assert isinstance(facts, tuple)
        assert [each.variant_id for each in facts if isinstance(each, HintFact)] == ["31"]
        await Intake(pool).observe(STORE, "magento", facts)
        assert await units(pool, "21") == {"31": 0, "32": 4}, "of units the event only hints: some may be reserved"
        shop.salable["mug-31"] = (6, True)
        await look_again(pool, api, "21")
        assert await units(pool, "21") == {"31": 6, "32": 4}
        del shop.products[21]
        await look_again(pool, api, "21")
        assert set((await units(pool, "21")).values()) == {0}
    await http.aclose()


async def test_a_catalogue_of_prestashop_and_what_comes_after_it_is_one_number(pool: Pool) -> None:
    http = ShopHttp(private_hosts=True)
    async with SimulatedPrestaShop().serving() as shop:
        shop.add(12, combinations={31: 4, 32: 0})
        shop.add(31, 9)
        api = PrestaShopApi.over(http, Access({"url": shop.url}, {"key": KEY}))
        await keep(pool, api)
        assert await units(pool, "12") == {"12-31": 4, "12-32": 0}
        assert await units(pool, "31") == {"31": 9}
        next(row for row in shop.rows["stock_availables"] if row["id_product_attribute"] == "32")["quantity"] = "5"
        await look_again(pool, api, "12")
        assert await units(pool, "12") == {"12-31": 4, "12-32": 5}
        assert await pool.fetchval("select page_url from products where product_id = '12'") == (
            f"{shop.url}/12-product-12.html"
        )
    await http.aclose()
