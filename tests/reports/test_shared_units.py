"""What would be told, and what is to be ordered, where several lines wait for the same units."""

from activities.postgres.pool import Pool
from schemas.incoming.facts import VariantFact
from starter.ops.pausing import Pausing
from starter.reporting.reports import Period, Reports
from tests.product import Shop
from tests.reports.shop import BACK, Counter


async def _two_lines_for_three_units(pool: Pool) -> Counter:
    """Three wait for each of two variants of one inventory item, which has three units."""
    shop = await Shop.opened(pool)
    await shop.tells(*(VariantFact(variant_id=each, inventory_item_id="item", quantity=0) for each in ("v", "w")))
    await shop.signs_up("a", "b", "c", for_="v")
    await shop.signs_up("d", "e", "f", for_="w")
    await Pausing(pool).pause(BACK, "test")
    await shop.has("v", 3)
    return Counter.over(pool)


async def test_a_resume_tells_of_units_that_two_lines_share_once(pool: Pool) -> None:
    counter = await _two_lines_for_three_units(pool)
    shown = await Pausing(pool).would_resume(BACK)
    assert shown.told_now == 3
    await Pausing(pool).resume(BACK, "test", shown.at_most)
    assert await counter.looks() == 3


async def test_what_is_to_be_ordered_counts_units_that_two_lines_share_once(pool: Pool) -> None:
    await _two_lines_for_three_units(pool)
    products = (await Reports(pool).wanted(None, Period())).products
    assert sum(row.waiting for row in products) == 6
    assert sum(row.to_order for row in products) == 3
