"""Who was told and did not buy stays until they bought, as often as the alert says."""

from activities.waitlist.staying import keep_in_line
from schemas.ids import JourneyId
from schemas.responses.journeys import JourneyStatus
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.allocation.rules import broken_rules
from tests.product import Product, address, addressees
from tests.story.documents import back, programme

COUNTED = "select coalesce(sum(count), 0)::integer from line_counts where alert_id = 'stay' and what = $1"


async def _comes(product: Product, units: int, *told: JourneyId) -> None:
    """So many units come; once these were told and their journeys are over it is sold out, and who stays is in line."""
    await product.shop.has("v", units)
    await product.at_rest()
    for journey in told:
        await product.until(journey, lambda report: report.ended_at is not None)
    await _nobody_stays_of_what_is_there(product)
    await product.shop.has("v", 0)
    await keep_in_line(product.pool)
    await product.at_rest()
    assert await broken_rules(product.pool) == []


async def _nobody_stays_of_what_is_there(product: Product) -> None:
    """Whatever the dispatcher does meanwhile."""
    before = await product.pool.fetchval("select count(*) from journeys")
    assert await keep_in_line(product.pool) == 0
    assert await product.pool.fetchval("select count(*) from journeys") == before


async def _stays_as(product: Product, journey: JourneyId) -> JourneyId | None:
    return (await product.journeys.show(journey)).stays_as


async def test_who_did_not_buy_is_told_again_behind_those_never_told_until_they_bought_or_were_told_often_enough(
    product: Product,
) -> None:
    await publish(product.pool, programme("stay", back(stay_until_bought=1)))
    await product.shop.sells("v")
    ada, bob = await product.shop.signs_up("ada", "bob", list_code="stay")
    (cy,) = await product.shop.signs_up("cy", list_code="stay")
    await _comes(product, 2, ada, bob)
    again = await _stays_as(product, ada)
    assert again is not None
    first, second = await product.journeys.show(ada), await product.journeys.show(again)
    assert (second.stays_from, second.window_ends_at) == (ada, first.window_ends_at)
    assert (second.status, second.ahead) == (JourneyStatus.WAITING, 1), "cy was never told"
    why = await Why(product.pool).contact(address("ada"), About())
    assert {f"stay in line as {again}" in each.sentence for each in why.entries} == {True, False}
    assert any(f"told before, by {ada}" in each.sentence for each in why.entries)

    await product.shop.buys("bob")
    await _comes(product, 1, cy)
    assert addressees(product.mailbox)[2:] == ["cy"], "who was told comes after who was not"
    late = await _stays_as(product, cy)
    assert late is not None
    await _comes(product, 3, again, late)
    assert sorted(addressees(product.mailbox)[3:]) == ["ada", "cy"], "and bob bought it"
    assert [await _stays_as(product, journey) for journey in (again, late)] == [None, None], "once more was all"
    entered, told = [await product.pool.fetchval(COUNTED, what) for what in ("entered", "told")]
    assert (entered, told) == (3, 5), "who stays wishes for nothing new"


async def test_who_bought_opted_out_or_asked_again_by_themselves_is_not_put_in_line(product: Product) -> None:
    await publish(product.pool, programme("stay", back(stay_until_bought=10)))
    await product.shop.sells("v")
    journeys = await product.shop.signs_up("ada", "bob", "cy", "dan", list_code="stay")
    await product.shop.has("v", 4)
    await product.at_rest()
    for journey in journeys:
        await product.until(journey, lambda report: report.ended_at is not None)
    await product.shop.buys("ada")
    await product.shop.opts_out("bob")
    # The dispatcher looks when it likes: what it is to find is there before the episode is over.
    await product.shop.signs_up("cy", list_code="stay")
    pause = "update contacts set paused_until = now() + interval '1 day' where email = $1"
    await product.pool.execute(pause, address("dan"))
    await product.shop.has("v", 0)
    await keep_in_line(product.pool)
    assert [await _stays_as(product, journey) is not None for journey in journeys] == [False, False, False, True]
    await product.shop.has("v", 9)
    await product.at_rest()
    assert addressees(product.mailbox)[4:] == ["cy"], "and dan, who paused, keeps their place"
