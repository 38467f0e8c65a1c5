"""What storefronts send, and how they send it: merged, doubled, out of order, missing, and for the first time."""

from datetime import timedelta

from activities.intake.intake import Intake
from schemas.incoming.facts import ProductFact, VariantFact
from schemas.reasons import Reason
from starter.runtime.schedules import RECONCILIATION
from tests.http.conftest import web_over
from tests.http.web import NOON, level_message, product_message
from tests.product import STORE, Product, addressees
from tests.story.conftest import Meanwhile

LEVELS, PRODUCTS = "inventory_levels/update", "products/update"


async def test_ten_that_came_and_went_between_two_webhooks_tell_nobody_and_cost_nobody_their_place(
    product: Product,
) -> None:
    async with web_over(product.pool, product.client) as web:
        await web.webhook(PRODUCTS, product_message())
        for name in ("ada", "bob", "cy"):
            await web.sign_up(f"{name}@example.com")
        for minutes in (1, 1.1):  # set off by 10 and by 0; by the time they were made, both said 0
            await web.webhook(LEVELS, level_message(0, minutes))
        await product.at_rest()
        assert addressees(product.mailbox) == []
        await web.webhook(LEVELS, level_message(2, 2))
        await product.at_rest()
        assert sorted(addressees(product.mailbox)) == ["ada", "bob"]


async def test_a_webhook_that_comes_twice_tells_no_second_person(product: Product) -> None:
    async with web_over(product.pool, product.client) as web:
        await web.webhook(PRODUCTS, product_message())
        for name in ("ada", "bob", "cy"):
            await web.sign_up(f"{name}@example.com")
        for _ in range(2):
            await web.webhook(LEVELS, level_message(1, 1), webhook_id="the-same")
        await web.webhook(LEVELS, level_message(1, 1), webhook_id="sent-anew")
        await web.webhook(PRODUCTS, product_message(1, units=1))
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]


async def test_an_old_webhook_that_comes_late_brings_no_units_back(product: Product) -> None:
    async with web_over(product.pool, product.client) as web:
        await web.webhook(PRODUCTS, product_message())
        for name in ("ada", "bob", "cy"):
            await web.sign_up(f"{name}@example.com")
        await web.webhook(LEVELS, level_message(0, 5))
        await web.webhook(LEVELS, level_message(9, 3))
        await web.webhook(PRODUCTS, product_message(4, units=9))
        await product.at_rest()
        assert addressees(product.mailbox) == []
        await web.webhook(LEVELS, level_message(1, 7))
        await web.webhook(LEVELS, level_message(0, 6))
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]
        assert await web.units() == 1


async def test_a_level_that_comes_before_its_product_is_not_lost(product: Product) -> None:
    async with web_over(product.pool, product.client) as web:
        await web.webhook(LEVELS, level_message(2, 1))
        await web.webhook(PRODUCTS, product_message(1, units=2))
        for name in ("ada", "bob", "cy"):
            await web.sign_up(f"{name}@example.com")
        await product.at_rest()
        assert await web.units() == 2
        assert sorted(addressees(product.mailbox)) == ["ada", "bob"]


async def test_the_first_webhook_ever_tells_those_who_waited_before_it(product: Product) -> None:
    by_hand = ProductFact(
        product_id="21",
        title="Mug",
        on_sale=True,
        variants=(VariantFact(variant_id="31"),),
        observed_at=NOON - timedelta(days=1),
    )
    async with web_over(product.pool, product.client) as web:
        await Intake(product.pool).observe(STORE, "api", [by_hand])
        for name in ("ada", "bob"):
            await web.sign_up(f"{name}@example.com")
        await web.webhook(PRODUCTS, product_message(units=1))
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]


async def test_webhooks_missed_in_an_outage_are_made_up_for_by_the_next_one(product: Product) -> None:
    """The shop says how many there are, and what that means is decided by how many we knew of: none."""
    async with web_over(product.pool, product.client) as web:
        await web.webhook(PRODUCTS, product_message())
        for name in ("ada", "bob", "cy"):
            await web.sign_up(f"{name}@example.com")
        # Five came in, and nobody could reach us; what comes through is that one of them was sold.
        await web.webhook(LEVELS, level_message(4, 30))
        await product.at_rest()
        assert sorted(addressees(product.mailbox)) == ["ada", "bob", "cy"]


async def test_what_came_in_while_nothing_of_ours_ran_is_told_when_it_runs_again(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens()
    await meanwhile.shop.sells("v")
    await meanwhile.shop.signs_up("ada", "bob")
    await meanwhile.shop.has("v", 1)
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]


async def test_units_that_nobody_looked_at_are_found_by_the_reconciliation(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens()
    await meanwhile.shop.sells("v")
    (ada,) = await meanwhile.shop.signs_up("ada")
    await meanwhile.shop.has("v", 1)
    await meanwhile.pool.execute("delete from outbox")
    async with meanwhile.writes(document) as product:
        report = await RECONCILIATION.run_now(product.client, product.settings.temporal_task_queue, timedelta(0))
        assert (report.started, report.looks) == (1, 1)
        await product.at_rest()
        told = await product.journeys.show(ada)
        assert told.told_at is not None
        assert told.reason is not Reason.NOT_NEXT_IN_LINE
