"""Nearly gone: told when the quantity crosses the threshold while they watch; not at zero, not again and again."""

from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.product import Product, addressees
from tests.story.conftest import Meanwhile
from tests.story.documents import nearly_gone, programme


async def test_falling_to_three_tells_everyone_who_watches_once(product: Product) -> None:
    await publish(product.pool, programme("few", nearly_gone(3)))
    await product.shop.sells("v", units=10)
    await product.shop.carts("ada", "bob")
    await product.shop.has("v", 4)
    await product.at_rest()
    assert addressees(product.mailbox) == []
    for units in (3, 2, 1, 5, 3):
        await product.shop.has("v", units)
        await product.at_rest()
        assert sorted(addressees(product.mailbox)) == ["ada", "bob"]


async def test_sold_out_in_one_step_is_not_low_and_two_that_come_back_are(product: Product) -> None:
    await publish(product.pool, programme("few", nearly_gone(3)))
    await product.shop.sells("v", units=10)
    await product.shop.carts("ada")
    await product.shop.sells("v", units=0)
    await product.at_rest()
    assert addressees(product.mailbox) == []
    await product.shop.sells("v", units=2)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]


async def test_who_comes_when_few_are_left_is_told_only_after_there_were_more(product: Product) -> None:
    await publish(product.pool, programme("few", nearly_gone(3)))
    await product.shop.sells("v", units=3)
    await product.shop.carts("ada")
    await product.shop.sells("v", units=2)
    await product.at_rest()
    assert addressees(product.mailbox) == []
    await product.shop.sells("v", units=4)
    await product.shop.sells("v", units=3)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]


async def test_a_changed_threshold_counts_for_later_events_only(product: Product) -> None:
    await publish(product.pool, programme("few", nearly_gone(3)))
    await product.shop.sells("v", units=10)
    await product.shop.carts("ada")
    await publish(product.pool, programme("few", nearly_gone(6)))
    await product.shop.carts("bob")
    await product.shop.sells("v", units=5)
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob"]
    await product.shop.sells("v", units=3)
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob", "ada"]


async def test_more_that_came_in_before_the_mail_hold_it_back_until_the_next_crossing(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens(programme("few", nearly_gone(3)))
    await meanwhile.shop.sells("v", units=10)
    (ada,) = await meanwhile.shop.carts("ada")
    await meanwhile.shop.sells("v", units=2)
    assert await meanwhile.calls_forward() == 1
    await meanwhile.shop.sells("v", units=30)
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == []
        refused = await product.pool.fetchval("select outcome ->> 'reason' from sends where journey_id = $1", ada)
        assert refused == Reason.NOT_LOW_ANY_MORE
        await product.shop.sells("v", units=3)
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]


async def test_who_bought_it_lately_does_not_watch_it(product: Product) -> None:
    await publish(product.pool, programme("few", nearly_gone(3, not_if_bought_within="30 days")))
    await product.shop.sells("v", units=10)
    await product.shop.buys("ada")
    assert await product.shop.carts("ada") == []
    await product.shop.carts("bob", "cy")
    await product.shop.buys("cy")
    await product.shop.sells("v", units=1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob"]
