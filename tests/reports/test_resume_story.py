"""Support pauses an alert for a weekend; on Monday as many are told as the question said, and nobody else."""

from activities.postgres.pool import Pool
from starter.ops.pausing import Pausing
from tests.product import Product, addressees
from tests.reports.shop import BACK


async def test_a_resumed_alert_writes_to_as_many_as_it_showed_in_the_order_of_the_line(
    product: Product, pool: Pool
) -> None:
    pausing = Pausing(pool)
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada", "bob", "cy")
    await pausing.pause(BACK, "support")
    await product.shop.signs_up("dee", for_="w")
    await product.shop.has("v", 2)
    await product.shop.has("w", 7)
    await product.settled()
    assert addressees(product.mailbox) == []
    shown = await pausing.would_resume(BACK)
    assert (shown.told_now, shown.held_up, shown.subject_count) == (3, 0, 2)
    await pausing.resume(BACK, "support", at_most=shown.at_most)
    await product.mailbox.wait_for_count(shown.told_now, 30)
    await product.settled()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob", "dee"]
