"""Publishing other terms looks at what people wait for already."""

from activities.postgres.pool import Pool
from starter.versioning.publishing import publish
from tests.product import Shop, starter_document


async def test_a_lower_threshold_calls_those_who_wait_for_what_is_there(pool: Pool) -> None:
    shop = await Shop.opened(pool, starter_document(quantity_threshold=10))
    await shop.signs_up("a", "b")
    await shop.has("v", 5)
    assert await pool.fetchval("select count(*) from outbox where kind = 'look_again'") == 0
    await publish(pool, starter_document(quantity_threshold=1))
    assert await pool.fetchval("select count(*) from outbox where kind = 'look_again'") == 1
    assert await pool.fetchval("select arrived from episodes") == 5
