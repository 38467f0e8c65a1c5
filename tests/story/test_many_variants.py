"""A product of thousands of variants: a level of one concerns that one, unless the product is watched as a whole."""

import json

from activities.intake.intake import Intake
from activities.postgres.pool import Pool, open_pool
from activities.stock.products import SQL, load_changing, load_product
from schemas.ids import Level
from starter.versioning.publishing import publish
from tests.product import STORE, Shop, starter_document, subject

MANY = 2000


async def _shop(pool: Pool, level: Level) -> Shop:
    await publish(pool, starter_document(level=level))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v", "w")
    await _sells_many(pool)
    await pool.execute("analyze variants")
    return shop


async def _sells_many(pool: Pool) -> None:
    await pool.execute(
        "insert into variants (store_id, variant_id, product_id, inventory_item_id, title, policy) "
        "select $1, 'v-' || n, 'p', 'item-v-' || n, '', 'deny' from generate_series(1, $2::int) n",
        STORE,
        MANY,
    )


async def test_a_level_of_one_variant_reads_that_variant_alone(pool: Pool) -> None:
    shop = await _shop(pool, Level.VARIANT)
    async with pool.acquire() as connection:
        assert set((await load_changing(connection, STORE, "p", ["item-v"])).variants) == {"v"}
    given = {"store_id": STORE, "product_id": "p", "items": ["item-v"]}
    query = SQL.part_of_product
    plan = json.loads(await pool.fetchval(f"explain (format json) {query.sql}", *query.arguments(given)))
    assert "variants_by_item" in json.dumps(plan)
    await shop.signs_up("ada")
    await shop.has("v", 2)
    assert await pool.fetch("select subject, available, arrived from episodes") == [("variant/v", 2, 2)]
    await shop.has("v", 0)
    assert await pool.fetchval("select closed_at is not null from episodes")


async def test_a_product_that_is_watched_as_a_whole_is_summed_over_all_its_variants(pool: Pool) -> None:
    shop = await _shop(pool, Level.PRODUCT)
    await shop.has("v", 2)
    await shop.has("w", 3)
    assert await pool.fetch("select subject, available, arrived from episodes") == [("product/p", 5, 5)]
    await shop.has("v", 1)
    assert await pool.fetch("select available, arrived from episodes") == [(4, 4)]
    async with pool.acquire() as connection:
        known = await load_changing(connection, STORE, "p", ["item-v"])
        whole = await load_product(connection, STORE, "p")
    assert set(known.variants) == {"v"}
    assert known.offer(Level.PRODUCT, "p", None).units == whole.offer(Level.PRODUCT, "p", None).units == 4


async def test_a_level_of_one_reads_no_other_though_the_product_is_watched_as_a_whole(database_url: str) -> None:
    pool = await open_pool(database_url, 1)  # One session, whose figures are there once it is asked for them.
    shop = await _shop(pool, Level.PRODUCT)
    await shop.has("v", 2)
    await pool.execute("analyze")
    before = await _rows_read(pool)
    for units in (3, 0, 5, 1):
        await shop.has("v", units)
    assert await _rows_read(pool) - before < MANY
    await pool.close()


async def test_a_session_that_knew_the_shop_when_it_was_small_reads_no_more_of_it_now(database_url: str) -> None:
    """Sessions keep their plans until PostgreSQL has counted a table anew, which takes a minute and more."""
    pool = await open_pool(database_url, 1)
    await publish(pool, starter_document(level=Level.PRODUCT))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v", "w")
    for units in range(12):
        await shop.has("v", units % 3)
    await _sells_many(pool)
    before = await _rows_read(pool)
    for units in (3, 0, 5, 1):
        await shop.intake.set_stock(subject("v"), "warehouse", units, None, "test")
    assert await _rows_read(pool) - before < MANY
    await pool.close()


async def _rows_read(pool: Pool) -> int:
    await pool.execute("select pg_stat_force_next_flush()")
    return int(
        await pool.fetchval(
            "select sum(idx_tup_read) + (select seq_tup_read from pg_stat_user_tables where relname = 'variants') "
            "from pg_stat_user_indexes where relname in ('variants', 'stock', 'supplies')"
        )
    )
